// SPDX-License-Identifier: LGPL-2.1-or-later
/// When a caller tries again, and when it gives up.
#pragma once

#include <optional>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt {

struct RetryConfig {
    Duration initial_delay = 1s, max_delay = 60s;
    Duration give_up_after = 50s;  ///< without a session; zero: never
    int max_retries = -1;          ///< -1: no limit
};

/// Exponential backoff: delays double up to the largest, each shortened by up to a fifth at random so that
/// callers who lost the same peer do not come back all at once.
class Retry {
  public:
    /// `random` outlives it.
    Retry(const RetryConfig& config, Random& random) : config_(config), random_(random) {}

    /// The time without a session starts: at the first attempt, and whenever a session is lost.
    void start(Time now);
    /// What is left until it is time to give up; zero when it is.
    Duration remaining(Time now) const;
    /// Counts the attempt that begins, from 1.
    void begin_attempt() { attempt_++; }
    unsigned attempt() const { return attempt_; }
    /// How long to wait before the next attempt, or, when remaining() is zero after that, before giving up.
    /// Delays shrink towards the end, so that a peer that is back is noticed. Null: no retries are left.
    std::optional<Duration> next_delay(Time now);

  private:
    const RetryConfig config_;
    Random& random_;
    Time give_up_at_ = time_never;
    unsigned attempt_ = 0;
    int retries_ = 0;
    Duration delay_{};
};

}  // namespace stt
