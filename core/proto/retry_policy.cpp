// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/retry_policy.hpp"

#include <algorithm>

namespace stt {
namespace {

// The number of outcomes that the circuit breaker examines. It needs five before it judges. By default these
// take up to 15 s (1 + 2 + 4 + 8). A listener that starts within seconds of its caller thus never meets an
// open circuit. With ten, five old successes can be outvoted.
constexpr size_t outcomes_min = 5, outcomes_max = 10;
// Older outcomes say nothing about the present state of the peer. The limit is twice the longest default
// delay, so that an attempt is still judged together with those around it.
constexpr Duration outcome_age_max = 120s;

// The pause of an open circuit is this multiple of the initial delay, limited by max_delay and pause_max. By
// default it is 8 s, the ceiling of the delay before the fifth consecutive attempt, so that shorter delays
// give a shorter pause. An open circuit delays finding a peer that has returned by at most this pause, hence
// the limit.
constexpr int pause_factor = 8;
constexpr Duration pause_max = 10s;

}  // namespace

bool may_retry(const Error& error, bool proved_before) {
    if (proved_before && !error.authenticated && error.origin != ErrorOrigin::local) return true;
    return is_retried(error);
}

void RetryPolicy::start(Time now) {
    give_up_at_ = config_.give_up_after == Duration::zero() ? time_never : now + config_.give_up_after;
    attempt_ = 0;
    retries_ = 0;
    ceiling_ = least_ceiling();
}

void RetryPolicy::hasten() {
    retries_ = std::max(retries_ - 1, 0);
    ceiling_ = least_ceiling();
    circuit_ = Circuit::closed;
    outcomes_.clear();
}

Duration RetryPolicy::least_ceiling() const { return std::min(config_.initial_delay, config_.max_delay); }

Duration RetryPolicy::remaining(Time now) const { return std::max(give_up_at_ - now, Duration::zero()); }

void RetryPolicy::begin_attempt() {
    attempt_++;
    if (circuit_ == Circuit::open) circuit_ = Circuit::half_open;
}

void RetryPolicy::succeeded(Time now) {
    // The success of a probe outweighs the failures before it.
    if (circuit_ != Circuit::closed) outcomes_.clear();
    circuit_ = Circuit::closed;
    note(now, false);
}

void RetryPolicy::failed(Time now) {
    if (circuit_ == Circuit::closed) {
        note(now, true);
        const auto failures = static_cast<size_t>(
            std::count_if(outcomes_.begin(), outcomes_.end(), [](const Outcome& o) { return o.failed; }));
        if (outcomes_.size() < outcomes_min || 2 * failures <= outcomes_.size()) return;
    }
    circuit_ = Circuit::open;
}

void RetryPolicy::note(Time now, bool failed) {
    outcomes_.push_back({now, failed});
    while (outcomes_.size() > outcomes_max || now - outcomes_.front().at > outcome_age_max)
        outcomes_.pop_front();
}

Duration RetryPolicy::pause() const {
    return std::min({pause_factor * config_.initial_delay, config_.max_delay, pause_max});
}

Duration RetryPolicy::next_delay(Time now) {
    retries_++;
    const auto span = static_cast<uint64_t>(ceiling_.count()) + 1;
    Duration delay(static_cast<int64_t>(random_.u64() % span));
    ceiling_ = std::min(2 * ceiling_, config_.max_delay);
    if (circuit_ == Circuit::open) delay = std::max(delay, pause());
    // At most half of the remaining time, until that is too short to be worth an attempt.
    const Duration left = hurry_until_ > now ? std::min(remaining(now), hurry_until_ - now) : remaining(now);
    if (delay <= left / 2) return delay;
    return left >= config_.initial_delay ? left / 2 : left;
}

}  // namespace stt
