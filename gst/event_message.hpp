// SPDX-License-Identifier: LGPL-2.1-or-later
/// The common form of all event messages: the event's sequence number (4 bytes), fields that depend on the
/// kind, and a body. The body ends the header, or is the payload if the header would get too long.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>
#include <string_view>

#include "gst/message_kind.hpp"

namespace stt {

/// Largest accepted body of an event in bytes: larger than any tag or key in use, yet bounded.
inline constexpr size_t event_body_max = 16 << 20;

OutMessage event_message(MessageKind kind, GstEvent* event, Bytes fixed, Bytes body = {});
/// Builds a message with `text`, which it frees, as the body. Error: `text` is null, too large or not
/// TextScan::parseable().
Result<std::optional<OutMessage>> text_message(MessageKind kind, GstEvent* event, uint8_t fixed, char* text);

/// Returns what follows the fixed part: the rest of the header and the payload. Returns null if malformed.
std::optional<std::string> read_body(ByteReader& in, const InMessage& message);

/// Returns the error for an event that cannot be sent.
Error event_unsendable(std::string text);

inline Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace stt
