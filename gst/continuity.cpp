// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/continuity.hpp"

#include <algorithm>
#include <utility>

namespace stt {

void Continuity::mark(GstBuffer* buffer) {
    if (std::exchange(discont_, false)) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    if (std::exchange(resync_, false)) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_RESYNC);
}

EventPtr Continuity::gap_before(GstBuffer* buffer, bool known) {
    const GstClockTime counted = std::exchange(missing_duration_, 0);
    if (!std::exchange(missing_, false) || !known || !GST_CLOCK_TIME_IS_VALID(end_)) return nullptr;
    GstClockTime duration = counted;
    if (const GstClockTime start = GST_BUFFER_PTS(buffer); GST_CLOCK_TIME_IS_VALID(start)) {
        // The next buffer may be older, as one that is sent twice or reordered.
        if (start <= end_) return nullptr;
        duration = start - end_;
    }
    if (duration == 0) return nullptr;
    EventPtr event(gst_event_new_gap(end_, duration));
    gst_event_set_gap_flags(event.get(), GST_GAP_FLAG_MISSING_DATA);
    return event;
}

void Continuity::pass(GstBuffer* buffer) { pass(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer)); }

void Continuity::pass(GstClockTime start, GstClockTime duration) {
    if (!GST_CLOCK_TIME_IS_VALID(start)) return;
    // Both values may come from a peer.
    const bool fits = GST_CLOCK_TIME_IS_VALID(duration) && duration < GST_CLOCK_TIME_NONE - start;
    const GstClockTime end = fits ? start + duration : start;
    end_ = GST_CLOCK_TIME_IS_VALID(end_) ? std::max(end_, end) : end;
}

}  // namespace stt
