// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the messages of all events have in common: the event's sequence number (4 bytes), what its kind adds
/// to that, and a body, which ends the header or, where that would get too long, is the payload.
#pragma once

#include <string>
#include <string_view>

#include "gst/metadata.hpp"

namespace stt {

/// Event texts and data are taken up to this size in bytes: far beyond any tag or key, yet bounded.
inline constexpr size_t event_body_max = 16 << 20;

OutMessage event_message(MessageKind kind, GstEvent* event, Bytes fixed, Bytes body = {});
/// With `text`, which it frees, as the body. Error: it is null, too large or too nested.
Result<std::optional<OutMessage>> text_message(MessageKind kind, GstEvent* event, uint8_t fixed, char* text);

/// What follows the fixed part: the rest of the header and the payload. Null: malformed.
std::optional<std::string> read_body(ByteReader& in, const InMessage& message);

/// Why an event is not sent.
Error event_unsendable(std::string text);

inline Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace stt
