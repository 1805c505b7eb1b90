// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/playout_board.hpp"

#include <utility>

namespace stt {

void PlayoutBoard::reset() {
    const std::lock_guard lock(mutex_);
    live_.reset();
    sender_latency_ = base_delay_ = 0;
    to_sender_ = {};
}

bool PlayoutBoard::set_timing(bool live, GstClockTime sender_latency) {
    const std::lock_guard lock(mutex_);
    const bool another_kind = std::exchange(live_, live) != live;
    return std::exchange(sender_latency_, sender_latency) != sender_latency || another_kind;
}

bool PlayoutBoard::set_base_delay(GstClockTime delay) {
    const std::lock_guard lock(mutex_);
    if (delay <= base_delay_ + base_delay_step && base_delay_ <= delay + 2 * base_delay_step) return false;
    base_delay_ = delay;
    return true;
}

void PlayoutBoard::set_to_sender(const Affine& to_sender) {
    const std::lock_guard lock(mutex_);
    to_sender_ = to_sender;
}

std::optional<bool> PlayoutBoard::live() const {
    const std::lock_guard lock(mutex_);
    return live_;
}

GstClockTime PlayoutBoard::added_latency() const {
    const std::lock_guard lock(mutex_);
    return sender_latency_ + base_delay_;
}

GstClockTime PlayoutBoard::sender_running_time_at(GstClockTime here) const {
    if (!GST_CLOCK_TIME_IS_VALID(here)) return here;
    const std::lock_guard lock(mutex_);
    const int64_t there = to_sender_(static_cast<int64_t>(here));
    return there >= 0 ? static_cast<GstClockTime>(there) : GST_CLOCK_TIME_NONE;
}

}  // namespace stt
