// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/retry.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stt {
namespace {

class SeededRandom : public Random {
  public:
    explicit SeededRandom(uint64_t seed) : generator_(seed) {}
    void fill(MutableBytes out) override {
        for (uint8_t& byte : out) byte = static_cast<uint8_t>(generator_());
    }

  private:
    std::mt19937_64 generator_;
};

constexpr Time begin{100s};

TEST(Retry, DelaysDoubleUpToTheLargestAndVary) {
    SeededRandom random(1);
    Retry retry({.initial_delay = 1s, .max_delay = 8s, .give_up_after = 24h}, random);
    retry.start(begin);
    bool varied = false;
    for (const Duration full : {1s, 2s, 4s, 8s, 8s, 8s}) {
        const auto delay = retry.next_delay(begin);
        ASSERT_TRUE(delay);
        EXPECT_LE(*delay, full);
        EXPECT_GE(*delay, full * 4 / 5);
        varied = varied || *delay != full;
    }
    EXPECT_TRUE(varied);
    retry.start(begin);
    EXPECT_LE(*retry.next_delay(begin), 1s);
}

TEST(Retry, GivesUpWhenTheTimeIsUpAndNotEarlier) {
    SeededRandom random(2);
    Retry retry({.give_up_after = 50s}, random);
    retry.start(begin);
    Time now = begin;
    Duration longest{};
    while (const auto delay = retry.next_delay(now)) {
        now += *delay;
        longest = std::max(longest, *delay);
        if (retry.remaining(now) == 0s) break;
    }
    EXPECT_EQ(now, begin + 50s);
    EXPECT_LE(longest, 16s) << "a peer that is back must be noticed";
    EXPECT_FALSE(retry.next_delay(now));
}

TEST(Retry, NoTimeLimitIsNone) {
    SeededRandom random(5);
    Retry retry({.give_up_after = 0s}, random);
    retry.start(begin);
    EXPECT_GT(retry.remaining(begin + 24h), 24h);
    EXPECT_TRUE(retry.next_delay(begin + 24h));
}

TEST(Retry, CountsRetries) {
    SeededRandom random(3);
    Retry retry({.give_up_after = 24h, .max_retries = 2}, random);
    retry.start(begin);
    EXPECT_TRUE(retry.next_delay(begin));
    EXPECT_TRUE(retry.next_delay(begin));
    EXPECT_FALSE(retry.next_delay(begin));
    retry.start(begin);
    EXPECT_TRUE(retry.next_delay(begin));

    Retry never({.max_retries = 0}, random);
    never.start(begin);
    EXPECT_FALSE(never.next_delay(begin));
}

TEST(Retry, CountsAttempts) {
    SeededRandom random(4);
    Retry retry({}, random);
    retry.start(begin);
    retry.begin_attempt();
    retry.begin_attempt();
    EXPECT_EQ(retry.attempt(), 2u);
    retry.start(begin);
    EXPECT_EQ(retry.attempt(), 0u);
}

}  // namespace
}  // namespace stt
