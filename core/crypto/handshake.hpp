// SPDX-License-Identifier: LGPL-2.1-or-later
/// Makes and reads the handshake's messages: HELLO, CHALLENGE and AUTH_PROOF. Timers, retransmission and the
/// tables of handshakes are in core/proto.
#pragma once

#include <memory>
#include <span>

#include "core/crypto/noise.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// The result of a completed handshake.
struct HandshakeSecrets {
    SecretBytes send_key;     ///< 32 bytes: the first traffic secret for sending
    SecretBytes receive_key;  ///< 32 bytes: the first traffic secret for receiving
    Cipher cipher = Cipher::chacha20_poly1305;
    NodeId peer{};  ///< authenticated
    SessionName session{};
    SecretBytes resume_secret;  ///< 32 bytes; a resumption proves knowledge of it
    bool caller = false;        ///< this node's role; only the caller starts key renewals
};

/// The ciphers this machine should use: AES-256-GCM only with hardware support for it.
CipherSet preferred_ciphers();

class CallerHandshake {
  public:
    /// `seed`, of 32 bytes, is copied. `identity` and `random` must outlive the object.
    CallerHandshake(const Identity& identity, Bytes seed, const AttemptId& attempt, SessionId local_session,
                    CipherSet ciphers, Random& random);

    /// Makes a HELLO of exactly datagram_min bytes with the time `wall`. Each call restarts the handshake
    /// with a fresh ephemeral key and nonce, so that answers to earlier HELLOs of the attempt are no longer
    /// accepted.
    std::vector<uint8_t> make_hello(WallTime wall, const Cookie& cookie);

    /// Reads the CHALLENGE that answers the last HELLO. An error leaves the state unchanged, because a
    /// genuine CHALLENGE may still arrive. For a CHALLENGE that cannot be opened, the error is
    /// handshake_failure with sub-code challenge_decrypt_failed.
    Result<ChallengePayload> read_challenge(Bytes datagram);
    /// The authenticated identity of the responder. Requires a successful read_challenge().
    const NodeId& peer() const { return peer_; }
    /// Makes the AUTH_PROOF. Must be called after read_challenge(), and only once.
    std::vector<uint8_t> make_auth_proof(const AuthProofPayload& payload);
    /// Takes the result. Must be called after make_auth_proof(), and only once.
    HandshakeSecrets finish();

    /// A proof of knowing `resume_secret` (32 bytes), which is valid for this handshake only. Requires a
    /// successful read_challenge().
    std::array<uint8_t, 32> resume_mac(Bytes resume_secret) const;

    /// Whether the MAC in `packet` was made with the seed.
    bool reject_is_authentic(const RejectPacket& packet) const;
    /// The MAC for a REJECT that this node sends.
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
    /// Opens the sealed payload of a HELLO, trying each of `seeds` in turn. Only symmetric cryptography is
    /// used. Null when no seed fits, which means that the caller has another one, or when the HELLO is
    /// malformed. `identity` and `random` must outlive the object.
    static std::optional<ResponderHandshake> open_hello(const Identity& identity,
                                                        std::span<const SecretBytes> seeds, Bytes datagram,
                                                        Random& random);

    const HelloHeader& header() const { return header_; }
    const HelloPayload& payload() const { return payload_; }
    /// Whether `datagram` is a repetition of the HELLO opened here, not a new HELLO of the same attempt.
    bool same_hello(Bytes datagram) const;

    /// Makes the CHALLENGE; this is where X25519 is computed. `limits` are those of this node. Fails with
    /// handshake_failure when no cipher is common, although every node offers ChaCha20-Poly1305, or when
    /// X25519 gives zero. Must be called only once.
    Result<std::vector<uint8_t>> make_challenge(SessionId local_session, const SessionLimits& limits,
                                                CipherSet ciphers, WallTime wall);

    /// Reads the AUTH_PROOF that answers the CHALLENGE. An error leaves the state unchanged. For an
    /// AUTH_PROOF that cannot be opened, the error is handshake_failure with sub-code
    /// proof_verification_failed.
    Result<AuthProofPayload> read_auth_proof(Bytes datagram);
    /// The authenticated identity of the caller. Requires a successful read_auth_proof().
    NodeId peer() const { return *noise_->remote_static(); }
    /// Whether `mac` proves that the caller knows `resume_secret` (32 bytes). Requires a successful
    /// read_auth_proof().
    bool resume_mac_fits(Bytes resume_secret, const std::array<uint8_t, 32>& mac) const;
    /// Takes the result. Must be called after read_auth_proof(), and only once.
    HandshakeSecrets finish();

    /// The MAC for a REJECT that answers this HELLO.
    RejectMac reject_mac(const RejectPacket& packet) const;

  private:
    ResponderHandshake() = default;
    const Identity* identity_ = nullptr;
    std::vector<uint8_t> challenge_hash_;  // the handshake hash after CHALLENGE
    HelloHeader header_;
    std::array<uint8_t, 32> ephemeral_{};  // the caller's, sent in the clear; different in every HELLO made
    HelloPayload payload_;
    SecretBytes seed_;
    SessionId local_session_ = 0;
    Cipher cipher_ = Cipher::chacha20_poly1305;
    std::optional<NoiseHandshake> noise_;
};

}  // namespace stt
