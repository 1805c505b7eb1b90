// SPDX-License-Identifier: LGPL-2.1-or-later
/// The Noise Protocol Framework (revision 34) for the one family of patterns used here: XX with pre-shared
/// keys over 25519, ChaChaPoly and SHA512. Everything below a handshake message's meaning.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/identity.hpp"

namespace stt {

/// A handshake in progress. Messages must be written and read strictly in turn; after an error the object is
/// of no more use.
class NoiseHandshake {
  public:
    struct Config {
        bool initiator = false;
        /// XX's modifiers, such as "psk0" (STT's), "" or "psk3"; the others exist for the public test
        /// vectors.
        std::string_view psk_modifiers = "psk0";
        Bytes prologue;
        std::vector<Bytes>
            psks;  ///< one of 32 bytes for each modifier, in order; not kept beyond the object's life
        const Identity* identity = nullptr;  ///< outlives the object
        /// Fixed ephemeral secret for test vectors; otherwise drawn from `random`.
        Bytes ephemeral_for_tests;
        Random* random = nullptr;  ///< outlives the object
    };
    explicit NoiseHandshake(const Config& config);
    /// A responder's handshake with its first message already read into `payload`; null when that does not
    /// open. Cheap to try, with one psk after another: locked memory is taken only for what opened.
    static std::optional<NoiseHandshake> open_first(const Config& config, Bytes message,
                                                    std::vector<uint8_t>& payload);
    ~NoiseHandshake();
    NoiseHandshake(NoiseHandshake&&) noexcept;
    NoiseHandshake& operator=(NoiseHandshake&&) noexcept;

    /// The same handshake once more, so that a message can be tried and the state before it kept.
    NoiseHandshake clone() const;

    /// Bytes the next message adds to its payload: keys and tags.
    size_t overhead() const;
    /// Appends the next message, with `payload` inside, to `out`. Fails, with `out` as it was, when X25519
    /// gives zero.
    Status write_message(Bytes payload, std::vector<uint8_t>& out);
    /// Reads the next message and returns its payload. A message that does not open is encryption_error.
    Result<std::vector<uint8_t>> read_message(Bytes message);

    bool complete() const;
    /// Once complete(): the two transport keys of 32 bytes, initiator→responder first.
    struct Keys {
        SecretBytes initiator_to_responder;
        SecretBytes responder_to_initiator;
    };
    Keys split() const;
    /// Once complete(): 32 more secret bytes that only this handshake's two ends know, one for each `label`.
    SecretBytes export_secret(std::string_view label) const;
    /// Names the finished handshake, the same on both sides (64 bytes).
    Bytes handshake_hash() const;
    /// The peer's proven static key; null before the message that carries it.
    std::optional<NodeId> remote_static() const;

  private:
    struct State;
    explicit NoiseHandshake(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// HKDF as Noise defines it (HMAC-SHA512), shared with the key schedule. Each output has at most 64 bytes; a
/// shorter one takes the start of its 64. At most 255 outputs.
void noise_hkdf(Bytes chaining_key, Bytes input, std::span<const MutableBytes> outputs);

/// One secret from another: 32 bytes of noise_hkdf(secret, label).
SecretBytes derive_secret(Bytes secret, std::string_view label);

}  // namespace stt
