// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path_validation.hpp"

#include <algorithm>

namespace stt {

PathValidation::PathValidation(Time now, Random& random) : next_(now) { random.fill(token_); }

bool PathValidation::spend(size_t bytes) {
    if (budget_ < bytes) return false;
    budget_ -= bytes;
    return true;
}

std::optional<PathValidation::Token> PathValidation::take_challenge(Time now, Duration round_trip) {
    if (now < next_ || challenges_ == challenges_max) return std::nullopt;
    challenges_++;
    next_ = now + std::max<Duration>(2 * round_trip, interval_min);
    return token_;
}

}  // namespace stt
