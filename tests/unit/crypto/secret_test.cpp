// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/secret.hpp"

#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "core/crypto/identity.hpp"

namespace stt {
namespace {

TEST(SecretBytes, holds_moves_and_copies) {
    const std::array<uint8_t, 3> bytes{1, 2, 3};
    SecretBytes secret = SecretBytes::copy_of(bytes);
    EXPECT_EQ(to_hex(secret.bytes()), "010203");
    SecretBytes copy = secret.clone();
    SecretBytes moved = std::move(secret);
    EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): what it promises
    EXPECT_EQ(secret.bytes().size(), 0u);
    EXPECT_EQ(to_hex(moved.bytes()), "010203");
    copy.writable()[0] = 9;
    EXPECT_EQ(to_hex(moved.bytes()), "010203");
    copy = std::move(moved);
    EXPECT_EQ(to_hex(copy.bytes()), "010203");
    EXPECT_EQ(to_hex(SecretBytes(2).bytes()), "0000");
    EXPECT_TRUE(SecretBytes(0).empty());
}

// AddressSanitizer and ThreadSanitizer make mlock do nothing, and say that it did.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool mlock_works = false;
#elif defined(__has_feature)
constexpr bool mlock_works = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool mlock_works = true;
#endif

// Linux's flags of the mapping that holds `address`; empty when it is not mapped.
std::string mapping_flags(const void* address) {
    std::ifstream maps("/proc/self/smaps");
    const auto wanted = reinterpret_cast<uintptr_t>(address);
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        uintptr_t from = 0, to = 0;
        char dash = 0;
        std::istringstream range(line);
        if (range >> std::hex >> from >> dash >> to && dash == '-') inside = from <= wanted && wanted < to;
        if (inside && line.starts_with("VmFlags:")) return line + " ";
    }
    return {};
}

TEST(SecretBytes, is_locked_left_out_of_dumps_and_gone_when_released) {
    auto secret = std::make_unique<SecretBytes>(32);
    const void* address = secret->bytes().data();
    const std::string flags = mapping_flags(address);
    ASSERT_FALSE(flags.empty());
    if (mlock_works) {
        EXPECT_EQ(secret->locked(), flags.find(" lo ") != std::string::npos) << flags;
    }
    EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
    const auto page = reinterpret_cast<uintptr_t>(address) & ~static_cast<uintptr_t>(getpagesize() - 1);
    EXPECT_EQ(msync(reinterpret_cast<void*>(page), 1, MS_ASYNC), 0);
    secret.reset();
    EXPECT_NE(msync(reinterpret_cast<void*>(page), 1, MS_ASYNC), 0);
}

TEST(SecretBytes, wipes_scratch_at_the_end_of_its_scope) {
    std::array<uint8_t, 32> scratch;
    scratch.fill(7);
    { const WipeOnExit wipe(scratch); }
    EXPECT_EQ(scratch, (std::array<uint8_t, 32>{}));
}

TEST(Seed, is_64_hex_digits) {
    const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eFF";
    const auto seed = seed_from_hex(hex);
    ASSERT_TRUE(seed);
    EXPECT_EQ(to_hex(seed->bytes()), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff");
    EXPECT_FALSE(seed_from_hex(""));
    EXPECT_FALSE(seed_from_hex(hex.substr(1)));
    EXPECT_FALSE(seed_from_hex(hex + "00"));
    EXPECT_FALSE(seed_from_hex(hex.substr(2) + "0x"));
    EXPECT_FALSE(seed_from_hex(hex.substr(2) + " 1"));
}

TEST(Seed, short_passphrases_are_refused) {
    EXPECT_FALSE(seed_from_passphrase(""));
    EXPECT_FALSE(seed_from_passphrase("thirteen char"));
    EXPECT_FALSE(seed_from_passphrase("ппппппппппппп"));  // 13 characters, 26 bytes
}

// Both ends must get the same seed on any machine and with any version: golden.
TEST(Seed, passphrase_is_stretched_with_argon2id) {
    const auto seed = seed_from_passphrase("correct horse battery staple");
    ASSERT_TRUE(seed);
    EXPECT_EQ(to_hex(seed->bytes()), "b935b9a01765057cf755be78417c6916e3669d517e282ddeefb68505f573a93d");
}

}  // namespace
}  // namespace stt
