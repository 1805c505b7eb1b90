// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sums up the gaps that a peer reports until a thread has time to report them. This bounds the memory and
/// loses none of them.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "gst/gap.hpp"

namespace stt {

/// Thread-safe.
class GapSum {
  public:
    /// Returns true for the first gap since take(), in which case the caller must schedule a report.
    bool add(const Gap& gap) {
        const std::lock_guard lock(mutex_);
        const bool first = !sum_;
        if (first) sum_.emplace();
        *sum_ += gap;
        return first;
    }
    /// Returns the sum, or null if no gap was added since the last call.
    std::optional<Gap> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(sum_, std::nullopt);
    }

  private:
    std::mutex mutex_;
    std::optional<Gap> sum_;  // under mutex_
};

}  // namespace stt
