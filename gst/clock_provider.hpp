// SPDX-License-Identifier: LGPL-2.1-or-later
/// The clock that sttsrc offers to its pipeline.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <mutex>

namespace stt {

/// Thread-safe.
class ClockProvider {
  public:
    ~ClockProvider() { gst_clear_object(&clock_); }

    /// Enables or disables provide().
    void set_enabled(bool on) { enabled_ = on; }
    bool enabled() const { return enabled_; }
    /// Returns a reference to the clock, which the caller owns, or null while disabled. After the first call
    /// the clock stays the same, whichever sender it follows, as a pipeline may be running on it.
    GstClock* provide();
    /// Makes the clock follow the sender's clock of `epoch`, which runs `rate` times as fast as the local
    /// CLOCK_MONOTONIC.
    void follow(uint64_t epoch, double rate);

  private:
    std::atomic<bool> enabled_{false};
    std::mutex mutex_;
    GstClock* clock_ = nullptr;  // null until first requested; under mutex_
    uint64_t epoch_ = 0;         // the epoch followed last, 0: none; under mutex_
};

}  // namespace stt
