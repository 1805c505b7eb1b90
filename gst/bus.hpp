// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every message and structure that the elements put on the bus is made here.
#pragma once

#include <gst/gst.h>

#include "core/io/link.hpp"
#include "gst/metadata.hpp"

namespace stt {

/// As `stt-session` and the statistics have it: closed, open or half-open.
const char* name_of(Circuit circuit);

/// Details of an error: the structure `stt-error`. Owned by the caller.
GstStructure* error_structure(const ErrorReport& report);

/// The closest GError of GStreamer, its text with what follows. `side_reads`: of sttsrc. Owned by the caller.
GError* gerror_for(const ErrorReport& report, bool side_reads);

/// All messages about `report`: `stt-error` and, when it is terminal, ERROR, or, when it is being recovered
/// from or worth a warning, WARNING with the same structure as details. In order of posting; owned by the
/// caller.
std::vector<GstMessage*> error_messages(GstElement* element, const ErrorReport& report, bool side_reads);

/// `stt-session` of an element that calls or listens, with its own node id.
GstMessage* session_message(GstElement* element, const LinkStatus& status, bool caller, const NodeId& node);

/// `stt-stream`, event opened or closed. `header` may be null.
GstMessage* stream_opened_message(GstElement* element, StreamId stream, const StreamHeader* header);
GstMessage* stream_closed_message(GstElement* element, StreamId stream, const Error& error);

/// `stt-stream`, event gap.
GstMessage* gap_message(GstElement* element, const Gap& gap);

/// EOS came before the peer had everything: `stt-stream` with event gap for each of `missing`, and `error` as
/// an ERROR (a WARNING where it is not terminal), with details that say how much that is in all. In order of
/// posting; owned by the caller.
std::vector<GstMessage*> undelivered_messages(GstElement* element, const std::vector<Gap>& missing,
                                              const Error& error);

/// PROGRESS of a caller's first connect, or of a listener's bind.
GstMessage* progress_message(GstElement* element, GstProgressType type, const std::string& text);

}  // namespace stt
