// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timeline.hpp"

namespace stt {
namespace {

/// Running time of `timestamp`, also before the segment's start.
std::optional<int64_t> running_time(const GstSegment& segment, GstClockTime timestamp) {
    uint64_t magnitude = 0;
    const int sign = gst_segment_to_running_time_full(&segment, GST_FORMAT_TIME, timestamp, &magnitude);
    if (sign == 0 || magnitude > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    return sign > 0 ? static_cast<int64_t>(magnitude) : -static_cast<int64_t>(magnitude);
}

/// Times come from the peer: sums must not overflow.
int64_t wrapping_add(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

}  // namespace

void Timeline::set_segment(const GstSegment& segment, GstClockTime base_time) {
    segment_ = segment;
    base_time_ = base_time;
    has_segment_ = true;
}

void Timeline::forget() { offset_.reset(); }

bool Timeline::wants_anchor() const {
    return rebase_ && !offset_ && (!has_segment_ || segment_.format == GST_FORMAT_TIME);
}

void Timeline::anchor(GstClockTime timestamp, GstClockTime now) {
    if (!wants_anchor() || !has_segment_) return;
    if (!GST_CLOCK_TIME_IS_VALID(timestamp) || !GST_CLOCK_TIME_IS_VALID(now)) return;
    const auto sender = running_time(segment_, timestamp);
    if (!sender) return;
    const int64_t sender_clock = wrapping_add(*sender, static_cast<int64_t>(base_time_));
    offset_ = wrapping_add(static_cast<int64_t>(now), -sender_clock);
}

int64_t Timeline::shift() const {
    return offset_ ? wrapping_add(*offset_, static_cast<int64_t>(base_time_)) : 0;
}

GstSegment Timeline::segment() const {
    GstSegment shifted = segment_;
    if (!rebase_ || segment_.format != GST_FORMAT_TIME || shift() == 0) return shifted;
    // Fails when the whole segment would lie before running time 0; it then plays at once.
    if (!gst_segment_offset_running_time(&shifted, GST_FORMAT_TIME, shift())) shifted = segment_;
    return shifted;
}

GstClockTime Timeline::sender_running_time(GstClockTime timestamp) const {
    if (!has_segment_ || segment_.format != GST_FORMAT_TIME) return GST_CLOCK_TIME_NONE;
    return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, timestamp);
}

}  // namespace stt
