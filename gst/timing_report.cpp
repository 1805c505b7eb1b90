// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timing_report.hpp"

#include "gst/coarse_clock.hpp"

namespace stt {

void TimingReport::start() {
    clock_ = {};
    sent_.reset();
    looked_ = 0;
}

bool TimingReport::due() {
    const int64_t now = coarse_now();
    if (sent_ && now - looked_ < PipelineClock::jump_interval) return false;
    looked_ = now;
    return true;
}

std::optional<Timing> TimingReport::next(const Origin& origin) {
    if (!due()) return std::nullopt;
    if (GstClock* clock = gst_element_get_clock(element_)) {
        clock_.observe(clock);
        gst_object_unref(clock);
    }
    const Timing timing{clock_.epoch(), origin.live, gst_element_get_base_time(element_), origin.latency,
                        clock_.line()};
    return sent_ == timing ? std::nullopt : std::optional(timing);
}

}  // namespace stt
