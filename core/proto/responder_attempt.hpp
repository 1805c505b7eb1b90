// SPDX-License-Identifier: LGPL-2.1-or-later
/// A responder's side of a handshake, from a HELLO that was opened to the caller's AUTH_PROOF.
/// HandshakeConfirmation handles FINAL, which confirms the handshake to the caller.
#pragma once

#include <optional>
#include <vector>

#include "core/crypto/handshake.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class ResponderAttempt {
  public:
    /// The largest number of CHALLENGEs sent in answer to repeated HELLOs. It suffices for ten seconds of
    /// HELLOs at the rate of silence probes. A HELLO is larger than a CHALLENGE, so this never amplifies, but
    /// it must be finite.
    static constexpr unsigned challenges_max = 128;

    /// Answers `hello`, which has been opened; its CHALLENGE is due. `limits` are those of this side.
    ResponderAttempt(Now now, ResponderHandshake hello, SessionId local_session, const SessionLimits& limits,
                     const SessionConfig& config);

    /// Returns the CHALLENGE once when it is due, and an empty span otherwise. The span is valid as long as
    /// the object.
    Bytes due();
    /// Returns when the attempt fails if the caller does not complete it.
    Time next_timeout() const { return deadline_; }

    /// Handles another HELLO of the attempt. Returns false if it is not the same HELLO. The caller then made
    /// a new one because it received a cookie or the time after this attempt had begun, or it is forged. It
    /// must be opened first.
    bool on_hello(Bytes datagram);
    /// Handles a REJECT of the attempt. One that was not sent by the caller is ignored.
    void on_reject(const RejectPacket& packet);
    /// Opens AUTH_PROOF. An error whose origin is the peer changes nothing, because anybody can send one that
    /// cannot be opened.
    Result<AuthProofPayload> on_auth_proof(Bytes datagram);

    /// Returns the authenticated identity of the caller. Only after on_auth_proof().
    NodeId peer() const { return handshake_.peer(); }
    /// Returns whether `mac` proves that the caller knows `resume_secret` (32 bytes). Only after
    /// on_auth_proof().
    bool resume_mac_fits(Bytes resume_secret, const std::array<uint8_t, 32>& mac) const {
        return handshake_.resume_mac_fits(resume_secret, mac);
    }
    /// May be called once, after on_auth_proof().
    HandshakeSecrets take_secrets() { return handshake_.finish(); }

    /// Returns why the attempt has failed, if it has by now.
    std::optional<Error> failure(Time now) const;

  private:
    ResponderHandshake handshake_;
    SessionId local_session_;
    Time deadline_;
    std::vector<uint8_t> challenge_;  // sent again when the HELLO is repeated
    bool due_ = false;
    unsigned sent_ = 0;
    std::optional<Error> verdict_;
};

}  // namespace stt
