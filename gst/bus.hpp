// SPDX-License-Identifier: LGPL-2.1-or-later
/// Builds every message and structure that the elements post on the bus.
#pragma once

#include <gst/gst.h>

#include "core/io/link.hpp"
#include "gst/gap.hpp"
#include "gst/stream_header_codec.hpp"

namespace stt {

/// The circuit breaker's state as `stt-session` and the statistics show it: closed, open or half-open. The
/// string is static.
const char* name_of(Circuit circuit);

/// Returns the structure `stt-error` with the details of an error. The caller owns it.
GstStructure* error_structure(const ErrorReport& report);

/// Returns the closest GError that GStreamer defines. Its text includes what the element does next.
/// `side_reads` is true for sttsrc. The caller owns the result.
GError* gerror_for(const ErrorReport& report, bool side_reads);

/// Returns all messages about `report`, in the order of posting. The first is `stt-error`. A terminal error
/// adds ERROR; one that is being recovered from or deserves a warning adds WARNING, with the same structure
/// as details. The caller owns the messages.
std::vector<GstMessage*> error_messages(GstElement* element, const ErrorReport& report, bool side_reads);

inline bool is_established(LinkState state) {
    return state == LinkState::connected || state == LinkState::resumed;
}

/// Returns `stt-session` for an element that is a caller or a listener, with its own node id. `merged` is the
/// number of changes before it that were not posted.
GstMessage* session_message(GstElement* element, const LinkStatus& status, bool caller, const NodeId& node,
                            uint64_t merged = 0);

/// Return `stt-stream` with the event opened or closed. `header` may be null.
GstMessage* stream_opened_message(GstElement* element, StreamId stream, const StreamHeader* header);
GstMessage* stream_closed_message(GstElement* element, StreamId stream, const Error& error);

/// Returns `stt-stream` with the event gap.
GstMessage* gap_message(GstElement* element, const Gap& gap);

/// Returns the messages for an EOS that came before the peer had everything, in the order of posting. There
/// is one `stt-stream` with the event gap for each of `missing`. The messages of error_messages() about
/// `report` follow, and their structures also hold the total. The caller owns the messages.
std::vector<GstMessage*> undelivered_messages(GstElement* element, const std::vector<Gap>& missing,
                                              const ErrorReport& report);

/// Returns PROGRESS about a caller's first connect or a listener's bind.
GstMessage* progress_message(GstElement* element, GstProgressType type, const std::string& text);

}  // namespace stt
