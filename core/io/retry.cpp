// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/retry.hpp"

#include <algorithm>

namespace stt {

void Retry::start(Time now) {
    give_up_at_ = config_.give_up_after == Duration::zero() ? time_never : now + config_.give_up_after;
    attempt_ = 0;
    retries_ = 0;
    delay_ = config_.initial_delay;
}

Duration Retry::remaining(Time now) const { return std::max(give_up_at_ - now, Duration::zero()); }

std::optional<Duration> Retry::next_delay(Time now) {
    const Duration left = remaining(now);
    if (left == Duration::zero()) return std::nullopt;
    if (config_.max_retries >= 0 && retries_ >= config_.max_retries) return std::nullopt;
    retries_++;
    const double share = static_cast<double>(random_.u64() % 1000) / 1000;
    const auto delay = Duration(static_cast<int64_t>(static_cast<double>(delay_.count()) * (1 - share / 5)));
    delay_ = std::min(delay_ * 2, std::max(config_.max_delay, config_.initial_delay));
    if (delay <= left / 2) return delay;
    return left / 2 >= config_.initial_delay ? left / 2 : std::min(delay, left);
}

}  // namespace stt
