// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is upstream of a sink: a live source or a stored stream, near or behind other sessions.
#pragma once

#include <gst/base/gstbasesink.h>

#include "gst/element_settings.hpp"

namespace stt {

struct Origin {
    bool live = false;         ///< captured as it happens: what is late is of no use
    GstClockTime latency = 0;  ///< how long after its time what arrives here is passed on, ns
};

/// Asks the pipeline upstream of `sink`. Whether it is live is the original's property: the nearest sttsrc
/// answers for what it carries, although as a source it is always live itself; without one the LATENCY query
/// does. `live` overrides both. Any thread but one that holds the object lock.
Origin find_origin(GstBaseSink* sink, Choice live);

/// The query by which sttsink asks, and a sttsrc answers.
GstQuery* new_live_query();
bool is_live_query(GstQuery* query);
void answer_live_query(GstQuery* query, bool live);

}  // namespace stt
