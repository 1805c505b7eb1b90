// SPDX-License-Identifier: LGPL-2.1-or-later
/// Determines what is upstream of a sink: a live source or a stored stream, directly or by way of other
/// sessions.
#pragma once

#include <gst/base/gstbasesink.h>

#include "gst/element_settings.hpp"

namespace stt {

struct Origin {
    bool live = false;         ///< captured as it happens, so that late data is of no use
    GstClockTime latency = 0;  ///< how long after its running time an item leaves the sink, ns
};

/// Queries the pipeline upstream of `sink`. Whether the stream is live depends on its original source. The
/// nearest sttsrc answers for the stream that it carries, although as a source it is always live itself;
/// without one the LATENCY query decides. A `live` other than automatic overrides both. Callable from any
/// thread that does not hold the object lock.
Origin find_origin(GstBaseSink* sink, Choice live);

/// The query that sttsink sends and sttsrc answers. The caller owns the new query.
GstQuery* new_live_query();
bool is_live_query(GstQuery* query);
void answer_live_query(GstQuery* query, bool live);

}  // namespace stt
