// SPDX-License-Identifier: LGPL-2.1-or-later
/// When a caller tries again, and when it gives up.
#pragma once

#include <deque>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt {

struct RetryConfig {
    Duration initial_delay = 1s, max_delay = 60s;
    Duration give_up_after = 50s;  ///< without a session; zero: never
    int max_retries = -1;          ///< -1: no limit
};

/// Whether another attempt may follow `error`, which ended a session or an attempt at one: as is_retried()
/// has it. The exception: before the peer has proved itself in an attempt anybody can send refusals in its
/// name, and what is forged must not end a link that has run for months. So once it has proved itself
/// earlier (`proved_before`) only what is authentic, or was found on this side, is heeded.
bool may_retry(const Error& error, bool proved_before);

/// States of the circuit breaker. Closed is the normal one, as with an electric circuit.
enum class Circuit : uint8_t { closed, open, half_open };

/// Exponential backoff with full jitter: each delay is drawn evenly from zero up to a ceiling that doubles.
/// After a peer's restart its callers are then spread over the whole span, where a delay that varies by a
/// fraction only would bring them back in waves; see "Exponential Backoff And Jitter" in the AWS
/// Architecture Blog, which compares the work this saves.
///
/// As a delay may then be next to nothing however long a peer has been failing, a circuit breaker sees to
/// rest: once most recent attempts have failed, a pause comes before each single probe until one succeeds.
class RetryPolicy {
  public:
    /// `random` outlives it.
    RetryPolicy(const RetryConfig& config, Random& random) : config_(config), random_(random) {}

    /// The time without a session starts: at the first attempt, and whenever a session is lost. The circuit
    /// stays as it is.
    void start(Time now);
    /// What is left until it is time to give up; zero when it is.
    Duration remaining(Time now) const;
    /// Counts the attempt that begins, from 1. It is the probe of an open circuit.
    void begin_attempt();
    unsigned attempt() const { return attempt_; }
    /// The attempt led to a session; closes the circuit.
    void succeeded(Time now);
    /// It did not; may open the circuit.
    void failed(Time now);
    /// Whether max_retries permits one more delay.
    bool retries_left() const { return config_.max_retries < 0 || retries_ < config_.max_retries; }
    /// Counts a retry, and says how long to wait before it, or, when remaining() is zero after that, before
    /// giving up. Delays shrink towards the end, so that a peer that is back is noticed.
    Duration next_delay(Time now);
    Circuit circuit() const { return circuit_; }
    /// The least delay while the circuit is open, but for the end of the time.
    Duration pause() const;

  private:
    struct Outcome {
        Time at;
        bool failed;
    };
    void note(Time now, bool failed);

    const RetryConfig config_;
    Random& random_;
    Time give_up_at_ = time_never;
    unsigned attempt_ = 0;
    int retries_ = 0;
    Duration ceiling_{};  // of the next delay
    Circuit circuit_ = Circuit::closed;
    std::deque<Outcome> outcomes_;  // the recent ones, oldest first, while the circuit is closed
};

}  // namespace stt
