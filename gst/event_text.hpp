// SPDX-License-Identifier: LGPL-2.1-or-later
/// Events whose content GStreamer writes as text: caps, tags, tables of contents, custom structures.
#pragma once

#include <string>

#include "gst/metadata.hpp"

namespace stt {

/// Returns the event of a message of a downstream event, with the sender's ids, or null if it is malformed.
/// The input is untrusted.
EventPtr decode_event(const InMessage& message);

/// Whether `text` is safe for GStreamer's parser: it is UTF-8, and not so deeply nested that the parser
/// exhausts the stack.
bool parseable(const std::string& text);
/// Whether `text` is UTF-8 without a NUL.
bool valid_utf8(const std::string& text);
/// Parses tags written by gst_tag_list_to_string(). The caller owns the result; null if `text` is malformed.
GstTagList* parse_tags(const std::string& text);

}  // namespace stt
