// SPDX-License-Identifier: LGPL-2.1-or-later
/// The clock that sttsrc offers its pipeline.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <mutex>

namespace stt {

/// Any thread.
class ClockProvider {
  public:
    ~ClockProvider() { gst_clear_object(&clock_); }

    /// While on, provide() has a clock to offer.
    void set_enabled(bool on) { enabled_ = on; }
    bool enabled() const { return enabled_; }
    /// The clock, a reference of the caller's; null while not enabled. It stays the same from the first call
    /// on, whatever sender it follows: a pipeline may be running on it.
    GstClock* provide();
    /// The sender's clock is the one of `epoch` and runs `rate` times as fast as CLOCK_MONOTONIC here.
    void follow(uint64_t epoch, double rate);

  private:
    std::atomic<bool> enabled_{false};
    std::mutex mutex_;
    GstClock* clock_ = nullptr;  // under mutex_; null until it is asked for
    uint64_t epoch_ = 0;         // under mutex_; followed last, 0: none
};

}  // namespace stt
