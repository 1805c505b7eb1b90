// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/clock_provider.hpp"

#include <utility>

#include "gst/sender_clock.hpp"

namespace stt {

GstClock* ClockProvider::provide() {
    if (!enabled_) return nullptr;
    const std::lock_guard lock(mutex_);
    if (!clock_ && epoch_ != 0) clock_ = SenderClocks::process().find(epoch_);
    if (!clock_) {
        clock_ = sender_clock_new();
        if (epoch_ != 0) SenderClocks::process().add(epoch_, clock_);
    }
    return GST_CLOCK(gst_object_ref(clock_));
}

void ClockProvider::follow(uint64_t epoch, double rate) {
    if (!enabled_) return;
    const std::lock_guard lock(mutex_);
    const bool another = std::exchange(epoch_, epoch) != epoch;
    if (!clock_) return;
    if (another) SenderClocks::process().add(epoch, clock_);
    sender_clock_follow(clock_, rate);
}

}  // namespace stt
