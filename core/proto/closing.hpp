// SPDX-License-Identifier: LGPL-2.1-or-later
/// How a session ends (docs/wire-format.md, section 6): when SESSION_CLOSE leaves, is repeated and answers
/// another one, and how long the session lingers.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class Closing {
  public:
    /// SESSION_CLOSE is sent this often until the peer answers with its own. The first repetition follows a
    /// probe timeout after the first frame, the others at doubling intervals. At a loss of one in five, fewer
    /// than one peer in ten thousand misses all. For `insistence` it is repeated in any case, which outlasts
    /// a short outage.
    static constexpr unsigned sent_max = 6;
    static constexpr Duration insistence = 5s;
    /// The least interval at which late packets are answered with another SESSION_CLOSE.
    static constexpr Duration answer_interval = 100ms;

    /// This side ends the session. SESSION_CLOSE is due, with `reason` and the contents of `error`.
    void close(CloseReason reason, const Error& error);
    /// The peer's SESSION_CLOSE has ended the session. One SESSION_CLOSE answers it, so that the peer need
    /// not repeat its own.
    void answer();
    /// Nothing more is sent, because another session has superseded this one or its keys are gone.
    void stop();
    /// Late packets are answered until `until`, or longer if SESSION_CLOSE is repeated.
    void linger(Time until) { linger_until_ = until; }

    /// Returns whether SESSION_CLOSE must leave now.
    bool due() const { return due_; }
    /// Returns the frame that leaves now. Its text lives as long as this object. `probe_timeout` is that of
    /// the path.
    SessionCloseFrame make_frame(Time now, Duration probe_timeout);
    /// A genuine packet has come after the end. `says_closed` means that it contains SESSION_CLOSE.
    void on_late_packet(Time now, bool says_closed);

    /// Returns when SESSION_CLOSE is repeated, or time_never if it is not.
    Time next_repetition() const { return next_; }
    /// Must be called at or after next_repetition().
    void on_repetition();
    /// Returns when the session may be forgotten, if nothing else keeps it, or time_never before linger().
    Time lingers_until() const { return linger_until_; }

  private:
    /// What the peer knows about the end.
    enum class Peer : uint8_t {
        unaware,       ///< no sign that the peer knows
        closed_too,    ///< the peer has reported it, or need not be informed
        closed_first,  ///< each SESSION_CLOSE of the peer is answered
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

/// Returns why a session that the peer closed by `frame` has ended.
Error closed_by_peer(const SessionCloseFrame& frame);

}  // namespace stt
