// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whether the peer is there: keep-alives, probes through a silence, and the deadlines after which a session
/// is lost.
#pragma once

#include <optional>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Probes while nothing is heard: often for a minute, then at leisure.
inline constexpr Duration silence_probe_fast = 100ms, silence_probe_slow = 1s, silence_fast_for = 60s;

/// Belongs to one session, whose thread calls it.
class Liveness {
  public:
    /// No peer's announced timeout makes us send keep-alives more often.
    static constexpr Duration interval_min = 50ms;

    /// `interval`: of keep-alives while nothing else arrives. `timeout`: without a genuine packet for so long
    /// the session is lost.
    Liveness(Time now, Duration interval, Duration timeout);
    /// The peer loses patience after `timeout`; zero: never.
    void set_peer_timeout(Duration timeout) { peer_timeout_ = timeout; }

    /// The session is established.
    void start(Time now) { last_received_ = last_sent_ = now; }
    /// A genuine packet came. Returns when the one before it had come.
    Time on_received(Time now);
    Time last_received() const { return last_received_; }

    /// Whether the path may be broken. `unanswered`: a probe timeout has passed since an ack-eliciting packet
    /// left.
    bool silent(Time now, bool unanswered) const {
        return unanswered && now - last_received_ > silence_probe_fast;
    }
    /// When KEEP_ALIVE leaves next, so that the peer answers: a probe in a silence, else so often that one
    /// may get lost before either side loses patience.
    Time next_keep_alive(bool silent) const { return silent ? next_probe() : next_interval(); }
    /// KEEP_ALIVE is due now.
    void ask(Time now);

    /// Somebody else claims the peer's place: it must be heard from within `patience`. A second claim changes
    /// nothing.
    void doubt(Time now, Duration patience);
    /// The network says that nobody is there. Forged or not, it fits what the claimant has proved.
    void on_refused(Time now);

    /// When the session is lost unless a genuine packet comes.
    Time timeout_deadline() const { return last_received_ + timeout_; }
    /// The same, while somebody claims the peer's place; else time_never.
    Time doubt_deadline() const { return doubt_deadline_; }
    /// Why it is lost, if it is by now.
    std::optional<Error> lost(Time now) const;

    // Frames.

    bool keep_alive_due() const { return keep_alive_due_; }
    void on_keep_alive_sent() { keep_alive_due_ = false; }
    /// The next KEEP_ALIVE, whatever it is sent for.
    KeepAliveFrame make_keep_alive() { return {sequence_++}; }
    void on_keep_alive(const KeepAliveFrame& frame) { answer_ = frame.sequence; }
    /// The KEEP_ALIVE of the peer's that is to be answered; none: no answer is due.
    std::optional<uint64_t> answer_due() const { return answer_; }
    void on_answer_sent() { answer_.reset(); }

  private:
    Time next_probe() const;
    Time next_interval() const;

    const Duration interval_, timeout_;
    Duration peer_timeout_{};
    Time last_received_;
    Time last_sent_{};  // of keep-alives
    Time doubt_deadline_ = time_never;
    bool keep_alive_due_ = false;
    uint64_t sequence_ = 0;
    std::optional<uint64_t> answer_;
};

}  // namespace stt
