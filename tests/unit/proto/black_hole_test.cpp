// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/black_hole.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

using Finding = BlackHole::Finding;

constexpr Duration patience = 10s, round_trip = 20ms;
constexpr uint32_t small = 40, full = datagram_min;

struct BlackHoleTest : testing::Test {
    SentPacket packet(uint32_t size, bool mtu_probe = false) {
        SentPacket made;
        made.sent = now;
        made.size = size;
        made.mtu_probe = mtu_probe;
        made.ack_eliciting = true;
        return made;
    }
    /// Packets of `size` are sent and lost, and so many small ones arrive.
    Finding lose(uint32_t size, unsigned count, unsigned smaller_acked, bool mtu_probe = false) {
        Recovery::Outcome outcome;
        for (unsigned i = 0; i < count; i++) outcome.lost.push_back(packet(size, mtu_probe));
        for (unsigned i = 0; i < smaller_acked; i++) outcome.acked.push_back(packet(small));
        now += round_trip;
        return hole.on_outcome(now, current, outcome);
    }
    Finding arrive(uint32_t size) {
        Recovery::Outcome outcome;
        outcome.acked.push_back(packet(size));
        now += round_trip;
        return hole.on_outcome(now, current, outcome);
    }
    void make_narrow() {
        for (int i = 0; i < 4; i++) lose(full, 4, 2);
        ASSERT_TRUE(hole.narrow());
    }
    uint64_t current = datagram_min;
    BlackHole hole{patience};
    Time now{100s};
};

TEST_F(BlackHoleTest, ThreeRoundsOfLargeLossesShrinkTheSize) {
    current = 1472;
    EXPECT_EQ(lose(1472, 100, 10), Finding::none);
    EXPECT_EQ(lose(1472, 100, 10), Finding::none);
    arrive(full);
    EXPECT_EQ(lose(1472, 1, 10), Finding::shrunk);
    EXPECT_FALSE(hole.suspects());
}

TEST_F(BlackHoleTest, OneThatArrivesClearsThePath) {
    for (uint32_t size : {1472u, 1200u}) {
        current = size;
        for (int i = 0; i < 20; i++) {
            EXPECT_EQ(lose(size, 20, 10), Finding::none);
            EXPECT_EQ(lose(size, 20, 10), Finding::none);
            EXPECT_EQ(arrive(size), Finding::none);
        }
    }
}

TEST_F(BlackHoleTest, AtTheSmallestSizeItTakesManyLossesWhileSmallerPacketsArrive) {
    for (int i = 0; i < 20; i++) lose(full, 20, 0);
    EXPECT_FALSE(hole.narrow()) << "an outage";
    hole.reset();
    for (int i = 0; i < 7; i++) lose(full, 1, 1);
    EXPECT_FALSE(hole.narrow()) << "too few";
    lose(full, 1, 1);
    EXPECT_TRUE(hole.narrow());
}

TEST_F(BlackHoleTest, LossesOfOneFlightAreOneRound) {
    Recovery::Outcome outcome;
    for (int i = 0; i < 100; i++) outcome.lost.push_back(packet(full));
    outcome.acked.push_back(packet(small));
    for (int i = 0; i < 10; i++) {
        now += round_trip;
        hole.on_outcome(now, current, outcome);
    }
    EXPECT_FALSE(hole.narrow());
}

TEST_F(BlackHoleTest, ProbesOfTheSearchSayNothing) {
    for (int i = 0; i < 20; i++) EXPECT_EQ(lose(1472, 5, 5, true), Finding::none);
    EXPECT_FALSE(hole.suspects());
}

TEST_F(BlackHoleTest, ANarrowPathIsToldOnceAndGivenUpInTheEnd) {
    make_narrow();
    const Time since = now;
    Finding found = Finding::none;
    while ((found = lose(full, 1, 1, true)) == Finding::none) ASSERT_LE(now - since, 2s);
    EXPECT_EQ(found, Finding::too_narrow);
    EXPECT_GE(now - since, BlackHole::report_after - 2 * round_trip);
    while ((found = lose(full, 1, 1, true)) == Finding::none) ASSERT_LE(now - since, patience + 1s);
    EXPECT_EQ(found, Finding::lost);
    EXPECT_GE(now - since, patience - 2 * round_trip);
}

TEST_F(BlackHoleTest, ALastProbeThatIsSmallerCountsToo) {
    make_narrow();
    while (lose(900, 1, 1, true) != Finding::lost) ASSERT_LE(now, Time(100s) + patience + 2s);
}

TEST_F(BlackHoleTest, AFullPacketThatArrivesRestoresIt) {
    make_narrow();
    EXPECT_EQ(arrive(small), Finding::none);
    EXPECT_TRUE(hole.narrow());
    EXPECT_EQ(arrive(full), Finding::restored);
    EXPECT_FALSE(hole.narrow());
    EXPECT_EQ(arrive(full), Finding::none);
}

TEST_F(BlackHoleTest, ProbesAreOftenAtFirst) {
    EXPECT_EQ(hole.next_probe(), time_never);
    make_narrow();
    EXPECT_LE(hole.next_probe(), now);
    hole.on_probe_sent(now);
    EXPECT_EQ(hole.next_probe(), now + silence_probe_fast);
    now += silence_fast_for + 1s;
    hole.on_probe_sent(now);
    EXPECT_EQ(hole.next_probe(), now + silence_probe_slow);
}

}  // namespace
}  // namespace stt
