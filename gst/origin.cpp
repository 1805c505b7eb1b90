// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/origin.hpp"

#include <algorithm>
#include <memory>
#include <optional>

namespace stt {
namespace {

constexpr char query_name[] = "stt-live";

struct QueryDeleter {
    void operator()(GstQuery* query) const { gst_query_unref(query); }
};
using QueryPtr = std::unique_ptr<GstQuery, QueryDeleter>;

std::optional<bool> ask_sttsrc(GstPad* pad) {
    const QueryPtr query(new_live_query());
    gboolean live = FALSE;
    if (!gst_pad_peer_query(pad, query.get()) ||
        !gst_structure_get_boolean(gst_query_get_structure(query.get()), "live", &live))
        return std::nullopt;
    return live != FALSE;
}

}  // namespace

GstQuery* new_live_query() {
    return gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty(query_name));
}

bool is_live_query(GstQuery* query) {
    const GstStructure* structure = gst_query_get_structure(query);
    return GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM && structure &&
           gst_structure_has_name(structure, query_name);
}

void answer_live_query(GstQuery* query, bool live) {
    gst_structure_set(gst_query_writable_structure(query), "live", G_TYPE_BOOLEAN,
                      static_cast<gboolean>(live), nullptr);
}

Origin find_origin(GstBaseSink* sink, Choice live) {
    GstPad* pad = GST_BASE_SINK_PAD(sink);
    Origin origin;
    gboolean pipeline_live = FALSE;
    GstClockTime latency = 0;
    const QueryPtr query(gst_query_new_latency());
    if (gst_pad_peer_query(pad, query.get()))
        gst_query_parse_latency(query.get(), &pipeline_live, &latency, nullptr);
    origin.live = live == Choice::yes;
    if (live == Choice::automatic) origin.live = ask_sttsrc(pad).value_or(pipeline_live != FALSE);
    if (pipeline_live && GST_CLOCK_TIME_IS_VALID(latency)) origin.latency = latency;
    // A sink that synchronises sends an item when the latency of the whole pipeline has passed.
    if (gst_base_sink_get_sync(sink))
        origin.latency = std::max(origin.latency, gst_base_sink_get_latency(sink));
    return origin;
}

}  // namespace stt
