// SPDX-License-Identifier: LGPL-2.1-or-later
/// How a session takes its leave (docs/wire-format.md, section 6): when SESSION_CLOSE leaves, is repeated and
/// answers another, and how long the session lingers to do that.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class Closing {
  public:
    /// SESSION_CLOSE leaves this often, a probe timeout after the first and then at doubling intervals, until
    /// the peer answers with its own: at a loss of one in five, fewer than one peer in ten thousand misses
    /// all. For `insistence` it is repeated in any case: that outlasts a short outage.
    static constexpr unsigned sent_max = 6;
    static constexpr Duration insistence = 5s;
    /// Late packets are answered with another SESSION_CLOSE at most this often.
    static constexpr Duration answer_interval = 100ms;

    /// This side ends the session: SESSION_CLOSE is due, with `reason` and what `error` says.
    void close(CloseReason reason, const Error& error);
    /// The peer's SESSION_CLOSE has ended the session: one of ours answers, so that the peer need not repeat
    /// itself.
    void answer();
    /// Nothing more is said: another session has taken this one's place, or its keys are gone.
    void stop();
    /// Late packets are answered until `until`, or longer where SESSION_CLOSE is repeated.
    void linger(Time until) { linger_until_ = until; }

    /// Whether SESSION_CLOSE is to leave now.
    bool due() const { return due_; }
    /// The frame that leaves now. Its text lives as long as this object. `probe_timeout`: the path's.
    SessionCloseFrame make_frame(Time now, Duration probe_timeout);
    /// A genuine packet came after the end. `says_closed`: with SESSION_CLOSE in it.
    void on_late_packet(Time now, bool says_closed);

    /// When SESSION_CLOSE is repeated; time_never: not.
    Time next_repetition() const { return next_; }
    /// Call at or after next_repetition().
    void on_repetition();
    /// When the session may be forgotten, if nothing else holds it; time_never before linger().
    Time lingers_until() const { return linger_until_; }

  private:
    /// What the peer knows of the end.
    enum class Peer : uint8_t {
        unaware,       ///< as far as is known here
        closed_too,    ///< it said so, or need not be told
        closed_first,  ///< each SESSION_CLOSE that comes is answered
    };

    Peer peer_ = Peer::unaware;
    bool due_ = false;
    CloseReason reason_ = CloseReason::graceful;
    Error error_;
    unsigned sent_ = 0;
    Time first_sent_{};
    Time next_ = time_never;
    Time next_answer_{};
    Time linger_until_ = time_never;
};

/// Why a session has ended that the peer closed by `frame`.
Error closed_by_peer(const SessionCloseFrame& frame);

}  // namespace stt
