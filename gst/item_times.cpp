// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/item_times.hpp"

#include <utility>

#include "gst/event_times.hpp"
#include "gst/meta/codec.hpp"

namespace stt {
namespace {

GstCaps* sender_time_caps() {
    static GstCaps* const caps = [] {
        GstCaps* made = gst_caps_new_empty_simple(sender_time_media_type);
        GST_MINI_OBJECT_FLAG_SET(made, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
        return made;
    }();
    return caps;
}

}  // namespace

void ItemTimes::start(Timestamps timestamps) {
    timestamps_ = timestamps;
    clock_.start();
    arrived_ = {};
    place_due_ = true;
    estimate_awaited_ = false;
    begin_run();
}

void ItemTimes::begin_run() { timeline_ = Timeline(timestamps_ == Timestamps::rebase); }

void ItemTimes::flushed() {
    place_due_ = true;
    timeline_.forget();
}

bool ItemTimes::read_clocks(GstClockTime latency) {
    place_due_ = true;
    if (!clock_.read()) return false;
    clock_.now().latency = latency;
    clock_.now().from_peer = from_peer_clock_(Duration::zero());
    return true;
}

void ItemTimes::set_segment(const GstSegment& segment) {
    timeline_.set_segment(segment);
    place_due_ = true;
}

void ItemTimes::set_timing(const Timing& timing) {
    timeline_.set_timing(timing);
    place_due_ = true;
}

ItemTimes::Placed ItemTimes::place(GstClockTime timestamp) {
    if (!place_due_ || by_arrival() || !GST_CLOCK_TIME_IS_VALID(timestamp)) return Placed::unchanged;
    place_due_ = false;
    const bool first = timeline_.wants_anchor();
    if (first && timeline_.live() && !now().from_peer && !std::exchange(estimate_awaited_, true))
        clock_.now().from_peer = from_peer_clock_(estimate_patience);
    if (!timeline_.place(timestamp, now())) return Placed::evenly;
    return first ? Placed::first : Placed::jump;
}

bool ItemTimes::unplaced() const {
    return !by_arrival() && (!timeline_.has_segment() || timeline_.wants_anchor());
}

void ItemTimes::stamp_arrival(GstBuffer* buffer) const {
    const GstClockTime here = clock_.running_time_at(arrived_);
    const bool reordered = GST_BUFFER_PTS_IS_VALID(buffer) && GST_BUFFER_DTS_IS_VALID(buffer) &&
                           GST_BUFFER_PTS(buffer) > GST_BUFFER_DTS(buffer);
    const GstClockTime lead = reordered ? GST_BUFFER_PTS(buffer) - GST_BUFFER_DTS(buffer) : 0;
    GST_BUFFER_DTS(buffer) = here;
    GST_BUFFER_PTS(buffer) = GST_CLOCK_TIME_IS_VALID(here) ? here + lead : here;
}

void ItemTimes::stamp(GstBuffer* buffer) {
    switch (timestamps_) {
        case Timestamps::arrival:
            stamp_arrival(buffer);
            return;
        case Timestamps::original:
            return;
        case Timestamps::rebase:
            break;
    }
    if (GST_BUFFER_PTS_IS_VALID(buffer)) {
        const GstClockTime sent = timeline_.sender_running_time(GST_BUFFER_PTS(buffer));
        if (GST_CLOCK_TIME_IS_VALID(sent))
            gst_buffer_add_reference_timestamp_meta(buffer, sender_time_caps(), sent, GST_CLOCK_TIME_NONE);
    }
    timeline_.map(buffer);
}

EventPtr ItemTimes::map(EventPtr event) {
    std::optional<GstClockTime> arrival;
    // Without a clock the running time has not begun.
    if (by_arrival())
        arrival = GST_CLOCK_TIME_IS_VALID(now().running_time) ? clock_.running_time_at(arrived_) : 0;
    return map_times(std::move(event), timeline_, arrival);
}

GstSegment ItemTimes::segment() const {
    if (!by_arrival() && timeline_.has_segment()) return timeline_.segment();
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    return segment;
}

/// It is the rate of the clock on its host, divided by that of the local CLOCK_MONOTONIC relative to the
/// host's.
std::optional<double> ItemTimes::sender_rate() const {
    if (timing().epoch == 0 || !now().from_peer) return std::nullopt;
    return (1 + timing().clock.skew) / (1 + now().from_peer->skew);
}

}  // namespace stt
