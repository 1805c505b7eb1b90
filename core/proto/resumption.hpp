// SPDX-License-Identifier: LGPL-2.1-or-later
/// Going on with a session's streams in another session.
#pragma once

#include <optional>

#include "core/crypto/handshake.hpp"
#include "core/proto/session_event.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// Both ends of a session have one; a caller shows it, a responder recognises it.
struct ResumeTicket {
    SessionName session{};
    NodeId peer{};
    SecretBytes secret;  ///< 32 bytes

    ResumeTicket clone() const { return {session, peer, secret.clone()}; }
};

/// Whether a session that ended with `error` may be resumed by another: its path was lost, nobody wanted its
/// end.
inline bool is_path_lost(const Error& error) {
    return error.code == ErrorCode::session_timeout ||
           (error.code == ErrorCode::session_closed && error.reason == Reason::timeout);
}

/// What one session knows of those before and after it. Belongs to that session, whose thread calls it.
class Resumption {
  public:
    /// A call. `earlier`: the session that it asks to resume; 0: none.
    void ask_for(SessionHandle earlier) { asked_for_ = earlier; }
    SessionHandle asked_for() const { return asked_for_; }
    /// The session has taken the streams of `earlier` over, which the peer named by `used`. A responder keeps
    /// that ticket: the caller may not hear of it and come back with the same one. A caller gives none.
    void take_over(SessionHandle earlier, std::optional<ResumeTicket> used);
    /// The session whose streams this one has taken over; 0: none.
    SessionHandle taken_over() const { return taken_over_; }
    /// A genuine packet came: the peer has heard of the resumption, or needs no other.
    void on_heard() { used_.reset(); }

    /// The handshake has made `ticket`.
    void set_ticket(ResumeTicket ticket) { ticket_ = std::move(ticket); }
    /// The session's own; null before the handshake and after abandon().
    const ResumeTicket* ticket() const { return ticket_ ? &*ticket_ : nullptr; }
    /// The one by which the peer may name the session now; null: none such.
    const ResumeTicket* ticket(const SessionName& name) const;

    /// The path was lost: the streams are kept for another session until `until`.
    void wait(Time until) { until_ = until; }
    bool waiting() const { return until_ != time_never; }
    /// When waiting ends; time_never unless waiting().
    Time waits_until() const { return until_; }
    /// Nothing will resume the session.
    void abandon();

  private:
    SessionHandle asked_for_ = 0, taken_over_ = 0;
    std::optional<ResumeTicket> ticket_, used_;
    Time until_ = time_never;
};

}  // namespace stt
