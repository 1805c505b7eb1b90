// SPDX-License-Identifier: LGPL-2.1-or-later
/// Downstream events as messages. Their caps, tags and structures are written as GStreamer's text.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "gst/message_kind.hpp"
#include "gst/owned.hpp"
#include "gst/text_parser.hpp"

namespace stt {

/// Encodes any downstream event except SEGMENT. Null: the event is not of a type that is sent. Error: it is
/// of such a type, but cannot be encoded.
Result<std::optional<OutMessage>> encode_event(GstEvent* event);

/// Returns the event of a message of a downstream event, with the sender's ids, or null if it is malformed or
/// `parser` refuses its text. The input is untrusted.
EventPtr decode_event(const InMessage& message, TextParser& parser);

}  // namespace stt
