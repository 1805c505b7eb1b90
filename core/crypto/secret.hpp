// SPDX-License-Identifier: LGPL-2.1-or-later
/// Secrets in locked memory that is wiped when they go.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/bytes.hpp"

namespace stt {

/// Bytes in memory that is never swapped out nor dumped (sodium_malloc: locked, guarded, wiped on release).
/// Move-only; a moved-from one is empty. Ends the process when there is no memory at all. When the lock limit
/// is exhausted the memory is still guarded and wiped, and locked() says false.
class SecretBytes {
  public:
    SecretBytes() = default;
    SecretBytes(SecretBytes&& other) noexcept { swap(other); }
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        SecretBytes(std::move(other)).swap(*this);
        return *this;
    }
    /// `size` zero bytes.
    explicit SecretBytes(size_t size);
    static SecretBytes copy_of(Bytes bytes);

    bool empty() const { return size_ == 0; }
    size_t size() const { return size_; }
    /// Whether the memory is kept from the swap; an empty one is.
    bool locked() const { return locked_; }
    Bytes bytes() const { return {data_.get(), size_}; }
    MutableBytes writable() { return {data_.get(), size_}; }
    SecretBytes clone() const { return copy_of(bytes()); }

  private:
    void swap(SecretBytes& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(locked_, other.locked_);
    }
    struct Wipe {
        void operator()(uint8_t* memory) const;
    };
    std::unique_ptr<uint8_t, Wipe> data_;
    size_t size_ = 0;
    bool locked_ = true;
};

/// Memory for a secret of `size` bytes, a multiple of 16 where alignment matters; never null. Goes back with
/// free_secret, which wipes it.
void* allocate_secret(size_t size);
void free_secret(void* memory);

/// Makes libsodium ready, once for the process; everything in this room that needs it does so itself.
void initialise_sodium();

/// Wipes a buffer on the stack when its scope ends.
class WipeOnExit {
  public:
    explicit WipeOnExit(MutableBytes bytes) : bytes_(bytes) {}
    ~WipeOnExit();
    WipeOnExit(const WipeOnExit&) = delete;
    WipeOnExit& operator=(const WipeOnExit&) = delete;

  private:
    MutableBytes bytes_;
};

inline constexpr size_t seed_size = 32;

/// The shared seed: 64 hex digits in, 32 secret bytes out; null for anything else.
std::optional<SecretBytes> seed_from_hex(std::string_view hex);

inline constexpr ptrdiff_t passphrase_min = 14;                 ///< characters (of UTF-8), not bytes
inline constexpr size_t passphrase_memory = size_t{256} << 20;  ///< bytes taken while one is stretched
bool long_enough(std::string_view passphrase);
/// A seed stretched from `passphrase` with Argon2id (fixed salt: both ends must get the same seed; what that
/// costs is in docs/security.md). Takes about a second: never on a streaming or I/O thread. Null when the
/// passphrase is too short or memory runs out.
std::optional<SecretBytes> seed_from_passphrase(std::string_view passphrase);

}  // namespace stt
