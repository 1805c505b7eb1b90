// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timeline.hpp"

#include <algorithm>
#include <cstdlib>

namespace stt {
namespace {

Affine shifted_by(int64_t shift) { return {0, shift, 0}; }

int64_t as_signed(GstClockTime time) { return static_cast<int64_t>(time); }

}  // namespace

/// Returns the running time, which is negative before the start of the segment.
std::optional<int64_t> Timeline::running_time(GstClockTime timestamp) const {
    if (!has_segment_ || segment_.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(timestamp))
        return std::nullopt;
    uint64_t magnitude = 0;
    const int sign = gst_segment_to_running_time_full(&segment_, GST_FORMAT_TIME, timestamp, &magnitude);
    if (sign == 0 || magnitude > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    return sign > 0 ? as_signed(magnitude) : -as_signed(magnitude);
}

void Timeline::set_segment(const GstSegment& segment) {
    segment_ = segment;
    has_segment_ = true;
}

void Timeline::forget() {
    shift_.reset();
    map_ = {};
    guess_.reset();
    anchor_.reset();
}

bool Timeline::wants_anchor() const {
    return rebase_ && !shift_ && (!has_segment_ || segment_.format == GST_FORMAT_TIME);
}

bool Timeline::place(GstClockTime timestamp, const LocalTime& here) {
    if (!rebase_ || !GST_CLOCK_TIME_IS_VALID(here.running_time)) return false;
    const std::optional<int64_t> sent = running_time(timestamp);
    if (!sent) return false;
    return timing_.live ? place_live(*sent, here) : place_stored(*sent, here);
}

bool Timeline::set_shift(int64_t shift) {
    if (shift_ == shift) return false;
    shift_ = shift;
    return true;
}

/// Returns the function from the sender's running time to the local one.
std::optional<Affine> Timeline::line(int64_t running_time, const LocalTime& here) {
    const Affine to_sender = shifted_by(as_signed(timing_.base_time)).then(timing_.clock.inverse());
    const Affine to_here = here.clock.then(shifted_by(-as_signed(here.base_time)));
    if (here.from_peer) {
        guess_.reset();
    } else if (!guess_) {
        // Until the clocks have been compared, it is assumed that this item had no network delay, and that it
        // was sent when the latency of the sender's pipeline had passed.
        guess_ = Affine{to_sender(running_time), here.monotonic - as_signed(timing_.latency), 0};
    }
    return to_sender.then(here.from_peer ? *here.from_peer : *guess_).then(to_here);
}

bool Timeline::place_live(int64_t running_time, const LocalTime& here) {
    anchor_.reset();
    const std::optional<Affine> target = line(running_time, here);
    if (map_ && magnitude(map_.gap(running_time, *target)) <= jump) {
        map_.steer(running_time, *target);
        return false;
    }
    map_.begin(running_time, *target);
    shift_ = wrapping_sub(map_.map(running_time), running_time);
    return true;
}

bool Timeline::place_stored(int64_t running_time, const LocalTime& here) {
    map_ = {};
    const AnchorKey key{timing_.epoch, timing_.base_time, here.pipeline};
    if (!anchor_) {
        anchor_ = Anchor::of(key, {here.epoch, here.base_time});
    } else if (key != anchored_as_) {
        // In a pause the base time changes. As the sender's clock continues evenly, the anchor stays valid
        // under the new key.
        Anchor::also_of(anchor_, key);
    }
    anchored_as_ = key;
    const int64_t sent = wrapping_add(running_time, as_signed(timing_.base_time));
    const int64_t now = wrapping_sub(as_signed(here.running_time), sent);
    int64_t offset = anchor_->offset(now, {here.epoch, here.base_time});
    // Playout had to wait for the network or the sender for longer than `latency` covers.
    if (wrapping_sub(now, offset) > as_signed(here.latency) + jump) offset = anchor_->move_on(now);
    return set_shift(wrapping_add(offset, as_signed(timing_.base_time)));
}

GstSegment Timeline::segment() const {
    GstSegment shifted = segment_;
    if (!rebase_ || segment_.format != GST_FORMAT_TIME || shift_.value_or(0) == 0) return shifted;
    // It fails if the whole segment would lie before running time 0. The segment then plays at once.
    if (!gst_segment_offset_running_time(&shifted, GST_FORMAT_TIME, *shift_)) shifted = segment_;
    return shifted;
}

int64_t Timeline::correction(int64_t running_time) const {
    return map_ && shift_ ? wrapping_sub(map_.peek(running_time), wrapping_add(running_time, *shift_)) : 0;
}

GstClockTime Timeline::map(GstClockTime timestamp) {
    const std::optional<int64_t> sent = running_time(timestamp);
    if (sent && map_ && shift_) map_.map(*sent);
    return mapped(timestamp);
}

GstClockTime Timeline::mapped(GstClockTime timestamp) const {
    const std::optional<int64_t> sent = running_time(timestamp);
    if (!sent || !map_ || !shift_) return timestamp;
    // In a segment that plays backwards timestamps decrease as running time increases.
    constexpr double limit = 4.6e18;  // half of the range of int64_t
    const double moved = std::clamp(static_cast<double>(correction(*sent)) * segment_.rate, -limit, limit);
    const int64_t at = wrapping_add(as_signed(timestamp), std::llround(moved));
    return static_cast<GstClockTime>(std::max<int64_t>(at, 0));
}

void Timeline::map(GstBuffer* buffer) {
    if (!map_) return;
    const GstClockTime pts = GST_BUFFER_PTS(buffer), dts = GST_BUFFER_DTS(buffer);
    const GstClockTime duration = GST_BUFFER_DURATION(buffer);
    const GstClockTime start = GST_CLOCK_TIME_IS_VALID(pts) ? pts : dts;
    GST_BUFFER_DTS(buffer) = map(dts);
    GST_BUFFER_PTS(buffer) = map(pts);
    if (!GST_CLOCK_TIME_IS_VALID(start) || !GST_CLOCK_TIME_IS_VALID(duration)) return;
    map(start + std::min(duration, fixed_ahead));
    const GstClockTime end = mapped(start + duration), began = mapped(start);
    if (end > began) GST_BUFFER_DURATION(buffer) = end - began;
}

Affine Timeline::to_sender() const {
    return map_ ? map_.newest().inverse() : shifted_by(-shift_.value_or(0));
}

GstClockTime Timeline::sender_running_time(GstClockTime timestamp) const {
    if (!has_segment_ || segment_.format != GST_FORMAT_TIME) return GST_CLOCK_TIME_NONE;
    return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, timestamp);
}

}  // namespace stt
