// SPDX-License-Identifier: LGPL-2.1-or-later
/// Detects whether the peer is there: keep-alives, probes in a silence, and the deadlines after which a
/// session is lost.
#pragma once

#include <optional>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// The intervals of probes in a silence: the fast one for a minute, then the slow one.
inline constexpr Duration silence_probe_fast = 100ms, silence_probe_slow = 1s, silence_fast_for = 60s;

/// Belongs to one session, whose thread calls it.
class Liveness {
  public:
    /// The lower limit of the keep-alive interval, whatever timeout the peer announces.
    static constexpr Duration interval_min = 50ms;

    /// `interval` is that of keep-alives while nothing else arrives. Without a genuine packet for `timeout`
    /// the session is lost.
    Liveness(Time now, Duration interval, Duration timeout);
    /// Sets the keep-alive timeout of the peer; zero means that it has none.
    void set_peer_timeout(Duration timeout) { peer_timeout_ = timeout; }

    /// The session is established.
    void start(Time now) { last_received_ = last_sent_ = now; }
    /// A genuine packet has arrived. Returns when the one before it had arrived.
    Time on_received(Time now);
    Time last_received() const { return last_received_; }

    /// Returns whether the path may be broken. `unanswered` means that a probe timeout has passed since an
    /// ack-eliciting packet left.
    bool silent(Time now, bool unanswered) const {
        return unanswered && now - last_received_ > silence_probe_fast;
    }
    /// Returns when the next KEEP_ALIVE leaves to make the peer answer. In a silence it is a probe. Otherwise
    /// it leaves so often that one may be lost before either side reaches its timeout.
    Time next_keep_alive(bool silent) const { return silent ? next_probe() : next_interval(); }
    /// KEEP_ALIVE becomes due now.
    void ask(Time now);

    /// Another node claims the peer's session, and the peer must be heard from within `patience`. A second
    /// claim changes nothing.
    void doubt(Time now, Duration patience);
    /// The network reports that no program listens at the peer's address, which ends a liveness check at
    /// once. Even if forged, the report agrees with what the claiming node has proved.
    void on_refused(Time now);

    /// Returns when the session is lost unless a genuine packet arrives.
    Time timeout_deadline() const { return last_received_ + timeout_; }
    /// Returns the deadline of the liveness check, or time_never if there is none.
    Time doubt_deadline() const { return doubt_deadline_; }
    /// Returns why the session is lost, if it is by now.
    std::optional<Error> lost(Time now) const;

    // Frames.

    bool keep_alive_due() const { return keep_alive_due_; }
    void on_keep_alive_sent() { keep_alive_due_ = false; }
    /// Returns the next KEEP_ALIVE, for whatever purpose it is sent.
    KeepAliveFrame make_keep_alive() { return {sequence_++}; }
    void on_keep_alive(const KeepAliveFrame& frame) { answer_ = frame.sequence; }
    /// Returns the sequence number of the peer's KEEP_ALIVE that must be answered, or none if no answer is
    /// due.
    std::optional<uint64_t> answer_due() const { return answer_; }
    void on_answer_sent() { answer_.reset(); }

  private:
    Time next_probe() const;
    Time next_interval() const;

    const Duration interval_, timeout_;
    Duration peer_timeout_{};
    Time last_received_;
    Time last_sent_{};  // when the latest keep-alive was sent
    Time doubt_deadline_ = time_never;
    bool keep_alive_due_ = false;
    uint64_t sequence_ = 0;
    std::optional<uint64_t> answer_;
};

}  // namespace stt
