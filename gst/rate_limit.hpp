// SPDX-License-Identifier: LGPL-2.1-or-later
/// How often something may happen.
#pragma once

#include <algorithm>
#include <chrono>

namespace stt {

/// One thread at a time.
class RateLimit {
  public:
    using Clock = std::chrono::steady_clock;

    /// Once an `interval` in the long run, and `burst` times at once.
    constexpr RateLimit(std::chrono::milliseconds interval, int burst)
        : interval_(interval), ahead_(interval * (burst - 1)) {}

    /// Whether it may happen now, and if so, that it does.
    bool take(Clock::time_point now) {
        if (now + ahead_ < next_) return false;
        next_ = std::max(next_, now) + interval_;
        return true;
    }

  private:
    std::chrono::milliseconds interval_, ahead_;
    Clock::time_point next_{};  // when it would be due if it happened evenly
};

}  // namespace stt
