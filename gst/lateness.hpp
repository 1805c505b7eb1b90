// SPDX-License-Identifier: LGPL-2.1-or-later
/// Statistics of how punctual the most recent buffers were.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace stt {

/// Times are in nanoseconds; a negative time is early. Thread-safe.
class Lateness {
  public:
    /// Records a buffer that came `late` after it was due. Does not allocate.
    void record(int64_t late);
    /// Discards all records.
    void reset();

    /// All values are 0 if nothing was recorded.
    struct Summary {
        int64_t jitter =
            0;  ///< mean change from one buffer to the next, smoothed as in RFC 3550, section 6.4.1
        int64_t p50 = 0, p99 = 0, worst = 0;
    };
    /// Returns the summary of the `count` most recent buffers.
    Summary summary() const;
    static constexpr size_t count = 256;

  private:
    mutable std::mutex mutex_;
    std::array<int64_t, count> latest_{};  // a ring; under mutex_
    size_t recorded_ = 0;                  // total count; under mutex_
    double jitter_ = 0;                    // under mutex_
};

}  // namespace stt
