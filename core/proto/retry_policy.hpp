// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decides when a caller tries again, and when it stops retrying.
#pragma once

#include <deque>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt {

struct RetryConfig {
    Duration initial_delay = 1s, max_delay = 60s;
    Duration give_up_after = 50s;  ///< time without a session; zero: no limit
    int max_retries = -1;          ///< -1: no limit
};

/// Returns whether another attempt may follow `error`, which ended a session or an attempt. The result is
/// that of is_retried(), with one exception. Before the peer is authenticated in an attempt, anybody can send
/// refusals in its name. A forged one must not end a link that has run for months. If the peer was
/// authenticated earlier (`proved_before`), only authenticated errors and those found on this side are
/// accepted as final.
bool may_retry(const Error& error, bool proved_before);

/// States of the circuit breaker. The normal state is closed, as with an electric circuit.
enum class Circuit : uint8_t { closed, open, half_open };

/// Exponential backoff with full jitter: each delay is drawn evenly from zero up to a ceiling that doubles.
/// After a restart of a peer its callers are then spread over the whole span. Delays that vary only by a
/// fraction would bring them back in waves. See "Exponential Backoff And Jitter" in the AWS Architecture
/// Blog, which compares the work that this saves.
///
/// A delay may thus be almost zero, however long a peer has been failing. A circuit breaker adds pauses: once
/// most recent attempts have failed, a pause precedes each single probe until one succeeds.
class RetryPolicy {
  public:
    /// `random` outlives the object.
    RetryPolicy(const RetryConfig& config, Random& random) : config_(config), random_(random) {}

    /// The time without a session starts, at the first attempt and whenever a session is lost. The state of
    /// the circuit does not change.
    void start(Time now);
    /// Returns the time left until the caller stops retrying; zero when it is over.
    Duration remaining(Time now) const;
    /// Counts the attempt that begins, from 1. If the circuit is open, the attempt is its probe.
    void begin_attempt();
    unsigned attempt() const { return attempt_; }
    /// The attempt led to a session, which closes the circuit.
    void succeeded(Time now);
    /// The attempt failed, which may open the circuit.
    void failed(Time now);
    /// No session is of use after `until`, unless that has passed: the next delays leave time for attempts
    /// before it. time_never removes the limit.
    void hurry(Time until) { hurry_until_ = until; }
    /// Returns whether max_retries permits one more delay.
    bool retries_left() const { return config_.max_retries < 0 || retries_ < config_.max_retries; }
    /// Counts a retry and returns how long to wait before it. If remaining() is zero afterwards, it is the
    /// wait before the caller stops retrying. Delays shrink towards the end, so that a peer that has returned
    /// is noticed.
    Duration next_delay(Time now);
    /// The peer's host can be reached again, so that the next attempt does not wait for its delay. The delays
    /// begin anew, the circuit closes, and that attempt is not counted as a retry.
    void hasten();
    Circuit circuit() const { return circuit_; }
    /// Returns the least delay while the circuit is open. Near the end of the time, delays may be shorter.
    Duration pause() const;

  private:
    struct Outcome {
        Time at;
        bool failed;
    };
    void note(Time now, bool failed);
    Duration least_ceiling() const;

    const RetryConfig config_;
    Random& random_;
    Time give_up_at_ = time_never;
    Time hurry_until_ = time_never;
    unsigned attempt_ = 0;
    int retries_ = 0;
    Duration ceiling_{};  // of the next delay
    Circuit circuit_ = Circuit::closed;
    std::deque<Outcome> outcomes_;  // recent ones, oldest first, while the circuit is closed
};

}  // namespace stt
