// SPDX-License-Identifier: LGPL-2.1-or-later
/// How punctual the latest buffers were.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace stt {

/// Times are nanoseconds; negative: early. Any thread.
class Lateness {
  public:
    /// A buffer came `late` after it was due. Allocates nothing.
    void record(int64_t late);
    /// Forgets all.
    void reset();

    /// All 0 when nothing was recorded.
    struct Summary {
        int64_t jitter =
            0;  ///< mean change from one buffer to the next, smoothed as in RFC 3550, section 6.4.1
        int64_t p50 = 0, p99 = 0, worst = 0;
    };
    /// Of the latest `count` buffers.
    Summary summary() const;
    static constexpr size_t count = 256;

  private:
    mutable std::mutex mutex_;
    std::array<int64_t, count> latest_{};  // under mutex_; a ring
    size_t recorded_ = 0;                  // under mutex_; in all
    double jitter_ = 0;                    // under mutex_
};

}  // namespace stt
