// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path.hpp"

#include <algorithm>

namespace stt {

void Path::suspect(Time now, const Address& from, size_t bytes, Random& random) {
    constexpr uint64_t amplification_max = 3;
    if (candidate_ != from) budget_ = 0;
    budget_ += amplification_max * bytes;
    if (candidate_ == from) return;
    candidate_ = from;
    random.fill(token_);
    challenges_ = 0;
    next_challenge_ = now;
}

std::optional<Path::Token> Path::challenge_due(Time now, Duration round_trip) {
    if (!candidate_ || now < next_challenge_) return std::nullopt;
    if (challenges_ == challenges_max) {
        candidate_.reset();
        return std::nullopt;
    }
    challenges_++;
    next_challenge_ = now + std::max<Duration>(2 * round_trip, 50ms);
    return token_;
}

bool Path::spend(size_t bytes) {
    if (budget_ < bytes) return false;
    budget_ -= bytes;
    return true;
}

bool Path::on_response(const Address& from, const Token& token) {
    if (candidate_ != from || token != token_) return false;
    remote_ = from;
    candidate_.reset();
    return true;
}

}  // namespace stt
