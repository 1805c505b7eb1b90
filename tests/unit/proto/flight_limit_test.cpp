// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/flight_limit.hpp"

#include <gtest/gtest.h>

#include "core/proto/recovery.hpp"

namespace stt {
namespace {

constexpr uint64_t packet = 1200, window = 1000 * packet;

struct FlightLimitTest : testing::Test {
    /// A round trip in which so many bytes arrive and get lost.
    void round(uint64_t acked, uint64_t lost) {
        limit.on_step({.acked = acked,
                       .lost = lost,
                       .any_acked = true,
                       .newest = next,
                       .next = next + 1,
                       .window = window,
                       .max_datagram = packet});
        next++;
    }
    FlightLimit limit;
    uint64_t next = 1;
};

TEST_F(FlightLimitTest, ARoundThatLosesNearlyAllIsFollowedByFewPackets) {
    round(100 * packet, 0);
    EXPECT_GE(limit.bytes(), window);
    round(40, 400 * packet);
    EXPECT_EQ(limit.bytes(), 4 * packet);
}

TEST_F(FlightLimitTest, TwiceWhatArrivedMayBeInFlight) {
    round(10 * packet, 151 * packet);
    EXPECT_EQ(limit.bytes(), 20 * packet);
}

TEST_F(FlightLimitTest, RandomLossAndShortRoundsAreNone) {
    round(10 * packet, 150 * packet);
    EXPECT_GE(limit.bytes(), window) << "94 %";
    round(40, 15 * packet);
    EXPECT_GE(limit.bytes(), window) << "too few to tell";
}

TEST_F(FlightLimitTest, ItGrowsByWhatArrivesAndEndsAtTheWindow) {
    round(40, 400 * packet);
    uint64_t expected = 4 * packet;
    while (2 * expected < window) {
        round(expected, 0);
        expected *= 2;
        EXPECT_EQ(limit.bytes(), expected);
    }
    round(expected, 0);
    EXPECT_GT(limit.bytes(), window);
}

TEST_F(FlightLimitTest, AnotherPathHasNone) {
    round(40, 400 * packet);
    limit.reset();
    EXPECT_GE(limit.bytes(), window);
}

TEST(FlightLimitOfRecovery, ASmallPacketThatArrivesReleasesNoFlight) {
    for (const auto algorithm : {CongestionAlgorithm::bbr, CongestionAlgorithm::cubic}) {
        Recovery recovery(make_congestion_controller(algorithm, packet));
        recovery.set_peer_ack_delay(5ms);
        Recovery::Outcome outcome;
        Time now{1s};
        const auto send = [&](uint32_t size) {
            recovery.on_sent(
                now, {.number = recovery.next_number(), .size = size, .ack_eliciting = true, .frames = {}});
            return recovery.next_number() - 1;
        };
        const auto acknowledge = [&](uint64_t first, uint64_t last) {
            AckFrame ack;
            ack.ranges.add({first, last});
            outcome = *recovery.on_ack(now, ack);
        };
        // Flights that double, as long as all goes well.
        for (int flight = 0; flight < 8; flight++) {
            const uint64_t first = recovery.next_number();
            while (recovery.in_flight() + packet <= recovery.window()) send(packet);
            now += 1ms;
            acknowledge(first, recovery.next_number() - 1);
        }
        ASSERT_GE(recovery.window(), 30 * packet);
        while (recovery.in_flight() + packet <= recovery.window()) send(packet);
        const uint64_t small = send(40);
        now += 20ms;
        acknowledge(small, small);
        EXPECT_LE(recovery.window(), 4 * packet) << recovery.controller().name();
        EXPECT_FALSE(outcome.lost.empty());
    }
}

}  // namespace
}  // namespace stt
