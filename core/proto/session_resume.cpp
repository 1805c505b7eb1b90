// SPDX-License-Identifier: LGPL-2.1-or-later
// Going on with another session's streams, and the ids that change with the address.
#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

const ResumeTicket* Session::ticket(const SessionName& name) const {
    if (state_ != SessionState::established && !resumable()) return nullptr;
    return resumption_.ticket(name);
}

/// The responder's side: what AUTH_PROOF asks for. An earlier session that is not known is no error.
Result<Session*> Session::find_earlier(const AuthProofPayload& payload) {
    if (!payload.resume_proof) return nullptr;
    Session* const earlier = host_.find_resumable(payload.resume_proof->session);
    if (!earlier) return nullptr;
    const ResumeTicket* const ticket = earlier->ticket(payload.resume_proof->session);
    if (ticket->peer == responder_->peer() &&
        responder_->resume_mac_fits(ticket->secret.bytes(), payload.resume_proof->mac))
        return earlier;
    return make_error(ErrorCode::handshake_failure, Reason::wrong_session, ErrorOrigin::peer,
                      tr("a caller wanted to go on with session %s, but could not prove that it was its own",
                         to_hex(payload.resume_proof->session).c_str()))
        .at(HandshakeSubCode::proof_verification_failed)
        .proven();
}

void Session::take_over(Session& earlier, const SessionName& name) {
    std::optional<ResumeTicket> used;
    if (!info_.caller) used = earlier.ticket(name)->clone();
    resumption_.take_over(earlier.handle_, std::move(used));
    streams_ = std::exchange(earlier.streams_, StreamTable(info_.caller, 0, 0));
    streams_.resume(peer_limits_);
    earlier.fall();
}

/// Ends without a word to anybody: another session has taken its place.
void Session::fall() {
    attempt_.reset();
    responder_.reset();
    protection_.reset();
    closing_.stop();
    state_ = SessionState::closed;
    // An end that has not been told yet is none: the other session's beginning tells what became of this.
    std::erase_if(events_, [](const Event& event) {
        const auto* change = std::get_if<event::StateChanged>(&event.what);
        return change && change->state == SessionState::closed;
    });
    abandon();
}

void Session::abandon() {
    resumption_.abandon();
    if (state_ == SessionState::closed && !protection_) closing_.linger(Time{});
}

/// Closed, and kept for the sake of its streams.
void Session::check_resumable(Now now) {
    if (!resumable()) return;
    if (now.time >= closing_.lingers_until()) {
        protection_.reset();
        // A peer to whom the session still stands is to learn that it must be gone on with.
        for (const SessionId id : ids_.all_local()) host_.remove_id(id);
        closing_.stop();
        closing_.linger(time_never);
    }
    if (now.time < resumption_.waits_until()) return;
    abandon();
    events_.push_back({handle_, event::Abandoned{}});
}

void Session::doubt(Time now, Duration patience) {
    if (state_ == SessionState::established) liveness_.doubt(now, patience);
}

void Session::offer_id() { ids_.offer(host_.add_id(handle_)); }

/// A genuine packet bore `id`.
void Session::note_id(SessionId id) {
    SessionId retired = 0;
    if (!ids_.on_received(id, retired)) return;
    if (retired) host_.remove_id(retired);
    offer_id();
    // The peer has seen a reason not to be recognised by the old ids.
    ids_.change_remote();
}

}  // namespace stt
