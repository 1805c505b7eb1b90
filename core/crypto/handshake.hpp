// SPDX-License-Identifier: LGPL-2.1-or-later
/// The handshake's messages, made and read: HELLO, CHALLENGE, AUTH_PROOF. No timers, no retransmission, no
/// tables; proto/ has those.
#pragma once

#include <memory>
#include <span>

#include "core/crypto/noise.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// What a finished handshake leaves behind.
struct HandshakeSecrets {
    SecretBytes send_key;     ///< 32 bytes, first traffic secret of our direction
    SecretBytes receive_key;  ///< 32 bytes
    Cipher cipher = Cipher::chacha20_poly1305;
    NodeId peer{};  ///< proven
    SessionName session{};
    SecretBytes resume_secret;  ///< 32 bytes; what a resumption proves to know
    bool caller = false;        ///< our role; the caller is who begins key renewals
};

/// Ciphers this machine should use: AES-256-GCM only with hardware for it.
CipherSet preferred_ciphers();

class CallerHandshake {
  public:
    /// `seed` is 32 bytes and copied; `identity` and `random` outlive the object.
    CallerHandshake(const Identity& identity, Bytes seed, const AttemptId& attempt, SessionId local_session,
                    CipherSet ciphers, Random& random);

    /// A HELLO of exactly datagram_min bytes with the time `wall`. Each call starts the handshake anew with a
    /// fresh ephemeral key and nonce; answers to earlier HELLOs of the attempt no longer count.
    std::vector<uint8_t> make_hello(WallTime wall, const Cookie& cookie);

    /// Reads the CHALLENGE that answers the last HELLO. On an error nothing has changed: a genuine CHALLENGE
    /// may still come. A CHALLENGE that does not open is handshake_failure, sub-code
    /// challenge_decrypt_failed.
    Result<ChallengePayload> read_challenge(Bytes datagram);
    /// After read_challenge: the responder's proven identity.
    const NodeId& peer() const { return peer_; }
    /// After read_challenge, once.
    std::vector<uint8_t> make_auth_proof(const AuthProofPayload& payload);
    /// After make_auth_proof, once.
    HandshakeSecrets finish();

    /// After read_challenge: proof of knowing `resume_secret` (32 bytes), good for this handshake only.
    std::array<uint8_t, 32> resume_mac(Bytes resume_secret) const;

    /// Whether `packet` bears the mac of somebody who has the seed.
    bool reject_is_authentic(const RejectPacket& packet) const;
    /// The mac for a REJECT of our own.
    RejectMac reject_mac(const RejectPacket& packet) const;

  private:
    const Identity& identity_;
    Random& random_;
    SecretBytes seed_;
    AttemptId attempt_;
    SessionId local_session_;
    SessionId responder_session_ = 0;
    CipherSet ciphers_;
    Cipher cipher_ = Cipher::chacha20_poly1305;
    NodeId peer_{};
    std::vector<uint8_t> challenge_hash_;  // the handshake hash after CHALLENGE
    std::optional<NoiseHandshake> noise_;
};

class ResponderHandshake {
  public:
    /// Opens a HELLO's sealed payload with each of `seeds` in turn; symmetric cryptography only. Null when
    /// none fits, that is: the caller has another seed. `identity` and `random` outlive the object.
    static std::optional<ResponderHandshake> open_hello(const Identity& identity,
                                                        std::span<const SecretBytes> seeds, Bytes datagram,
                                                        Random& random);

    const HelloHeader& header() const { return header_; }
    const HelloPayload& payload() const { return payload_; }
    /// Whether `datagram` is the HELLO opened here, come again, and not a new one of the same attempt.
    bool same_hello(Bytes datagram) const;

    /// The CHALLENGE; this is where X25519 happens. `limits` are ours. Null cipher choice is impossible:
    /// every node offers ChaCha20-Poly1305. Once.
    Result<std::vector<uint8_t>> make_challenge(SessionId local_session, const SessionLimits& limits,
                                                CipherSet ciphers, WallTime wall);

    /// Reads the AUTH_PROOF that answers make_challenge's CHALLENGE. On an error nothing has changed. One
    /// that does not open is handshake_failure, sub-code proof_verification_failed.
    Result<AuthProofPayload> read_auth_proof(Bytes datagram);
    /// After read_auth_proof: the caller's proven identity.
    NodeId peer() const { return *noise_->remote_static(); }
    /// After read_auth_proof: whether `mac` proves that the caller knows `resume_secret` (32 bytes).
    bool resume_mac_fits(Bytes resume_secret, const std::array<uint8_t, 32>& mac) const;
    /// After read_auth_proof, once.
    HandshakeSecrets finish();

    /// The mac for a REJECT in answer to this HELLO.
    RejectMac reject_mac(const RejectPacket& packet) const;

  private:
    ResponderHandshake() = default;
    const Identity* identity_ = nullptr;
    std::vector<uint8_t> challenge_hash_;  // the handshake hash after CHALLENGE
    HelloHeader header_;
    std::array<uint8_t, 32> ephemeral_{};  // the caller's, in the clear; every HELLO made has another
    HelloPayload payload_;
    SecretBytes seed_;
    SessionId local_session_ = 0;
    Cipher cipher_ = Cipher::chacha20_poly1305;
    std::optional<NoiseHandshake> noise_;
};

}  // namespace stt
