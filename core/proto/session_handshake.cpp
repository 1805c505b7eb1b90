// SPDX-License-Identifier: LGPL-2.1-or-later
// How a session comes to stand, on either side.
#include <utility>

#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

void Session::handle_challenge(Now now, const Address& from, Bytes datagram) {
    if (!attempt_ || attempt_->proven() || from != path_.remote()) return;
    attempt_->on_challenge(now, datagram);
    check_attempt(now);
    if (!attempt_ || !attempt_->proven()) return;
    const ChallengePayload& challenge = attempt_->challenge();
    const Duration round_trip = attempt_->round_trip();
    Status keys = install_keys(now, attempt_->take_secrets(), challenge.limits, challenge.responder_session);
    if (!keys.ok()) {
        end(now, keys.error());
        return;
    }
    recovery_.seed_rtt(round_trip);
    liveness_.on_received(now.time);
}

void Session::handle_cookie(Now now, const Address& from, const CookiePacket& packet) {
    if (attempt_ && from == path_.remote()) attempt_->on_cookie(now, packet);
}

void Session::handle_reject(Now now, const Address& from, const RejectPacket& packet) {
    if (from != path_.remote() || packet.attempt != attempt_id_) return;
    if (attempt_) {
        attempt_->on_reject(now, packet);
        check_attempt(now);
    } else if (responder_) {
        responder_->on_reject(packet);
        check_attempt(now);
    }
}

bool Session::handle_hello_again(const Address& from, Bytes datagram) {
    if (!responder_ || from != path_.remote()) return true;
    return responder_->on_hello(datagram);
}

void Session::handle_auth_proof(Now now, const Address& from, Bytes datagram) {
    if (!responder_) {
        if (protection_ && from == path_.remote()) confirmation_.on_asked_again();
        return;
    }
    Result<AuthProofPayload> proof = responder_->on_auth_proof(datagram);
    if (!proof.ok()) {
        note(proof.error());
        return;
    }
    const Result<Session*> earlier = find_earlier(*proof);
    HandshakeSecrets secrets = responder_->take_secrets();
    const NodeId peer = secrets.peer;
    if (Status keys = install_keys(now, std::move(secrets), proof->limits, ids_.remote()); !keys.ok()) {
        end(now, keys.error());
        return;
    }
    responder_.reset();
    if (config_.expected_peer && peer != *config_.expected_peer) {
        refuse(now, make_error(ErrorCode::authentication_failed, Reason::unexpected_peer, ErrorOrigin::local,
                               tr("the caller is node %s, not the one that peer-node-id names",
                                  to_hex(peer).c_str()))
                        .proven());
        return;
    }
    if (!earlier.ok()) {
        refuse(now, earlier.error());
        return;
    }
    if (*earlier) {
        take_over(**earlier, proof->resume_proof->session);
    } else if (std::optional<Error> busy = host_.no_room(now)) {
        refuse(now, std::move(*busy));
        return;
    }
    confirmation_.accept(resumed() != 0);
    establish(now);
}

/// FINAL says why, and nothing follows.
void Session::refuse(Now now, Error error) {
    confirmation_.refuse(error);
    end(now, std::move(error));
}

Status Session::install_keys(Now now, HandshakeSecrets secrets, const SessionLimits& peer_limits,
                             SessionId peer_id) {
    info_.peer_node = secrets.peer;
    info_.name = secrets.session;
    info_.cipher = secrets.cipher;
    resumption_.set_ticket({secrets.session, secrets.peer, std::move(secrets.resume_secret)});
    Result<PacketProtection> protection = PacketProtection::create(secrets, now.time);
    if (!protection.ok()) return protection.error();
    protection_.emplace(std::move(protection.value()));
    peer_limits_ = peer_limits;
    liveness_.set_peer_timeout(std::chrono::milliseconds(peer_limits.keepalive_timeout_ms));
    mtu_.limit(peer_limits.max_datagram);
    recovery_.set_max_datagram(mtu_.current());
    ids_.set_remote(peer_id);
    streams_.start(peer_limits);
    return success();
}

void Session::establish(Now now) {
    attempt_.reset();
    liveness_.start(now.time);
    offer_id();
    if (config_.measure_clock) clock_requester_.start(now.time);
    set_state(SessionState::established);
}

/// Ends the session if its handshake has failed by now.
void Session::check_attempt(Now now) {
    if (responder_) {
        if (std::optional<Error> failure = responder_->failure(now.time)) end(now, std::move(*failure));
        return;
    }
    if (!attempt_) return;
    std::optional<Error> failure = attempt_->failure(now, path_.remote());
    if (!failure) return;
    last_word_ = attempt_->farewell();
    // The responder may have taken the streams over: it keeps them for the next attempt, unless it hears of
    // an end.
    if (attempt_->resumes()) protection_.reset();
    end(now, std::move(*failure));
}

}  // namespace stt
