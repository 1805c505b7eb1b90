// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/loss_meter.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace stt {
namespace {

struct LossMeterTest : testing::Test {
    /// `count` packets a second, evenly, of which `lost` of a hundred are lost.
    unsigned pass(int64_t count, int64_t lost, double seconds) {
        unsigned reports = 0;
        const auto all = std::llround(static_cast<double>(count) * seconds);
        for (int64_t i = 0; i < all; i++) {
            now += Duration(1s) / count;
            const bool gone = i * lost / 100 != (i + 1) * lost / 100;
            if (!gone) meter.on_alive(now);
            const auto report =
                meter.add(now, {.arrived = gone ? 0 : 1, .lost = gone ? 1 : 0, .large = gone ? 0 : large});
            if (!report) continue;
            reports++;
            last = *report;
        }
        return reports;
    }
    Time now{Duration(100s)};
    LossMeter meter;
    int64_t large = 0;  // of a packet
    LossMeter::Report last{};
};

TEST_F(LossMeterTest, ReportsOnceAndThenSumsUp) {
    EXPECT_EQ(pass(200, 0, 20), 0u);
    EXPECT_EQ(pass(200, 30, 5), 1u);
    EXPECT_FALSE(last.again);
    EXPECT_NEAR(static_cast<double>(last.lost) / static_cast<double>(last.packets), 0.3, 0.02);
    EXPECT_GE(last.packets, LossMeter::packets_min);
    EXPECT_EQ(pass(200, 30, 50), 0u);
    EXPECT_EQ(pass(200, 30, 15), 1u);
    EXPECT_TRUE(last.again);
    EXPECT_NEAR(static_cast<double>(last.packets), 200 * std::chrono::duration<double>(last.within).count(),
                200)
        << "all since the last report";
    EXPECT_EQ(pass(200, 0, 30), 0u);
    EXPECT_EQ(pass(200, 30, 5), 1u) << "it is news again";
    EXPECT_FALSE(last.again);
}

TEST_F(LossMeterTest, SecondsInBetweenAreSummedUpAsWell) {
    EXPECT_EQ(pass(200, 30, 5), 1u);
    unsigned reports = 0;
    for (int i = 0; i < 10; i++) reports += pass(200, 0, 2) + pass(200, 40, 5);
    ASSERT_EQ(reports, 1u);
    EXPECT_TRUE(last.again);
    EXPECT_NEAR(static_cast<double>(last.packets), 200 * std::chrono::duration<double>(last.within).count(),
                200);
    EXPECT_LT(static_cast<double>(last.lost) / static_cast<double>(last.packets), 0.35);
}

TEST_F(LossMeterTest, ATenthIsNotYetWorthIt) {
    EXPECT_EQ(pass(200, 9, 60), 0u);
    EXPECT_EQ(pass(200, 13, 10), 1u);
}

TEST_F(LossMeterTest, NeitherIsASecondOrTwo) {
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(pass(500, 60, 2), 0u);
        EXPECT_EQ(pass(500, 0, 2), 0u);
    }
}

TEST_F(LossMeterTest, FewPacketsTakeLonger) {
    EXPECT_EQ(pass(20, 50, 14), 0u);
    EXPECT_EQ(pass(20, 50, 6), 1u);
    EXPECT_GE(last.packets, LossMeter::packets_min);
    EXPECT_EQ(pass(20, 50, 40), 0u) << "it is no news";
    EXPECT_EQ(pass(20, 50, 40), 1u);
    EXPECT_TRUE(last.again);
}

TEST_F(LossMeterTest, WhatIsTooLargeForThePathIsNotLost) {
    large = 1;
    EXPECT_EQ(pass(200, 0, 3), 0u);
    large = 0;
    EXPECT_EQ(pass(200, 50, 20), 0u);
    large = 1;
    EXPECT_EQ(pass(200, 50, 5), 1u);
}

TEST_F(LossMeterTest, WhatIsTooLargeFromTheFirstSecondOnIsNotLost) {
    large = 1;
    EXPECT_EQ(pass(20, 0, 1), 0u);
    large = 0;
    EXPECT_EQ(pass(200, 80, 20), 0u);
}

TEST_F(LossMeterTest, APathThatIsNarrowForAWhileLosesNothing) {
    large = 1;
    EXPECT_EQ(pass(200, 0, 3.2) + pass(200, 50, 0.4), 0u);
    large = 0;
    EXPECT_EQ(pass(200, 50, 10), 0u);
    large = 1;
    EXPECT_EQ(pass(200, 50, 0.4) + pass(200, 0, 10), 0u);
}

TEST_F(LossMeterTest, AStreamWithFewLargePacketsLosesThem) {
    const auto seconds = [this](int64_t lost, int count) {
        unsigned reports = 0;
        for (int i = 0; i < count; i++) {
            large = i % 3 == 0;
            reports += pass(200, lost, 1);
        }
        return reports;
    };
    EXPECT_EQ(seconds(0, 6), 0u);
    EXPECT_EQ(seconds(30, 12), 1u);
}

TEST_F(LossMeterTest, AStreamThatTurnsSmallAsTheLossBeginsIsReportedLater) {
    large = 1;
    EXPECT_EQ(pass(200, 0, 3), 0u);
    large = 0;
    EXPECT_EQ(pass(200, 50, 40), 1u);
}

TEST_F(LossMeterTest, ASilenceBeginsAnew) {
    for (int i = 0; i < 10; i++) {
        pass(200, 0, 3);
        const Time cut = now;
        for (int lost = 0; lost < 100; lost++) EXPECT_FALSE(meter.add(now += 50ms, {.lost = 1}));
        EXPECT_TRUE(meter.on_alive(now += 1ms));
        EXPECT_GT(meter.counted_from(), cut);
        EXPECT_FALSE(meter.on_alive(now));
    }
}

TEST(SentOutage, TookWhatLeftBetweenTwoThatArrived) {
    const Time begin{Duration(100s)};
    SentOutage outage;
    for (const Duration sent : {200ms, 0ms, 100ms}) outage.on_acked(begin + sent);
    outage.end_step();
    EXPECT_FALSE(outage.took(begin + 50ms));
    outage.on_acked(begin + 500ms);
    outage.end_step();
    EXPECT_TRUE(outage.took(begin + 300ms));
    EXPECT_FALSE(outage.took(begin + 150ms));
    EXPECT_FALSE(outage.took(begin + 550ms));
    outage.on_acked(begin + 600ms);
    outage.end_step();
    EXPECT_TRUE(outage.took(begin + 300ms)) << "it is found lost later";
}

TEST(NumberGaps, CountsWhatIsMissing) {
    Time now{Duration(100s)};
    NumberGaps gaps;
    EXPECT_EQ(gaps.on_arrival(now, 10), 0) << "the first";
    EXPECT_EQ(gaps.on_arrival(now, 14), 3);
    EXPECT_EQ(gaps.on_arrival(now, 12), -1);
    EXPECT_EQ(gaps.on_arrival(now, 3), 0) << "before the beginning";
    EXPECT_EQ(gaps.on_arrival(now += 100ms, 15), 0);
    EXPECT_EQ(gaps.on_arrival(now += 300ms, 100), 0) << "an outage";
    EXPECT_EQ(gaps.on_arrival(now, 60), 0);
    EXPECT_EQ(gaps.on_arrival(now, 102), 1);
}

}  // namespace
}  // namespace stt
