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

int64_t ClockLine::local_at(int64_t peer) const {
    // `since` is the time on the peer's clock since the reference. The local time since then is `since` minus
    // the change of the offset.
    const int64_t since = wrapping_sub(wrapping_sub(peer, offset_ns), local_ns);
    const auto elapsed = static_cast<double>(since);
    double gained = elapsed * drift / (1 + drift);
    if (elapsed > 0) {
        const double rate = drift + slew;
        gained = elapsed * rate / (1 + rate);
        const auto until = static_cast<double>(slew_for_ns);
        if (elapsed - gained > until) {
            const double beyond = elapsed - until * (1 + rate);
            gained = until * rate + beyond * drift / (1 + drift);
        }
    }
    return wrapping_sub(wrapping_add(local_ns, since), std::llround(gained));
}

ClockState ClockLine::state_at(int64_t local) const {
    if (local < settled_ns) return ClockState::acquiring;
    return wrapping_sub(local, accepted_ns) > clock_coasts_after_ns ? ClockState::coasting
                                                                    : ClockState::locked;
}

}  // namespace stt
