// SPDX-License-Identifier: LGPL-2.1-or-later
/// A token bucket that limits how often something happens.
#pragma once

#include <algorithm>
#include <chrono>

namespace stt {

/// Used by one thread at a time.
class RateLimit {
  public:
    using Clock = std::chrono::steady_clock;

    /// Allows one event per `interval` in the long run, and `burst` events at once.
    constexpr RateLimit(std::chrono::milliseconds interval, int burst)
        : interval_(interval), ahead_(interval * (burst - 1)) {}

    /// Whether an event is allowed now. If so, it is counted.
    bool take(Clock::time_point now) {
        if (now + ahead_ < next_) return false;
        next_ = std::max(next_, now) + interval_;
        return true;
    }

  private:
    std::chrono::milliseconds interval_, ahead_;
    Clock::time_point next_{};  // the time of the next event if events were evenly spaced
};

}  // namespace stt
