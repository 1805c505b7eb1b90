// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/loss_meter.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

struct LossMeterTest : testing::Test {
    /// `count` packets, evenly in a second, of which `lost` of a hundred are lost.
    unsigned pass(int64_t count, int64_t lost, unsigned seconds) {
        unsigned told = 0;
        for (int64_t i = 0; i < count * seconds; i++) {
            now += Duration(1s) / count;
            const bool gone = i * lost / 100 != (i + 1) * lost / 100;
            const auto finding = meter.add(now, gone ? 0 : 1, gone ? 1 : 0);
            if (!finding) continue;
            told++;
            last = *finding;
        }
        return told;
    }
    Time now{Duration(100s)};
    LossMeter meter;
    LossMeter::Finding last{};
};

TEST_F(LossMeterTest, TellsOnceAndThenSumsUp) {
    EXPECT_EQ(pass(200, 0, 20), 0u);
    EXPECT_EQ(pass(200, 30, 5), 1u);
    EXPECT_FALSE(last.again);
    EXPECT_NEAR(static_cast<double>(last.lost) / static_cast<double>(last.packets), 0.3, 0.02);
    EXPECT_GE(last.packets, LossMeter::packets_min);
    EXPECT_EQ(pass(200, 30, 50), 0u);
    EXPECT_EQ(pass(200, 30, 15), 1u);
    EXPECT_TRUE(last.again);
    EXPECT_GE(last.packets, 50 * 200);
    EXPECT_EQ(pass(200, 0, 30), 0u);
    EXPECT_EQ(pass(200, 30, 5), 1u) << "it is news again";
    EXPECT_FALSE(last.again);
}

TEST_F(LossMeterTest, ATenthIsNotYetWorthIt) {
    EXPECT_EQ(pass(200, 9, 60), 0u);
    EXPECT_EQ(pass(200, 13, 10), 1u);
}

TEST_F(LossMeterTest, NeitherAreASecondOrTwoNorAFewPackets) {
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(pass(500, 60, 2), 0u);
        EXPECT_EQ(pass(500, 0, 2), 0u);
    }
    EXPECT_EQ(pass(20, 50, 60), 0u);
}

TEST_F(LossMeterTest, AnOutageDoesNotCount) {
    for (int i = 0; i < 10; i++) {
        pass(200, 0, 3);
        const Time cut = now;
        for (int lost = 0; lost < 100; lost++) EXPECT_FALSE(meter.add(now += 50ms, 0, 1));
        EXPECT_FALSE(meter.add(now += 1ms, 1, 1000));
        EXPECT_GT(meter.counted_from(), cut);
    }
}

TEST_F(LossMeterTest, NorDoShortOnes) {
    for (int i = 0; i < 60; i++) {
        pass(500, 0, 1);
        EXPECT_FALSE(meter.add(now += 300ms, 1, 200));
        EXPECT_EQ(meter.counted_from(), now);
    }
    EXPECT_EQ(pass(200, 30, 5), 1u);
}

TEST(NumberGaps, CountsWhatIsMissing) {
    NumberGaps gaps;
    gaps.restart(10);
    EXPECT_EQ(gaps.on_arrival(10), 0);
    EXPECT_EQ(gaps.on_arrival(14), 3);
    EXPECT_EQ(gaps.on_arrival(12), -1);
    EXPECT_EQ(gaps.on_arrival(3), 0) << "before the beginning";
    EXPECT_EQ(gaps.on_arrival(15), 0);
}

}  // namespace
}  // namespace stt
