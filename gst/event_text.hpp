// SPDX-License-Identifier: LGPL-2.1-or-later
/// Events whose content GStreamer writes as text: caps, tags, tables of contents, custom structures.
#pragma once

#include <string>

#include "gst/metadata.hpp"

namespace stt {

/// The event of a message of kind caps, gap, tag, toc, protection, custom or force_key_unit; null when it is
/// malformed. Untrusted.
EventPtr decode_event(const InMessage& message);

/// A force-key-unit request.
EventPtr make_force_key_unit(GstClockTime running_time, bool all_headers, uint32_t count);

/// Whether GStreamer may be given `text` to parse: UTF-8, and not so nested that its parser runs out of
/// stack.
bool parseable(const std::string& text);
/// Without a NUL, too.
bool valid_utf8(const std::string& text);
/// Tags from what gst_tag_list_to_string wrote, owned by the caller; null when `text` is malformed.
GstTagList* parse_tags(const std::string& text);

/// Event texts and data are taken up to this size in bytes: far beyond any tag or key, yet bounded.
inline constexpr size_t event_body_max = 16 << 20;

}  // namespace stt
