// SPDX-License-Identifier: LGPL-2.1-or-later
/// Secrets in locked memory, which is wiped when it is released.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/bytes.hpp"

namespace stt {

/// Bytes in memory that is neither swapped out nor dumped: sodium_malloc locks and guards it, and wipes it on
/// release. The class is move-only, and a moved-from object is empty. The process is aborted when no memory
/// is available at all. When the lock limit is exhausted, the memory is still guarded and wiped, and locked()
/// is false.
class SecretBytes {
  public:
    SecretBytes() = default;
    SecretBytes(SecretBytes&& other) noexcept { swap(other); }
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        SecretBytes(std::move(other)).swap(*this);
        return *this;
    }
    /// Allocates `size` bytes, all zero.
    explicit SecretBytes(size_t size);
    static SecretBytes copy_of(Bytes bytes);

    bool empty() const { return size_ == 0; }
    size_t size() const { return size_; }
    /// Whether the memory is kept out of swap; true for an empty object.
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

/// Allocates memory for a secret of `size` bytes, a multiple of 16 where alignment matters. Never returns
/// null. The memory must be released with free_secret(), which wipes it.
void* allocate_secret(size_t size);
void free_secret(void* memory);

/// Initialises libsodium once for the process. All code in this module that needs libsodium calls it.
void initialise_sodium();

/// Wipes a buffer on the stack at the end of the scope.
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

/// Decodes the shared seed from 64 hex digits to 32 bytes. Null for any other text.
std::optional<SecretBytes> seed_from_hex(std::string_view hex);

inline constexpr ptrdiff_t passphrase_min = 14;                 ///< in UTF-8 characters, not bytes
inline constexpr size_t passphrase_memory = size_t{256} << 20;  ///< bytes used while stretching
bool long_enough(std::string_view passphrase);
/// Stretches `passphrase` into a seed with Argon2id. The salt is fixed, because both ends must get the same
/// seed; docs/security.md describes the cost of that. It takes about a second, so it must never be called on
/// a streaming or I/O thread. Null when the passphrase is too short or memory runs out.
std::optional<SecretBytes> seed_from_passphrase(std::string_view passphrase);

}  // namespace stt
