// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/rtt.hpp"

#include <algorithm>

namespace stt {

void RttEstimator::sample(Duration latest, Duration ack_delay) {
    latest_ = latest;
    if (!measured_) {
        measured_ = true;
        minimum_ = smoothed_ = latest;
        variation_ = latest / 2;
        return;
    }
    minimum_ = std::min(minimum_, latest);
    // The peer's reported delay must not push a sample below the minimum of the path.
    const Duration adjusted = latest >= minimum_ + ack_delay ? latest - ack_delay : latest;
    const Duration deviation = adjusted > smoothed_ ? adjusted - smoothed_ : smoothed_ - adjusted;
    variation_ = (3 * variation_ + deviation) / 4;
    smoothed_ = (7 * smoothed_ + adjusted) / 8;
}

void RttEstimator::reset() { *this = {}; }

Duration RttEstimator::probe_timeout(Duration ack_delay_max) const {
    return smoothed_ + std::max(4 * variation_, granularity) + ack_delay_max;
}

}  // namespace stt
