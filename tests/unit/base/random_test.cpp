// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>

namespace stt {
namespace {

TEST(Random, FillsEverythingDifferently) {
    std::set<std::array<uint8_t, 32>> seen;
    unsigned ones = 0;
    for (int i = 0; i < 1000; i++) {
        std::array<uint8_t, 32> bytes{};
        system_random().fill(bytes);
        for (uint8_t byte : bytes) ones += static_cast<unsigned>(std::popcount(byte));
        seen.insert(bytes);
    }
    EXPECT_EQ(seen.size(), 1000u);
    // 256,000 fair coins: 253 is one standard deviation; ten of them never happen.
    EXPECT_NEAR(ones, 128000, 2530);
}

TEST(Random, StaysWithinTheBuffer) {
    std::array<uint8_t, 8> bytes{};
    system_random().fill(MutableBytes(bytes).subspan(2, 0));
    EXPECT_EQ(bytes, (std::array<uint8_t, 8>{}));
}

TEST(Random, MakesNumbersFromItsBytes) {
    struct Counting final : Random {
        void fill(MutableBytes out) override {
            for (uint8_t& byte : out) byte = 0x5a;
        }
    } random;
    EXPECT_EQ(random.u64(), 0x5a5a5a5a5a5a5a5au);
}

}  // namespace
}  // namespace stt
