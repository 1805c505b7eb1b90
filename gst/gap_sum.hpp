// SPDX-License-Identifier: LGPL-2.1-or-later
/// Gaps that a peer reports, summed up until somebody has the time to tell of them: so none pile up, and none
/// is lost.
#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "gst/metadata.hpp"

namespace stt {

/// Any thread.
class GapSum {
  public:
    /// True: the first since take(), so that somebody must be asked to tell.
    bool add(const Gap& gap) {
        const std::lock_guard lock(mutex_);
        const bool first = !sum_;
        if (first) sum_.emplace();
        *sum_ += gap;
        return first;
    }
    /// None: nothing was added since.
    std::optional<Gap> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(sum_, std::nullopt);
    }

  private:
    std::mutex mutex_;
    std::optional<Gap> sum_;  // under mutex_
};

}  // namespace stt
