// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/event_times.hpp"

#include <gst/video/video.h>

#include <algorithm>

namespace stt {
namespace {

GstClockTime running_time_here(const Timeline& timeline, GstClockTime sent) {
    const int64_t here = timeline.to_sender().inverse()(static_cast<int64_t>(sent));
    return static_cast<GstClockTime>(std::max<int64_t>(here, 0));
}

void map_field(GstStructure* structure, const char* field, const auto& map) {
    GstClockTime time = GST_CLOCK_TIME_NONE;
    if (!gst_structure_get_clock_time(structure, field, &time) || !GST_CLOCK_TIME_IS_VALID(time)) return;
    gst_structure_set(structure, field, GST_TYPE_CLOCK_TIME, map(time), nullptr);
}

}  // namespace

EventPtr map_times(EventPtr event, Timeline& timeline, std::optional<GstClockTime> arrival) {
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP) {
        GstClockTime timestamp = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
        GstGapFlags flags;
        gst_event_parse_gap(event.get(), &timestamp, &duration);
        gst_event_parse_gap_flags(event.get(), &flags);
        EventPtr mapped(gst_event_new_gap(arrival ? *arrival : timeline.map(timestamp), duration));
        gst_event_set_gap_flags(mapped.get(), flags);
        gst_event_set_seqnum(mapped.get(), gst_event_get_seqnum(event.get()));
        return mapped;
    }
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT_DONE) {
        GstFormat format = GST_FORMAT_UNDEFINED;
        gint64 position = -1;
        gst_event_parse_segment_done(event.get(), &format, &position);
        if (format != GST_FORMAT_TIME || position < 0) return event;
        const auto sent = static_cast<GstClockTime>(position);
        const GstClockTime here = arrival ? *arrival : timeline.map(sent);
        EventPtr mapped(gst_event_new_segment_done(format, static_cast<gint64>(here)));
        gst_event_set_seqnum(mapped.get(), gst_event_get_seqnum(event.get()));
        return mapped;
    }
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_CUSTOM_DOWNSTREAM ||
        !gst_video_event_is_force_key_unit(event.get()))
        return event;
    event.reset(gst_event_make_writable(event.release()));
    GstStructure* structure = gst_event_writable_structure(event.get());
    map_field(structure, "running-time",
              [&](GstClockTime sent) { return arrival ? *arrival : running_time_here(timeline, sent); });
    map_field(structure, "timestamp",
              [&](GstClockTime sent) { return arrival ? *arrival : timeline.map(sent); });
    // In a segment that starts at 0 the timestamp, the running time and the stream time are equal.
    if (arrival) map_field(structure, "stream-time", [&](GstClockTime) { return *arrival; });
    return event;
}

}  // namespace stt
