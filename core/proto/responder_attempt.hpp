// SPDX-License-Identifier: LGPL-2.1-or-later
/// A responder's side of a handshake: from a HELLO that opened to the caller's AUTH_PROOF. FINAL, which
/// confirms it to the caller, is HandshakeConfirmation.
#pragma once

#include <optional>
#include <vector>

#include "core/crypto/handshake.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class ResponderAttempt {
  public:
    /// How often the CHALLENGE is repeated for a HELLO that comes again: for ten seconds of HELLOs at the
    /// rate of silence probes, and some. A HELLO is larger than a CHALLENGE, so this never amplifies, but it
    /// need not go on for ever either.
    static constexpr unsigned challenges_max = 128;

    /// An answer to `hello`, which opened; its CHALLENGE is due. `limits`: ours.
    ResponderAttempt(Now now, ResponderHandshake hello, SessionId local_session, const SessionLimits& limits,
                     const SessionConfig& config);

    /// The CHALLENGE if it is due, once; else an empty span. Valid as long as the object.
    Bytes due();
    /// When the attempt fails if the caller does not complete it.
    Time next_timeout() const { return deadline_; }

    /// Another HELLO of the attempt. False: it is a new one, made because the caller was sent a cookie or the
    /// time after this attempt had begun, or forged: it must be opened first.
    bool on_hello(Bytes datagram);
    /// Of the attempt. One that is not the caller's is ignored.
    void on_reject(const RejectPacket& packet);
    /// An error, whose origin is the peer, changes nothing: anybody can send one that does not open.
    Result<AuthProofPayload> on_auth_proof(Bytes datagram);

    /// After on_auth_proof: the caller's proven identity.
    NodeId peer() const { return handshake_.peer(); }
    /// After on_auth_proof: whether `mac` proves that the caller knows `resume_secret` (32 bytes).
    bool resume_mac_fits(Bytes resume_secret, const std::array<uint8_t, 32>& mac) const {
        return handshake_.resume_mac_fits(resume_secret, mac);
    }
    /// After on_auth_proof, once.
    HandshakeSecrets take_secrets() { return handshake_.finish(); }

    /// Why the attempt has failed, if it has by now.
    std::optional<Error> failure(Time now) const;

  private:
    ResponderHandshake handshake_;
    SessionId local_session_;
    Time deadline_;
    std::vector<uint8_t> challenge_;  // to be sent again when the HELLO comes again
    bool due_ = false;
    unsigned sent_ = 0;
    std::optional<Error> verdict_;
};

}  // namespace stt
