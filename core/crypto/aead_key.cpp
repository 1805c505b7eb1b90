// SPDX-License-Identifier: LGPL-2.1-or-later
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "core/crypto/protection.hpp"

namespace stt {
namespace {

constexpr size_t key_size = 32;
constexpr size_t iv_size = 12;
constexpr std::string_view packet_key_label = "stt packet key";

Error cipher_unavailable() {
    return make_error(ErrorCode::resource_exhausted, Reason::cipher, ErrorOrigin::local,
                      tr("OpenSSL cannot set up the packet cipher"));
}

}  // namespace

struct AeadKey::State {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    std::array<uint8_t, iv_size> iv{};

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        EVP_CIPHER_CTX_free(context);  // wipes the key
        sodium_memzero(iv.data(), iv.size());
    }

    // Only the IV differs between packets; the expanded key stays in the context (RFC 9001, section 5.3).
    bool begin(bool sealing, uint64_t number, Bytes aad) {
        std::array<uint8_t, iv_size> nonce = iv;
        for (size_t i = 0; i < sizeof number; i++)
            nonce[iv_size - 1 - i] ^= static_cast<uint8_t>(number >> (8 * i));
        int size = 0;
        return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), sealing) == 1 &&
               EVP_CipherUpdate(context, nullptr, &size, aad.data(), static_cast<int>(aad.size())) == 1;
    }
    bool transform(MutableBytes text) {
        int size = 0;
        return text.empty() ||
               EVP_CipherUpdate(context, text.data(), &size, text.data(), static_cast<int>(text.size())) == 1;
    }
    bool finish() {
        int size = 0;
        std::array<uint8_t, EVP_MAX_BLOCK_LENGTH> none;
        return EVP_CipherFinal_ex(context, none.data(), &size) == 1;
    }
};

AeadKey::AeadKey() : state_(std::make_unique<State>()) {}
AeadKey::AeadKey(AeadKey&&) noexcept = default;
AeadKey& AeadKey::operator=(AeadKey&&) noexcept = default;
AeadKey::~AeadKey() = default;

Result<AeadKey> AeadKey::from_key(Cipher cipher, Bytes key, Bytes iv) {
    AeadKey result;
    State& state = *result.state_;
    std::copy_n(iv.begin(), iv_size, state.iv.begin());
    const EVP_CIPHER* type = cipher == Cipher::aes256_gcm ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
    if (!state.context || EVP_CipherInit_ex(state.context, type, nullptr, key.data(), iv.data(), 1) != 1)
        return cipher_unavailable();
    return result;
}

Result<AeadKey> AeadKey::derive(Cipher cipher, Bytes secret) {
    SecretBytes key(key_size), iv(iv_size);
    const Bytes label(reinterpret_cast<const uint8_t*>(packet_key_label.data()), packet_key_label.size());
    noise_hkdf(secret, label, std::array{key.writable(), iv.writable()});
    return from_key(cipher, key.bytes(), iv.bytes());
}

void AeadKey::seal(uint64_t number, Bytes aad, MutableBytes text, MutableBytes tag) {
    const bool sealed = state_->begin(true, number, aad) && state_->transform(text) && state_->finish() &&
                        EVP_CIPHER_CTX_ctrl(state_->context, EVP_CTRL_AEAD_GET_TAG,
                                            static_cast<int>(tag.size()), tag.data()) == 1;
    // If OpenSSL ever fails here, the peer gets a packet that it cannot open, but no plaintext is sent.
    if (!sealed) sodium_memzero(text.data(), text.size());
}

bool AeadKey::open(uint64_t number, Bytes aad, MutableBytes text, Bytes tag) {
    // OpenSSL only reads the tag, although the parameter's type is not const.
    if (!state_->begin(false, number, aad) ||
        EVP_CIPHER_CTX_ctrl(state_->context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                            const_cast<uint8_t*>(tag.data())) != 1 ||
        !state_->transform(text))
        return false;
    if (state_->finish()) return true;
    // Both ciphers XOR a key stream with the text, so sealing the output restores the input.
    if (state_->begin(true, number, aad)) state_->transform(text);
    return false;
}

}  // namespace stt
