// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sealing and opening a session's packets, the keys for it and their renewal.
#pragma once

#include <memory>
#include <optional>

#include "core/crypto/handshake.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// One AEAD key. OpenSSL's implementation: measured 2.7 times as fast as libsodium 1.0.18's at 1,400 bytes
/// with AES-256-GCM, and it is the innermost loop (docs/architecture.md).
class AeadKey {
  public:
    /// `secret` is a traffic secret of 32 bytes; key and IV are derived from it.
    static Result<AeadKey> derive(Cipher cipher, Bytes secret);
    /// `key` is 32 bytes, `iv` 12.
    static Result<AeadKey> from_key(Cipher cipher, Bytes key, Bytes iv);
    AeadKey(AeadKey&&) noexcept;
    AeadKey& operator=(AeadKey&&) noexcept;
    ~AeadKey();

    /// Seals in place: `text` becomes ciphertext, the tag goes to `tag` (aead_tag_size bytes).
    void seal(uint64_t number, Bytes aad, MutableBytes text, MutableBytes tag);
    /// Opens in place. False, with `text` as it was, when the tag does not fit: the caller may still want to
    /// know whether the checksum over the ciphertext fits.
    bool open(uint64_t number, Bytes aad, MutableBytes text, Bytes tag);

  private:
    AeadKey();
    struct State;
    std::unique_ptr<State> state_;
};

/// Which packet numbers have been seen (RFC 4303, appendix A; window of `size` numbers).
class ReplayWindow {
  public:
    static constexpr uint64_t size = 8192;
    /// Whether `number` is neither seen nor too old.
    bool fresh(uint64_t number) const;
    void record(uint64_t number);
    uint64_t highest() const { return highest_; }
    bool any() const { return any_; }

  private:
    std::array<uint64_t, size / 64> bits_{};
    uint64_t highest_ = 0;
    bool any_ = false;
};

/// Both directions of one session's packet protection. Keys are renewed after `renew_packets` packets in
/// either direction or `renew_after`, whichever is first, at the next packet sealed. The caller begins a
/// renewal, the responder follows with its own direction once a packet of the caller's next phase opened, and
/// the caller begins no other before it saw that: so neither side is ever two phases behind, whatever is
/// lost, and one bit suffices. The phase before stays for packets still under way.
class PacketProtection {
  public:
    /// AES-GCM: confidentiality limit 2^23 packets (RFC 9001, section 6.6), with a margin of two.
    static constexpr uint64_t renew_packets = uint64_t{1} << 22;
    static constexpr Duration renew_after = 120s;
    /// Packets that may fail to open before a session must end (integrity limit; 2^36 for ChaCha20-Poly1305,
    /// 2^52 for AES-GCM; the smaller for both).
    static constexpr uint64_t integrity_limit = uint64_t{1} << 36;

    /// Takes the keys out of `secrets`. `renew_every` is renew_packets but in tests.
    static Result<PacketProtection> create(HandshakeSecrets& secrets, Time now,
                                           uint64_t renew_every = renew_packets);

    /// Seals `packet`, laid out as session header, plaintext, room for the tag. Writes header and checksum.
    /// `number` must be the successor of the last one.
    void seal(Time now, SessionId receiver, uint64_t number, MutableBytes packet);

    enum class Opened { ok, duplicate, refused };
    struct OpenResult {
        Opened verdict;
        uint64_t number = 0;
        MutableBytes payload;       ///< plaintext, in place
        bool checksum_fits = true;  ///< refused: the packet is as it was sent, so it is no line noise
    };
    /// Opens a session packet in place, checks replay and records it. Tries one key, once, whatever the
    /// packet says. A packet that is not `ok` is left as it was.
    OpenResult open(Time now, MutableBytes packet);

    uint64_t failures() const { return failures_; }
    /// Number of key renewals of our direction so far.
    uint64_t send_phase() const { return send_phase_; }
    Cipher cipher() const { return cipher_; }
    const ReplayWindow& received() const { return received_; }

  private:
    PacketProtection() = default;
    void renew_send(Time now, uint64_t number);
    bool renewal_due(Time now, uint64_t number) const;
    // Null when the packet cannot be of any phase whose key is kept.
    AeadKey* receive_key(bool odd, uint64_t number);
    void follow_peer(uint64_t number);

    bool caller_ = false;
    uint64_t renew_every_ = renew_packets;
    Cipher cipher_ = Cipher::chacha20_poly1305;
    SecretBytes send_secret_;          // of the current phase, to derive the next from
    SecretBytes receive_next_secret_;  // of the phase after the current
    std::optional<AeadKey> send_, receive_previous_, receive_, receive_next_;
    uint64_t send_phase_ = 0, receive_phase_ = 0;
    uint64_t send_phase_first_ = 0;     // packet number that began the phase
    uint64_t receive_phase_first_ = 0;  // lowest number opened with the current phase
    Time send_phase_since_{};
    ReplayWindow received_;
    uint64_t failures_ = 0;
};

}  // namespace stt
