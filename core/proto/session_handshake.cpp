// SPDX-License-Identifier: LGPL-2.1-or-later
// How a session comes to stand, on either side.
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

namespace {

/// How often the CHALLENGE is repeated for a HELLO that comes again: for ten seconds of HELLOs at the rate of
/// silence probes, and some. A HELLO is larger than a CHALLENGE, so this never amplifies, but it need not go
/// on for ever either.
constexpr unsigned challenges_max = 128;

}  // namespace

void Session::handle_challenge(Now now, const Address& from, Bytes datagram) {
    if (!attempt_ || attempt_->proven() || from != path_.remote()) return;
    attempt_->on_challenge(now, datagram);
    check_attempt(now);
    if (!attempt_ || !attempt_->proven()) return;
    const ChallengePayload& challenge = attempt_->challenge();
    const std::optional<Duration> round_trip = attempt_->round_trip();
    Status keys = install_keys(now, attempt_->take_secrets(), challenge.limits, challenge.responder_session);
    if (!keys.ok()) end(now, keys.error());
    if (round_trip) recovery_.seed_rtt(*round_trip);
    last_received_ = now.time;
}

void Session::handle_cookie(Now now, const Address& from, const CookiePacket& packet) {
    if (attempt_ && from == path_.remote()) attempt_->on_cookie(now, packet);
}

void Session::handle_reject(Now now, const Address& from, const RejectPacket& packet) {
    if (from != path_.remote() || packet.attempt != attempt_id_) return;
    if (attempt_) {
        attempt_->on_reject(now, packet);
        check_attempt(now);
    } else if (responder_ && packet.receiver_session == ids_.local() &&
               packet.mac == responder_->reject_mac(packet)) {
        end(now, make_error(ErrorCode::authentication_failed, Reason::unexpected_peer, ErrorOrigin::peer,
                            tr("the caller expected another node: its peer-node-id does not name this one"))
                     .proven());
    }
}

bool Session::handle_hello_again(const Address& from, Bytes datagram) {
    if (!responder_ || from != path_.remote()) return true;
    if (!responder_->same_hello(datagram)) return false;
    if (challenges_sent_ < challenges_max) challenge_due_ = true;
    return true;
}

void Session::handle_auth_proof(Now now, const Address& from, Bytes datagram) {
    if (!responder_) {
        // FINAL got lost and the caller asks again.
        if (protection_ && !final_acked_ && from == path_.remote()) final_due_ = true;
        return;
    }
    Result<AuthProofPayload> proof = responder_->read_auth_proof(datagram);
    if (!proof.ok()) {
        Error error = proof.error();
        error.origin = ErrorOrigin::peer;
        note(std::move(error));
        return;
    }
    const Result<Session*> earlier = find_earlier(*proof);
    HandshakeSecrets secrets = responder_->finish();
    const NodeId peer = secrets.peer;
    if (Status keys = install_keys(now, std::move(secrets), proof->limits, ids_.remote()); !keys.ok()) {
        end(now, keys.error());
        return;
    }
    responder_.reset();
    challenge_.clear();
    final_due_ = true;
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
    } else if (!endpoint_.has_room(now)) {
        refuse(now, endpoint_.busy());
        return;
    }
    establish(now);
}

/// FINAL says why, and nothing follows.
void Session::refuse(Now now, Error error) {
    refusal_ = error;
    end(now, std::move(error));
}

Status Session::install_keys(Now now, HandshakeSecrets secrets, const SessionLimits& peer_limits,
                             SessionId peer_id) {
    info_.peer_node = secrets.peer;
    info_.name = secrets.session;
    info_.cipher = secrets.cipher;
    ticket_ = {secrets.session, secrets.peer, std::move(secrets.resume_secret)};
    Result<PacketProtection> protection = PacketProtection::create(secrets, now.time);
    if (!protection.ok()) return protection.error();
    protection_.emplace(std::move(protection.value()));
    peer_limits_ = peer_limits;
    mtu_.limit(peer_limits.max_datagram);
    recovery_.set_max_datagram(mtu_.current());
    ids_.set_remote(peer_id);
    streams_.start(peer_limits);
    return success();
}

void Session::establish(Now now) {
    attempt_.reset();
    handshake_deadline_ = time_never;
    last_received_ = now.time;
    last_keep_alive_ = now.time;
    offer_id();
    if (config_.measure_clock) clock_requester_.start(now.time);
    set_state(SessionState::established);
}

std::string Session::timeout_text() const {
    const std::string peer = path_.remote().to_string();
    const int64_t ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(config_.handshake_timeout).count();
    return attempt_->proven()
               ? tr("%s answered, but did not complete the handshake within %" PRId64 " ms", peer.c_str(), ms)
               : tr("%s did not answer within %" PRId64 " ms", peer.c_str(), ms);
}

void Session::check_attempt(Now now) {
    if (!attempt_) return;
    std::optional<Error> failure = attempt_->failure(now);
    if (!failure) return;
    if (failure->code == ErrorCode::connection_timeout) failure->text = timeout_text();
    last_word_ = attempt_->farewell();
    // The responder may have taken the streams over: it keeps them for the next attempt, unless it hears of
    // an end.
    if (attempt_->resumes()) protection_.reset();
    end(now, std::move(*failure));
}

}  // namespace stt
