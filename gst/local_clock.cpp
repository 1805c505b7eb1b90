// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/local_clock.hpp"

#include <algorithm>

namespace stt {
namespace {

/// Identifies the pipeline. The pointer is never dereferenced.
const void* topmost(GstObject* object) {
    // Each parent holds its child, and the streaming thread holds the element.
    GstObject* top = GST_OBJECT(gst_object_ref(object));
    while (GstObject* parent = gst_object_get_parent(top)) {
        gst_object_unref(top);
        top = parent;
    }
    gst_object_unref(top);
    return top;
}

}  // namespace

void LocalClock::start() {
    line_ = {};
    now_ = {};
}

bool LocalClock::read() {
    now_.running_time = GST_CLOCK_TIME_NONE;
    GstClock* clock = gst_element_get_clock(element_);
    if (!clock) return false;
    now_.monotonic = monotonic_now();
    now_.base_time = gst_element_get_base_time(element_);
    now_.epoch = epoch_of(clock);
    now_.pipeline = topmost(GST_OBJECT_CAST(element_));
    now_.running_time = gst_clock_get_time(clock) - now_.base_time;
    line_.observe(clock);
    gst_object_unref(clock);
    now_.clock = line_.line();
    return true;
}

GstClockTime LocalClock::running_time_at(Time time) const {
    if (!GST_CLOCK_TIME_IS_VALID(now_.running_time) || time == Time{})
        return gst_element_get_current_running_time(element_);
    const int64_t at = now_.clock(time.time_since_epoch().count());
    return static_cast<GstClockTime>(std::max<int64_t>(at - static_cast<int64_t>(now_.base_time), 0));
}

}  // namespace stt
