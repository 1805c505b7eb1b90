// SPDX-License-Identifier: LGPL-2.1-or-later
/// Resumption: the streams of a lost session continue in another session.
#pragma once

#include <optional>

#include "core/crypto/handshake.hpp"
#include "core/proto/session_event.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// Identifies a session that may be resumed. Both ends of the session have one: a caller presents it, and a
/// responder recognises it.
struct ResumeTicket {
    SessionName session{};
    NodeId peer{};
    SecretBytes secret;  ///< 32 bytes

    ResumeTicket clone() const { return {session, peer, secret.clone()}; }
};

/// Returns whether another session may resume a session that ended with `error`. That is so if its path was
/// lost and neither side wanted the end.
inline bool is_path_lost(const Error& error) {
    return error.code == ErrorCode::session_timeout ||
           (error.code == ErrorCode::session_closed && error.reason == Reason::timeout);
}

/// What a session knows about its predecessor and its successor. Belongs to that session, whose thread calls
/// it.
class Resumption {
  public:
    /// Starts a call. `earlier` is the session to resume; 0 means none.
    void ask_for(SessionHandle earlier) { asked_for_ = earlier; }
    SessionHandle asked_for() const { return asked_for_; }
    /// The session has taken over the streams of `earlier`, which the peer named by `used`. A responder keeps
    /// that ticket, because the caller may not learn of the resumption and present the same ticket again. A
    /// caller passes none.
    void take_over(SessionHandle earlier, std::optional<ResumeTicket> used);
    /// Returns the session whose streams this one has taken over, or 0.
    SessionHandle taken_over() const { return taken_over_; }
    /// A genuine packet arrived. The peer knows of the resumption, or needs no other one.
    void on_heard() { used_.reset(); }

    /// The handshake has derived `ticket`.
    void set_ticket(ResumeTicket ticket) { ticket_ = std::move(ticket); }
    /// Returns the ticket of this session, or null before the handshake and after abandon().
    const ResumeTicket* ticket() const { return ticket_ ? &*ticket_ : nullptr; }
    /// Returns the ticket by which the peer may name the session now, or null if `name` is not valid.
    const ResumeTicket* ticket(const SessionName& name) const;

    /// The path was lost. The streams are kept for another session until `until`.
    void wait(Time until) { until_ = until; }
    bool waiting() const { return until_ != time_never; }
    /// Returns when waiting ends, or time_never unless waiting().
    Time waits_until() const { return until_; }
    /// Ends the resumption: no session will resume this one.
    void abandon();

  private:
    SessionHandle asked_for_ = 0, taken_over_ = 0;
    std::optional<ResumeTicket> ticket_, used_;
    Time until_ = time_never;
};

}  // namespace stt
