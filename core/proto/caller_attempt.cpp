// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/caller_attempt.hpp"

#include <algorithm>
#include <cinttypes>

#include "core/base/text.hpp"
#include "core/crypto/hello_guard.hpp"

namespace stt {

namespace {

AttemptId random_attempt(Random& random) {
    AttemptId id;
    random.fill(id);
    return id;
}

/// Returns the error that the peer reports by `packet`.
Error refusal(const RejectPacket& packet) {
    const auto code = static_cast<ErrorCode>(packet.code);
    const auto because = [code](Reason reason, std::string text) {
        return make_error(code, reason, ErrorOrigin::peer, std::move(text));
    };
    switch (code) {
        case ErrorCode::authentication_failed:
            return because(Reason::wrong_seed,
                           tr("the peer has another seed: it could not open what this end sent"));
        case ErrorCode::connection_refused:
            return because(Reason::both_call,
                           tr("the peer calls as well: one of the two ends has to listen"));
        case ErrorCode::protocol_version_mismatch:
            return because(Reason::version,
                           tr("the peer uses protocol version %u, but this end uses version %u",
                              unsigned{packet.version}, unsigned{wire_version}));
        case ErrorCode::too_many_sessions:
            return because(Reason::busy, tr("the peer has reached its max-sessions"));
        case ErrorCode::handshake_failure:
            if (packet.sub_code == static_cast<uint8_t>(HandshakeSubCode::nonce_reuse))
                return because(Reason::nonce_reuse, tr("the peer has already seen the nonce of this HELLO"));
            if (packet.sub_code == static_cast<uint8_t>(HandshakeSubCode::timestamp_expired))
                return because(Reason::timestamp_expired,
                               tr("the clocks of the peer and of this node differ too much"));
            return because(Reason::refused,
                           tr("the peer refused the handshake (sub-code %u)", unsigned{packet.sub_code}));
        default:
            return because(Reason::none,
                           tr("the peer refused the connection (%s)", std::string(error_name(code)).c_str()));
    }
}

Error reject_error(const RejectPacket& packet, bool authentic) {
    Error error = refusal(packet).ending();
    error.sub_code = packet.sub_code;
    error.authenticated = authentic;
    return error;
}

}  // namespace

CallerAttempt::CallerAttempt(Now now, const Identity& identity, Bytes seed, const SessionConfig& config,
                             SessionId local_session, const SessionLimits& limits,
                             std::optional<ResumeTicket> ticket, Random& random)
    : config_(config),
      limits_(limits),
      id_(random_attempt(random)),
      local_session_(local_session),
      ticket_(std::move(ticket)),
      handshake_(identity, seed, id_, local_session, config.ciphers, random),
      deadline_(now.time + config.handshake_timeout) {
    start_hello(now, Cookie{});
}

void CallerAttempt::start_hello(Now now, const Cookie& cookie) {
    cookie_ = cookie;
    datagram_ = handshake_.make_hello(now.wall + std::chrono::duration_cast<WallTime>(clock_offset_), cookie);
    next_send_ = now.time;
    interval_ = retransmit_first;
    sent_ = 0;
}

Bytes CallerAttempt::due(Now now) {
    if (now.time < next_send_ || verdict_at_ <= now.time) return {};
    if (sent_++ == 0) first_sent_ = now.time;
    last_sent_ = now.time;
    if (now.time < config_.urgent_until) {
        next_send_ = now.time + silence_probe_fast;
        return datagram_;
    }
    const bool first_of_pair = sent_ % 2 == 0;
    next_send_ = now.time + (first_of_pair ? Duration::zero() : interval_);
    if (!first_of_pair && now.time - first_sent_ >= retransmit_eager)
        interval_ = std::min(2 * interval_, Duration(retransmit_max));
    return datagram_;
}

Time CallerAttempt::next_timeout() const { return std::min(next_send_, fails_at()); }

Time CallerAttempt::fails_at() const { return std::min(deadline_, verdict_at_); }

void CallerAttempt::verdict(Now now, Error error, bool certain) {
    const Duration waited = sent_ > 0 ? now.time - first_sent_ : Duration::zero();
    const Time at =
        certain ? now.time : now.time + std::clamp<Duration>(waited, verdict_grace_min, verdict_grace_max);
    // A certain result overrides one that anybody could have forged. Of two unauthenticated reports the first
    // is kept.
    if (!verdict_ || (certain && !verdict_->authenticated)) {
        verdict_ = std::move(error);
        verdict_at_ = at;
    }
}

void CallerAttempt::on_cookie(Now now, const CookiePacket& packet) {
    if (proven_ || packet.attempt != id_ || packet.receiver_session != local_session_) return;
    // The same cookie again answers a repetition of the earlier HELLO. Starting again would invalidate the
    // CHALLENGE that is in flight.
    if (packet.cookie == cookie_ || cookies_++ >= cookies_max) return;
    start_hello(now, packet.cookie);
}

void CallerAttempt::on_reject(Now now, const RejectPacket& packet) {
    if (proven_ || packet.attempt != id_ || packet.receiver_session != local_session_ || packet.code == 0)
        return;
    const bool authentic = handshake_.reject_is_authentic(packet);
    const bool expired = packet.code == static_cast<uint16_t>(ErrorCode::handshake_failure) &&
                         packet.sub_code == static_cast<uint8_t>(HandshakeSubCode::timestamp_expired);
    if (expired && authentic && clock_adjusted_) {
        // If the responder agrees with the adopted time, it answers an earlier copy of the first HELLO.
        const WallTime ours = now.wall + std::chrono::duration_cast<WallTime>(clock_offset_);
        if (std::chrono::abs(packet.time - ours) <= NonceCache::timestamp_tolerance) return;
    }
    if (expired && authentic && !clock_adjusted_) {
        // A device without a battery-backed clock must not be locked out. The responder's time is adopted
        // once.
        clock_adjusted_ = true;
        clock_offset_ = packet.time - now.wall;
        start_hello(now, Cookie{});
        return;
    }
    verdict(now, reject_error(packet, authentic), authentic);
}

void CallerAttempt::on_hearsay(Now now, Error error) {
    if (proven_) return;
    error.terminal = true;
    verdict(now, std::move(error), false);
}

bool CallerAttempt::on_no_answer(Error error, bool doubtful) {
    if (proven_ || no_answer_ || (doubtful && ++doubtful_ < doubtful_max)) return false;
    no_answer_ = std::move(error).ending();
    return true;
}

void CallerAttempt::on_challenge(Now now, Bytes datagram) {
    if (proven_) return;
    Result<ChallengePayload> challenge = handshake_.read_challenge(datagram);
    if (!challenge.ok()) {
        // Anybody can send a CHALLENGE that cannot be opened. It becomes the reason only if nothing better
        // arrives.
        Error error = challenge.error();
        if (error.sub_code == static_cast<uint8_t>(HandshakeSubCode::challenge_decrypt_failed) &&
            !config_.peer_proven) {
            error.code = ErrorCode::authentication_failed;
            error.reason = Reason::wrong_seed;
            error.text = tr("%s; the peer has another seed", error.text.c_str());
        }
        error.origin = ErrorOrigin::peer;
        error.terminal = true;
        verdict(now, std::move(error), false);
        return;
    }
    verdict_.reset();
    verdict_at_ = time_never;
    challenge_ = std::move(challenge.value());
    if (sent_ == 1) round_trip_ = now.time - first_sent_;
    if (config_.expected_peer && handshake_.peer() != *config_.expected_peer) {
        const std::string who = to_hex(handshake_.peer());
        verdict(now,
                make_error(ErrorCode::authentication_failed, Reason::unexpected_peer, ErrorOrigin::local,
                           tr("the peer is node %s, not the one that peer-node-id names", who.c_str()))
                    .proven()
                    .ending(),
                true);
        RejectPacket reject{.attempt = id_,
                            .receiver_session = challenge_.responder_session,
                            .code = static_cast<uint16_t>(ErrorCode::authentication_failed)};
        reject.mac = handshake_.reject_mac(reject);
        farewell_ = encode(reject);
        return;
    }
    AuthProofPayload payload{.limits = limits_, .token = {}, .resume_proof = std::nullopt};
    resumes_ = ticket_ && ticket_->peer == handshake_.peer();
    if (resumes_) payload.resume_proof = {ticket_->session, handshake_.resume_mac(ticket_->secret.bytes())};
    datagram_ = handshake_.make_auth_proof(payload);
    proven_ = true;
    sent_ = 0;
    next_send_ = now.time;
    // If several HELLOs left, the time since the last of them is a lower bound of the round trip.
    interval_ = std::max<Duration>(retransmit_min, 2 * round_trip_.value_or(now.time - last_sent_));
}

std::string CallerAttempt::timeout_text(const Address& called) const {
    const std::string peer = called.to_string();
    const int64_t ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(config_.handshake_timeout).count();
    return proven_
               ? tr("%s answered, but did not complete the handshake within %" PRId64 " ms", peer.c_str(), ms)
               : tr("%s did not answer within %" PRId64 " ms", peer.c_str(), ms);
}

std::optional<Error> CallerAttempt::failure(Now now, const Address& peer) const {
    if (verdict_ && verdict_at_ <= now.time) return verdict_;
    if (now.time < deadline_) return std::nullopt;
    // A pending result that is still in its grace period is better than none.
    if (verdict_) return verdict_;
    if (no_answer_) return no_answer_;
    return make_error(ErrorCode::connection_timeout, Reason::handshake_timeout, ErrorOrigin::network,
                      timeout_text(peer))
        .ending();
}

Error refused_by_final(const FinalFrame& frame, const NodeId& own) {
    const auto code = static_cast<ErrorCode>(frame.code);
    const bool about_session =
        code == ErrorCode::handshake_failure &&
        frame.sub_code == static_cast<uint8_t>(HandshakeSubCode::proof_verification_failed);
    // A caller that receives FINAL has the seed, so only its node id can be refused.
    const bool about_node = code == ErrorCode::authentication_failed;
    const Reason reason = about_session                          ? Reason::wrong_session
                          : about_node                           ? Reason::unexpected_peer
                          : code == ErrorCode::too_many_sessions ? Reason::busy
                                                                 : Reason::refused;
    std::string text = frame.text.empty() ? tr("the peer refused the session") : std::string(frame.text);
    if (about_session)
        text = tr("the peer does not accept this node as the owner of the session to be resumed");
    if (about_node)
        text = tr("the listener's peer-node-id names a node other than this one, %s", to_hex(own).c_str());
    Error error = make_error(code, reason, ErrorOrigin::peer, std::move(text)).proven();
    error.sub_code = frame.sub_code;
    return error;
}

}  // namespace stt
