// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/lateness.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace stt {

void Lateness::record(int64_t late) {
    const std::lock_guard lock(mutex_);
    if (recorded_ > 0) {
        const auto change = static_cast<double>(late) - static_cast<double>(latest_[(recorded_ - 1) % count]);
        jitter_ += (std::abs(change) - jitter_) / 16;
    }
    latest_[recorded_++ % count] = late;
}

void Lateness::reset() {
    const std::lock_guard lock(mutex_);
    recorded_ = 0;
    jitter_ = 0;
}

Lateness::Summary Lateness::summary() const {
    std::array<int64_t, count> sorted;
    size_t size = 0;
    Summary summary;
    {
        const std::lock_guard lock(mutex_);
        sorted = latest_;
        size = std::min(recorded_, count);
        summary.jitter = std::llround(jitter_);
    }
    if (size == 0) return summary;
    std::sort(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(size));
    // The least value that is not exceeded by `hundredths` percent of the values.
    const auto percentile = [&](size_t hundredths) { return sorted[(size * hundredths + 99) / 100 - 1]; };
    summary.p50 = percentile(50);
    summary.p99 = percentile(99);
    summary.worst = sorted[size - 1];
    return summary;
}

}  // namespace stt
