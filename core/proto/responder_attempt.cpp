// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/responder_attempt.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace stt {

ResponderAttempt::ResponderAttempt(Now now, ResponderHandshake hello, SessionId local_session,
                                   const SessionLimits& limits, const SessionConfig& config)
    : handshake_(std::move(hello)),
      local_session_(local_session),
      deadline_(now.time + config.handshake_timeout) {
    Result<std::vector<uint8_t>> challenge =
        handshake_.make_challenge(local_session, limits, config.ciphers, now.wall);
    if (!challenge.ok()) {
        verdict_ = challenge.error();
        return;
    }
    challenge_ = std::move(challenge.value());
    due_ = true;
}

Bytes ResponderAttempt::due() {
    if (!std::exchange(due_, false)) return {};
    sent_++;
    return challenge_;
}

bool ResponderAttempt::on_hello(Bytes datagram) {
    if (!handshake_.same_hello(datagram)) return false;
    if (sent_ < challenges_max) due_ = true;
    return true;
}

void ResponderAttempt::on_reject(const RejectPacket& packet) {
    if (packet.receiver_session != local_session_ || packet.mac != handshake_.reject_mac(packet)) return;
    verdict_ = make_error(ErrorCode::authentication_failed, Reason::unexpected_peer, ErrorOrigin::peer,
                          tr("the caller expected another node: its peer-node-id does not name this one"))
                   .proven();
}

Result<AuthProofPayload> ResponderAttempt::on_auth_proof(Bytes datagram) {
    Result<AuthProofPayload> proof = handshake_.read_auth_proof(datagram);
    if (proof.ok()) return proof;
    Error error = proof.error();
    error.origin = ErrorOrigin::peer;
    return error;
}

std::optional<Error> ResponderAttempt::failure(Time now) const {
    if (verdict_) return verdict_;
    if (now < deadline_) return std::nullopt;
    return make_error(ErrorCode::connection_timeout, Reason::handshake_timeout, ErrorOrigin::network,
                      tr("the caller did not complete the handshake in time"));
}

}  // namespace stt
