// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_line.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/wrapping.hpp"

namespace stt {

int64_t ClockLine::peer_at(int64_t local) const {
    const int64_t since = wrapping_sub(local, local_ns);
    const auto elapsed = static_cast<double>(since);
    const double slewed = std::clamp<double>(elapsed, 0, static_cast<double>(slew_for_ns));
    const int64_t change = std::llround(drift * elapsed + slew * slewed);
    return wrapping_add(wrapping_add(local, offset_ns), change);
}

ClockState ClockLine::state_at(int64_t local) const {
    if (local < settled_ns) return ClockState::acquiring;
    return wrapping_sub(local, accepted_ns) > clock_coasts_after_ns ? ClockState::coasting
                                                                    : ClockState::locked;
}

}  // namespace stt
