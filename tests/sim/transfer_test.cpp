// SPDX-License-Identifier: LGPL-2.1-or-later
// How fast and how fairly data flows, and what windows hold back.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

WorldConfig line(double megabits, Duration round_trip, double loss, CongestionAlgorithm congestion) {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    config.forward.rate = megabits * 1e6 / 8;
    // One bandwidth-delay product, but never less than a switch has.
    config.forward.queue = std::max<uint64_t>(
        64000,
        static_cast<uint64_t>(config.forward.rate * std::chrono::duration<double>(round_trip).count()));
    config.forward.loss = loss;
    config.forward.mtu = 1472;
    config.caller.congestion = config.listener.congestion = congestion;
    return config;
}

/// Payload in Mbit/s over `duration`, after `warm_up`.
double goodput(World& world, Duration warm_up, Duration duration) {
    world.caller.application.unacknowledged_max = 64 << 20;
    world.caller.send({.seed = 9, .payload = uint64_t{1} << 40, .message_max = 65536});
    world.run_for(warm_up);
    const uint64_t before = world.listener.received();
    world.run_for(duration);
    EXPECT_EQ(world.failure(), "");
    const uint64_t bytes = world.listener.received() - before;
    return static_cast<double>(bytes) * 8e-6 / std::chrono::duration<double>(duration).count();
}

TEST(SimTransfer, BbrFillsALossyLine) {
    World world(line(200, 40ms, 0.01, CongestionAlgorithm::bbr));
    ASSERT_TRUE(world.establishes());
    const double rate = goodput(world, 2s, 5s);
    std::printf("200 Mbit/s, 40 ms, 1 %% loss, bbr: %.1f Mbit/s, round trip %.1f ms\n", rate,
                std::chrono::duration<double, std::milli>(world.caller.session()->stats().rtt).count());
    EXPECT_GE(rate, 170);
}

// Nearly every acknowledgement's highest packet is then one that overtook: its round trip is none to reckon
// with.
TEST(SimTransfer, BbrFillsALineThatReordersWildly) {
    WorldConfig config = line(100, 40ms, 0, CongestionAlgorithm::bbr);
    config.forward.overtaking = config.backward.overtaking = 0.05;
    World world(config);
    ASSERT_TRUE(world.establishes());
    const double rate = goodput(world, 2s, 5s);
    const SessionStats stats = world.caller.session()->stats();
    std::printf(
        "100 Mbit/s, 40 ms, 5 %% overtake, bbr: %.1f Mbit/s, %.2f %% sent in vain\n", rate,
        100.0 * static_cast<double>(stats.packets_spurious) / static_cast<double>(stats.packets_sent));
    EXPECT_GE(rate, 75);
    EXPECT_LE(stats.packets_spurious * 20, stats.packets_sent);
}

TEST(SimTransfer, CubicSurvivesALossyLine) {
    World world(line(200, 40ms, 0.01, CongestionAlgorithm::cubic));
    ASSERT_TRUE(world.establishes());
    const double rate = goodput(world, 2s, 5s);
    std::printf("200 Mbit/s, 40 ms, 1 %% loss, cubic: %.1f Mbit/s\n", rate);
    EXPECT_GE(rate, 1);
}

TEST(SimTransfer, BothFillACleanLine) {
    for (const auto congestion : {CongestionAlgorithm::bbr, CongestionAlgorithm::cubic}) {
        World world(line(200, 40ms, 0, congestion));
        ASSERT_TRUE(world.establishes());
        const double rate = goodput(world, 3s, 5s);
        std::printf("200 Mbit/s, 40 ms, clean, %s: %.1f Mbit/s, queue %.0f kB\n",
                    congestion == CongestionAlgorithm::bbr ? "bbr" : "cubic", rate,
                    static_cast<double>(world.forward.counters.queue_peak) / 1e3);
        EXPECT_GE(rate, 170);
    }
}

TEST(SimTransfer, WindowsTuneThemselvesToALongFatLine) {
    World world(line(100, 200ms, 0, CongestionAlgorithm::bbr));
    ASSERT_TRUE(world.establishes());
    const double rate = goodput(world, 8s, 10s);
    std::printf("100 Mbit/s, 200 ms, clean, bbr: %.1f Mbit/s\n", rate);
    EXPECT_GE(rate, 85);
}

TEST(SimTransfer, BbrKeepsAStandingQueueShort) {
    WorldConfig config = line(20, 40ms, 0, CongestionAlgorithm::bbr);
    config.forward.queue = 10 << 20;
    World world(config);
    ASSERT_TRUE(world.establishes());
    EXPECT_GE(goodput(world, 3s, 10s), 17);
    EXPECT_LE(world.caller.session()->stats().rtt, 100ms);
}

TEST(SimTransfer, EightStreamsShareFairly) {
    WorldConfig config = line(50, 40ms, 0.005, CongestionAlgorithm::bbr);
    World world(config);
    ASSERT_TRUE(world.establishes());
    for (uint64_t seed = 1; seed <= 8; seed++) {
        // Small messages beside large ones: neither may be favoured.
        world.caller.send({.seed = seed, .payload = 1 << 30, .message_max = seed % 2 ? 1000u : 60000u});
    }
    world.run_for(5s);
    const double fair = static_cast<double>(world.listener.received()) / 8;
    for (const auto& [id, flow] : world.listener.application.flows()) {
        EXPECT_GE(static_cast<double>(flow.taken), 0.8 * fair) << "stream " << id;
        EXPECT_LE(static_cast<double>(flow.taken), 1.2 * fair) << "stream " << id;
    }
}

TEST(SimTransfer, HigherPriorityGoesFirst) {
    World world(line(20, 40ms, 0, CongestionAlgorithm::bbr));
    ASSERT_TRUE(world.establishes());
    for (uint64_t seed = 1; seed <= 4; seed++)
        world.caller.send({.seed = seed, .payload = 1 << 30}, seed == 3 ? 9 : 1);
    world.run_for(5s);
    uint64_t high = 0;
    for (const auto& [id, flow] : world.listener.application.flows())
        if (id == 4) high = flow.taken;
    EXPECT_GE(static_cast<double>(high), 0.9 * static_cast<double>(world.listener.received()));
    EXPECT_GT(high, 8000000u);
}

TEST(SimTransfer, StalledReceiverBoundsWhatIsInFlightAndResumes) {
    WorldConfig config;
    config.caller.max_window = config.listener.max_window = 4 << 20;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.listener.application.stalled = true;
    world.caller.application.unacknowledged_max = 100 << 20;
    for (uint64_t seed = 1; seed <= 4; seed++)
        world.caller.send({.seed = seed, .payload = 5 << 20, .message_max = 65536});
    world.run_for(20s);
    const uint64_t sent = world.caller.session()->stats().bytes_sent;
    EXPECT_GE(sent, window_initial);
    EXPECT_LE(sent, 2 * window_initial * 12 / 10) << "the session's window, and what packets add";
    EXPECT_EQ(world.listener.received(), 0u);
    world.listener.application.stalled = false;
    world.flush();
    EXPECT_TRUE(world.finishes(20s));
    EXPECT_EQ(world.listener.received(), 20u << 20);
}

TEST(SimTransfer, OneStalledStreamDoesNotBlockTheOthers) {
    World world({});
    ASSERT_TRUE(world.establishes());
    world.listener.application.stalled_streams = {0};
    for (uint64_t seed = 1; seed <= 2; seed++) world.caller.send({.seed = seed, .payload = 20 << 20});
    // Many times the session's window.
    const auto second_done = [&] { return world.caller.application.flows().at(2).end_delivered; };
    EXPECT_TRUE(world.reaches(second_done, 30s));
    EXPECT_EQ(world.listener.application.flows().at(0).payload, 0u);
}

TEST(SimTransfer, MessageLargerThanEveryWindow) {
    WorldConfig config;
    config.caller.max_window = config.listener.max_window = 1 << 20;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 4, .payload = 40 << 20, .message_max = 30 << 20});
    EXPECT_TRUE(world.finishes(60s));
}

TEST(SimTransfer, LowRateIsNotDelayedByAcksOrPacing) {
    WorldConfig config;
    config.forward.latency = config.backward.latency = 5ms;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.caller.application.unacknowledged_max = 1;  // the next message once this one is acknowledged
    world.caller.send({.seed = 2, .payload = 20000, .message_max = 400});
    const Time begin = world.time();
    ASSERT_TRUE(world.finishes(60s));
    const auto messages = world.listener.application.flows().begin()->second.expected.number();
    // A round trip and the peer's delayed acknowledgement each.
    EXPECT_LE((world.time() - begin) / static_cast<Duration::rep>(messages), 10ms + 6ms);
}

}  // namespace
}  // namespace stt::sim
