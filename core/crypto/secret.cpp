// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/secret.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace stt {

void initialise_sodium() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) std::abort();
}

void* allocate_secret(size_t size) {
    initialise_sodium();
    void* memory = sodium_malloc(size);
    // There is no fallback without memory for a key.
    if (!memory) std::abort();
    return memory;
}

void free_secret(void* memory) { sodium_free(memory); }

SecretBytes::SecretBytes(size_t size) : size_(size) {
    if (size == 0) return;
    data_.reset(static_cast<uint8_t*>(allocate_secret(size)));
    // sodium_malloc() does not report whether it could lock the memory, but a second sodium_mlock() does.
    locked_ = sodium_mlock(data_.get(), size) == 0;
    sodium_memzero(data_.get(), size);
}

SecretBytes SecretBytes::copy_of(Bytes bytes) {
    SecretBytes result(bytes.size());
    std::copy(bytes.begin(), bytes.end(), result.writable().begin());
    return result;
}

void SecretBytes::Wipe::operator()(uint8_t* memory) const { free_secret(memory); }

WipeOnExit::~WipeOnExit() { sodium_memzero(bytes_.data(), bytes_.size()); }

std::optional<SecretBytes> seed_from_hex(std::string_view hex) {
    if (hex.size() != 2 * seed_size) return std::nullopt;
    SecretBytes seed(seed_size);
    size_t size = 0;
    if (sodium_hex2bin(seed.writable().data(), seed_size, hex.data(), hex.size(), nullptr, &size, nullptr) !=
            0 ||
        size != seed_size)
        return std::nullopt;
    return seed;
}

bool long_enough(std::string_view passphrase) {
    const auto begins = [](char byte) { return (static_cast<uint8_t>(byte) & 0xc0) != 0x80; };
    return std::count_if(passphrase.begin(), passphrase.end(), begins) >= passphrase_min;
}

std::optional<SecretBytes> seed_from_passphrase(std::string_view passphrase) {
    if (!long_enough(passphrase)) return std::nullopt;
    // The values are 3 passes over 256 MiB: crypto_pwhash_*_MODERATE of libsodium 1.0.18. They are written
    // out because both ends must agree, even if their libraries' constants differ.
    constexpr unsigned long long passes = 3;
    constexpr std::array<uint8_t, crypto_pwhash_SALTBYTES> salt = {'S', 'T', 'T', ' ', 'p', 'a', 's', 's',
                                                                   'p', 'h', 'r', 'a', 's', 'e', ' ', '1'};
    SecretBytes seed(seed_size);
    if (crypto_pwhash(seed.writable().data(), seed_size, passphrase.data(), passphrase.size(), salt.data(),
                      passes, passphrase_memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return std::nullopt;
    return seed;
}

}  // namespace stt
