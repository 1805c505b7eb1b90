// SPDX-License-Identifier: LGPL-2.1-or-later
/// Events whose content GStreamer writes as text: caps, tags, tables of contents, custom structures.
#pragma once

#include <string>

#include "gst/metadata.hpp"

namespace stt {

/// The event of a message that has one and goes downstream, with the sender's ids; null when it is malformed.
/// Untrusted.
EventPtr decode_event(const InMessage& message);

/// Whether GStreamer may be given `text` to parse: UTF-8, and not so nested that its parser runs out of
/// stack.
bool parseable(const std::string& text);
/// Without a NUL, too.
bool valid_utf8(const std::string& text);
/// Tags from what gst_tag_list_to_string wrote, owned by the caller; null when `text` is malformed.
GstTagList* parse_tags(const std::string& text);

}  // namespace stt
