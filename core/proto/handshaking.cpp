// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/handshaking.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

using Kind = Handshaking::Verdict::Kind;

void Handshaking::call(Now now, const Identity& identity, Bytes seed, std::optional<ResumeTicket> ticket,
                       Random& random) {
    calling_ =
        std::make_unique<CallerAttempt>(now, identity, seed, parts_.config, parts_.traffic.ids().local(),
                                        parts_.traffic.own_limits(), std::move(ticket), random);
    attempt_ = calling_->id();
}

Handshaking::Verdict Handshaking::answer(Now now, ResponderHandshake hello) {
    attempt_ = hello.header().attempt;
    parts_.traffic.ids().set_remote(hello.header().caller_session);
    answering_.emplace(now, std::move(hello), parts_.traffic.ids().local(), parts_.traffic.own_limits(),
                       parts_.config);
    return check(now);
}

void Handshaking::finish() {
    calling_.reset();
    answering_.reset();
}

// Caller.

Handshaking::Verdict Handshaking::on_challenge(Now now, Bytes datagram) {
    if (!calling_ || calling_->proven()) return {};
    calling_->on_challenge(now, datagram);
    if (!calling_->proven()) return check(now);
    const ChallengePayload& challenge = calling_->challenge();
    if (Status keys =
            install_keys(now, calling_->take_secrets(), challenge.limits, challenge.responder_session);
        !keys.ok())
        return {Kind::failed, keys.error()};
    if (const std::optional<Duration> round_trip = calling_->round_trip())
        parts_.traffic.path().recovery().seed_rtt(*round_trip);
    parts_.traffic.liveness().on_received(now.time);
    return {};
}

void Handshaking::on_cookie(Now now, const CookiePacket& packet) {
    if (calling_) calling_->on_cookie(now, packet);
}

Handshaking::Verdict Handshaking::on_final(const FinalFrame& frame) {
    if (!calling_) return {};
    if (frame.code != 0) return {Kind::failed, refused_by_final(frame, parts_.host.node_id())};
    if (!frame.resumed) return {Kind::established};
    Session* const earlier = calling_->resumes() ? parts_.host.find(parts_.resumption.asked_for()) : nullptr;
    if (!earlier || !earlier->ticket(earlier->info().name))
        return {Kind::broken,
                make_error(ErrorCode::handshake_failure, Reason::wrong_session, ErrorOrigin::local,
                           tr("the peer resumed a session that this node no longer has"))};
    return {Kind::established, {}, earlier, earlier->info().name};
}

Handshaking::Verdict Handshaking::on_hearsay(Now now, Error error) {
    calling_->on_hearsay(now, std::move(error));
    return check(now);
}

// Responder.

Handshaking::Verdict Handshaking::on_auth_proof(Now now, Bytes datagram) {
    if (!answering_) {
        parts_.traffic.confirmation().on_asked_again();
        return {};
    }
    Result<AuthProofPayload> proof = answering_->on_auth_proof(datagram);
    if (!proof.ok()) {
        parts_.events.note(proof.error(), peer());
        return {};
    }
    const Result<Session*> earlier = find_earlier(*proof);
    HandshakeSecrets secrets = answering_->take_secrets();
    const NodeId node = secrets.peer;
    const SessionId remote = parts_.traffic.ids().remote();
    if (Status keys = install_keys(now, std::move(secrets), proof->limits, remote); !keys.ok())
        return {Kind::failed, keys.error()};
    answering_.reset();
    if (parts_.config.expected_peer && node != *parts_.config.expected_peer)
        return refuse(
            make_error(ErrorCode::authentication_failed, Reason::unexpected_peer, ErrorOrigin::local,
                       tr("the caller is node %s, not the one that peer-node-id names", to_hex(node).c_str()))
                .proven());
    if (!earlier.ok()) return refuse(earlier.error());
    if (!*earlier)
        if (std::optional<Error> busy = parts_.host.no_room(now)) return refuse(std::move(*busy));
    parts_.traffic.confirmation().accept(*earlier != nullptr);
    if (!*earlier) return {Kind::established};
    return {Kind::established, {}, *earlier, proof->resume_proof->session};
}

/// Returns the session that AUTH_PROOF asks to resume. An unknown earlier session is no error.
Result<Session*> Handshaking::find_earlier(const AuthProofPayload& payload) {
    if (!payload.resume_proof) return nullptr;
    Session* const earlier = parts_.host.find_resumable(payload.resume_proof->session);
    if (!earlier) return nullptr;
    const ResumeTicket* const ticket = earlier->ticket(payload.resume_proof->session);
    if (ticket->peer == answering_->peer() &&
        answering_->resume_mac_fits(ticket->secret.bytes(), payload.resume_proof->mac))
        return earlier;
    return make_error(ErrorCode::handshake_failure, Reason::wrong_session, ErrorOrigin::peer,
                      tr("a caller tried to resume session %s, but did not prove that it owns the session",
                         to_hex(payload.resume_proof->session).c_str()))
        .at(HandshakeSubCode::proof_verification_failed)
        .proven();
}

/// FINAL carries the reason, and nothing follows.
Handshaking::Verdict Handshaking::refuse(Error error) {
    parts_.traffic.confirmation().refuse(error);
    return {Kind::failed, std::move(error)};
}

// Both sides.

Handshaking::Verdict Handshaking::on_reject(Now now, const RejectPacket& packet) {
    if (packet.attempt != attempt_) return {};
    if (calling_) calling_->on_reject(now, packet);
    if (answering_) answering_->on_reject(packet);
    return check(now);
}

Status Handshaking::install_keys(Now now, HandshakeSecrets secrets, const SessionLimits& limits,
                                 SessionId remote) {
    parts_.info.peer_node = secrets.peer;
    parts_.info.name = secrets.session;
    parts_.info.cipher = secrets.cipher;
    parts_.resumption.set_ticket({secrets.session, secrets.peer, std::move(secrets.resume_secret)});
    return parts_.traffic.install(now.time, secrets, limits, remote);
}

Bytes Handshaking::due(Now now) {
    if (last_word_due()) {
        sending_ = std::exchange(last_word_, {});
        return sending_;
    }
    return answering_ ? answering_->due() : calling_ ? calling_->due(now) : Bytes{};
}

Time Handshaking::next_timeout(bool blocked) const {
    if (answering_) return answering_->next_timeout();
    if (!calling_) return time_never;
    return blocked ? calling_->fails_at() : calling_->next_timeout();
}

Handshaking::Verdict Handshaking::check(Now now) {
    std::optional<Error> failure;
    if (answering_) failure = answering_->failure(now.time);
    if (calling_) failure = calling_->failure(now, peer());
    if (!failure) return {};
    if (calling_) {
        last_word_ = calling_->farewell();
        // The responder may have taken over the streams. It keeps them for the next attempt, unless it
        // receives a SESSION_CLOSE.
        if (calling_->resumes()) parts_.traffic.drop_keys();
    }
    return {Kind::failed, std::move(*failure)};
}

}  // namespace stt
