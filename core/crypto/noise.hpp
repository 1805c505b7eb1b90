// SPDX-License-Identifier: LGPL-2.1-or-later
/// The Noise Protocol Framework (revision 34) for one family of patterns: XX with pre-shared keys, over
/// 25519, ChaChaPoly and SHA512. The meaning of the messages' payloads is left to the layer above.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/identity.hpp"

namespace stt {

/// A handshake in progress. Messages must be written and read strictly in turn. After an error the object
/// must not be used any more.
class NoiseHandshake {
  public:
    struct Config {
        bool initiator = false;
        /// The modifiers of XX, such as "psk0", "" or "psk3". STT uses "psk0"; the public test vectors use
        /// the others.
        std::string_view psk_modifiers = "psk0";
        Bytes prologue;
        /// One key of 32 bytes for each modifier, in order; copied, and wiped when the object is destroyed.
        std::vector<Bytes> psks;
        const Identity* identity = nullptr;  ///< must outlive the object
        /// A fixed ephemeral secret for test vectors. If it is empty, the secret is drawn from `random`.
        Bytes ephemeral_for_tests;
        Random* random = nullptr;  ///< must outlive the object
    };
    explicit NoiseHandshake(const Config& config);
    /// Makes a responder's handshake and reads the first message into `payload`. Null when the message cannot
    /// be opened. It is cheap to try one PSK after another: locked memory is allocated only for a message
    /// that was opened.
    static std::optional<NoiseHandshake> open_first(const Config& config, Bytes message,
                                                    std::vector<uint8_t>& payload);
    ~NoiseHandshake();
    NoiseHandshake(NoiseHandshake&&) noexcept;
    NoiseHandshake& operator=(NoiseHandshake&&) noexcept;

    /// A copy of the handshake, so that a message can be tried while the state before it is kept.
    NoiseHandshake clone() const;

    /// The number of bytes that the next message adds to its payload for keys and tags.
    size_t overhead() const;
    /// Appends the next message, which contains `payload`, to `out`. Fails when X25519 gives zero, and then
    /// leaves `out` unchanged.
    Status write_message(Bytes payload, std::vector<uint8_t>& out);
    /// Reads the next message and returns its payload. For a message that cannot be opened, the error is
    /// encryption_error.
    Result<std::vector<uint8_t>> read_message(Bytes message);

    bool complete() const;
    /// The two transport keys of 32 bytes. Requires complete().
    struct Keys {
        SecretBytes initiator_to_responder;
        SecretBytes responder_to_initiator;
    };
    Keys split() const;
    /// A further secret of 32 bytes for `label`, which only the two ends of this handshake know. Requires
    /// complete().
    SecretBytes export_secret(std::string_view label) const;
    /// The hash that names the completed handshake: 64 bytes, the same at both ends.
    Bytes handshake_hash() const;
    /// The authenticated static key of the peer; null before the message that carries it.
    std::optional<NodeId> remote_static() const;

  private:
    struct State;
    explicit NoiseHandshake(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// HKDF as Noise defines it (HMAC-SHA512), which the key schedule uses too. There are at most 255 outputs of
/// at most 64 bytes each. A shorter output is the beginning of its 64 bytes.
void noise_hkdf(Bytes chaining_key, Bytes input, std::span<const MutableBytes> outputs);

/// Derives a secret of 32 bytes from another one: noise_hkdf(secret, label).
SecretBytes derive_secret(Bytes secret, std::string_view label);

}  // namespace stt
