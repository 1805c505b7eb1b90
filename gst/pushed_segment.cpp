// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/pushed_segment.hpp"

#include <utility>

namespace stt {

EventPtr PushedSegment::next(const GstSegment& segment, bool repeatable) {
    if (!std::exchange(due_, false)) return nullptr;
    const bool repeated = repeatable && seqnum_ != pushed_seqnum_;
    if (pushed_ && gst_segment_is_equal(&*pushed_, &segment) && !repeated) return nullptr;
    pushed_ = segment;
    pushed_seqnum_ = seqnum_;
    EventPtr event(gst_event_new_segment(&segment));
    if (seqnum_ != GST_SEQNUM_INVALID) gst_event_set_seqnum(event.get(), seqnum_);
    return event;
}

}  // namespace stt
