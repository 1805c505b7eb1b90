// SPDX-License-Identifier: LGPL-2.1-or-later
/// The queue in front of a line of limited rate, in virtual time.
#pragma once

#include <algorithm>
#include <optional>

#include "core/base/time.hpp"

namespace stt {

/// Senders that share a line share its bottleneck.
class Bottleneck {
  public:
    /// Returns how long what comes at `now` waits until the line is free.
    Duration wait(Time now) const { return std::max<Duration>(free_at_ - now, Duration::zero()); }
    /// Returns how many bytes wait at `now`, those that the line has begun to carry included. `rate` is in
    /// bytes per second.
    double waiting(Time now, double rate) const {
        return std::chrono::duration<double>(wait(now)).count() * rate;
    }
    /// Takes `bytes` at `now`. Returns when the line has carried the last of them, or none if the queue would
    /// then hold more than `queue` bytes.
    std::optional<Time> carry(Time now, double bytes, double rate, double queue) {
        if (waiting(now, rate) + bytes > queue) return std::nullopt;
        free_at_ = now + wait(now) + Duration(static_cast<Duration::rep>(bytes / rate * 1e9));
        return free_at_;
    }

  private:
    Time free_at_{};
};

}  // namespace stt
