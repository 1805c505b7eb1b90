// SPDX-License-Identifier: LGPL-2.1-or-later
/// Seals and opens the packets of a session, and derives and renews the keys for that.
#pragma once

#include <memory>
#include <optional>

#include "core/crypto/handshake.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// One AEAD key. It uses OpenSSL, because sealing is the innermost loop: with AES-256-GCM at 1,400 bytes,
/// OpenSSL was measured to be 2.7 times as fast as libsodium 1.0.18 (docs/architecture.md).
class AeadKey {
  public:
    /// Derives key and IV from `secret`, a traffic secret of 32 bytes. Fails when OpenSSL cannot set up the
    /// cipher.
    static Result<AeadKey> derive(Cipher cipher, Bytes secret);
    /// `key` is 32 bytes, and `iv` is 12 bytes.
    static Result<AeadKey> from_key(Cipher cipher, Bytes key, Bytes iv);
    AeadKey(AeadKey&&) noexcept;
    AeadKey& operator=(AeadKey&&) noexcept;
    ~AeadKey();

    /// Seals in place: `text` becomes the ciphertext, and `tag` (aead_tag_size bytes) receives the tag.
    void seal(uint64_t number, Bytes aad, MutableBytes text, MutableBytes tag);
    /// Opens in place. Returns false when the tag does not fit, and then leaves `text` unchanged: the caller
    /// may still want to check the checksum over the ciphertext.
    bool open(uint64_t number, Bytes aad, MutableBytes text, Bytes tag);

  private:
    AeadKey();
    struct State;
    std::unique_ptr<State> state_;
};

/// Records which packet numbers have been received, in a window of `size` numbers (RFC 4303, appendix A).
class ReplayWindow {
  public:
    static constexpr uint64_t size = 8192;
    /// Whether `number` has not been received and is not too old.
    bool fresh(uint64_t number) const;
    void record(uint64_t number);
    uint64_t highest() const { return highest_; }
    bool any() const { return any_; }

  private:
    std::array<uint64_t, size / 64> bits_{};
    uint64_t highest_ = 0;
    bool any_ = false;
};

/// The packet protection of both directions of a session. Keys are renewed with the next packet sealed after
/// `renew_packets` packets in either direction or after `renew_after`, whichever comes first.
///
/// The caller starts a renewal. The responder follows with its own direction once it has opened a packet of
/// the caller's next phase. The caller starts no other renewal before it has seen the responder follow.
/// Neither side is therefore ever two phases behind, whatever is lost, and one bit suffices to name the
/// phase. The previous phase's key is kept for packets still in flight.
class PacketProtection {
  public:
    /// Half the confidentiality limit of AES-GCM, which is 2^23 packets (RFC 9001, section 6.6).
    static constexpr uint64_t renew_packets = uint64_t{1} << 22;
    static constexpr Duration renew_after = 120s;
    /// The number of packets that may fail to open before a session must end: the integrity limit. It is 2^36
    /// for ChaCha20-Poly1305 and 2^52 for AES-GCM (RFC 9001, section 6.6); the smaller one is used for both.
    static constexpr uint64_t integrity_limit = uint64_t{1} << 36;

    /// Takes the keys out of `secrets`. `renew_every` differs from renew_packets only in tests.
    static Result<PacketProtection> create(HandshakeSecrets& secrets, Time now,
                                           uint64_t renew_every = renew_packets);

    /// Seals `packet`, which consists of space for the session header, the plaintext and space for the tag.
    /// Writes the header, with the session id `receiver`, and the checksum. `number` must be the successor of
    /// the previous one.
    void seal(Time now, SessionId receiver, uint64_t number, MutableBytes packet);

    enum class Opened { ok, duplicate, refused };
    struct OpenResult {
        Opened verdict;
        uint64_t number = 0;
        MutableBytes payload;       ///< plaintext, in place
        bool checksum_fits = true;  ///< false when a refused packet was damaged in transit
    };
    /// Opens a session packet in place, checks it for replay and records its number. It tries only one key,
    /// and only once, whatever the packet contains. A packet that is not `ok` is left unchanged.
    OpenResult open(Time now, MutableBytes packet);

    uint64_t failures() const { return failures_; }
    /// The number of key renewals of the sending direction so far.
    uint64_t send_phase() const { return send_phase_; }
    Cipher cipher() const { return cipher_; }
    const ReplayWindow& received() const { return received_; }

  private:
    PacketProtection() = default;
    void renew_send(Time now, uint64_t number);
    bool renewal_due(Time now, uint64_t number) const;
    // Null when the packet cannot belong to any phase whose key is kept.
    AeadKey* receive_key(bool odd, uint64_t number);
    void follow_peer(uint64_t number);

    bool caller_ = false;
    uint64_t renew_every_ = renew_packets;
    Cipher cipher_ = Cipher::chacha20_poly1305;
    SecretBytes send_secret_;          // of the current phase; the next one is derived from it
    SecretBytes receive_next_secret_;  // of the phase after the current
    std::optional<AeadKey> send_, receive_previous_, receive_, receive_next_;
    uint64_t send_phase_ = 0, receive_phase_ = 0;
    uint64_t send_phase_first_ = 0;     // the packet number that began the phase
    uint64_t receive_phase_first_ = 0;  // the lowest number opened with the key of the current phase
    Time send_phase_since_{};
    ReplayWindow received_;
    uint64_t failures_ = 0;
};

}  // namespace stt
