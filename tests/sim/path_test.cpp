// SPDX-License-Identifier: LGPL-2.1-or-later
// Paths that break, move and change their size under a session.
#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr Duration round_trip = 50ms;

WorldConfig config_with(CongestionAlgorithm congestion) {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    config.forward.rate = config.backward.rate = 1.25e6;
    config.caller.congestion = config.listener.congestion = congestion;
    return config;
}

constexpr CongestionAlgorithm controllers[] = {CongestionAlgorithm::bbr, CongestionAlgorithm::cubic};

TEST(SimPath, FlowsSoonAfterABlackout) {
    for (const auto congestion : controllers)
        for (const Duration dark : {Duration(1s), Duration(3s), Duration(8s)})
            for (uint64_t seed = 1; seed <= 5; seed++) {
                WorldConfig config = config_with(congestion);
                config.seed = seed;
                World world(config);
                ASSERT_TRUE(world.establishes());
                world.caller.send({.seed = seed, .payload = 10 << 20});
                world.run_for(1s + seed * 37ms);
                // With the queue that the controller keeps, whose last acknowledgements are lost, too.
                const Duration measured = world.caller.session()->stats().rtt;
                world.darken(dark);
                world.run_for(dark);
                const Time end = world.time();
                const uint64_t before = world.listener.received();
                // More than a probe completes, less than a window reduced to two packets carries.
                ASSERT_TRUE(world.reaches([&] { return world.listener.received() > before + 5000; }, 10s));
                EXPECT_LE(world.time() - end, measured + 150ms)
                    << "seed " << seed << ", dark for " << dark / 1s << " s: " << world.describe();
                EXPECT_TRUE(world.finishes(60s));
            }
}

TEST(SimPath, FullSpeedSoonAfterABlackout) {
    for (const auto congestion : controllers) {
        World world(config_with(congestion));
        ASSERT_TRUE(world.establishes());
        world.caller.send({.seed = 1, .payload = 1 << 30});
        world.run_for(3s);
        world.darken(3s);
        world.run_for(3s + 1s);
        const uint64_t before = world.listener.received();
        world.run_for(2s);
        EXPECT_GE(world.listener.received() - before, 1250000u * 2 * 8 / 10)
            << static_cast<int>(congestion) << world.describe();
    }
}

TEST(SimPath, ThousandRandomCuts) {
    for (const auto congestion : controllers) {
        WorldConfig config = config_with(congestion);
        config.forward.rate = config.backward.rate = 100e3;
        World world(config);
        SeededRandom random(11);
        Time at = epoch;
        for (int i = 0; i < 1000; i++) {
            at += std::chrono::milliseconds(100 + random.below(900));
            const Time end = at + std::chrono::milliseconds(1 + random.below(1000));
            // Both ways, or one.
            const uint64_t which = random.below(3);
            if (which != 0) world.forward.config.blackouts.push_back({at, end});
            if (which != 1) world.backward.config.blackouts.push_back({at, end});
            at = end;
        }
        ASSERT_TRUE(world.establishes());
        world.caller.send({.seed = 1, .payload = 15000000, .answered = true});
        EXPECT_TRUE(world.finishes(2000s));
        EXPECT_TRUE(world.both(SessionState::established)) << world.describe();
        EXPECT_GE(world.elapsed(), 150s);
    }
}

TEST(SimPath, DiscoversTheMtu) {
    for (const size_t mtu :
         {size_t{1200}, size_t{1372}, size_t{1452}, size_t{1472}, size_t{4000}, size_t{8972}})
        for (const bool reported : {false, true}) {
            WorldConfig config;
            config.forward.mtu = config.backward.mtu = mtu;
            config.forward.report_too_big = config.backward.report_too_big = reported;
            config.forward.loss = config.backward.loss = 0.01;
            World world(config);
            ASSERT_TRUE(world.establishes());
            world.run_for(10s);
            for (Node* node : {&world.caller, &world.listener}) {
                EXPECT_LE(node->session()->stats().mtu, mtu);
                EXPECT_GE(node->session()->stats().mtu, mtu - std::min<size_t>(16, mtu - 1200));
            }
        }
}

TEST(SimPath, FallsBackFromABlackHole) {
    for (const auto congestion : controllers)
        for (const Duration there_and_back : {Duration(2ms), Duration(10ms), round_trip})
            for (uint64_t seed = 1; seed <= 5; seed++) {
                WorldConfig config = config_with(congestion);
                config.seed = seed;
                config.forward.latency = config.backward.latency = there_and_back / 2;
                World world(config);
                ASSERT_TRUE(world.establishes());
                world.caller.send({.seed = seed, .payload = 8 << 20});
                world.run_for(2s + seed * 37ms);
                ASSERT_EQ(world.caller.session()->stats().mtu, 8972u);
                world.forward.config.mtu = world.backward.config.mtu = 1400;
                const Time narrowed = world.time();
                // More than the line's queue may hold: its packets have passed the narrow place already.
                const uint64_t enough = world.listener.received() + 500'000;
                ASSERT_TRUE(world.reaches([&] { return world.listener.received() > enough; }, 20s))
                    << "seed " << seed << ", " << there_and_back / 1ms << " ms";
                EXPECT_LE(world.time() - narrowed, 3s)
                    << "seed " << seed << ", " << there_and_back / 1ms << " ms" << world.describe();
                EXPECT_TRUE(world.finishes(60s));
                EXPECT_LE(world.caller.session()->stats().mtu, 1400u);
                EXPECT_GE(world.caller.session()->stats().mtu, 1384u);
            }
}

TEST(SimPath, TellsOfASetSizeThatDoesNotFitAndGoesOn) {
    for (const auto congestion : controllers)
        for (const bool reported : {false, true})
            for (uint64_t seed = 1; seed <= 5; seed++) {
                WorldConfig config = config_with(congestion);
                config.seed = seed;
                config.caller.mtu = 1500;
                config.forward.mtu = 1372;
                config.forward.report_too_big = reported;
                World world(config);
                ASSERT_TRUE(world.establishes());
                world.caller.send({.seed = seed, .payload = 1 << 20});
                EXPECT_TRUE(world.finishes(20s));
                ASSERT_EQ(world.caller.errors.size(), 1u) << "seed " << seed << ", reported " << reported;
                EXPECT_EQ(world.caller.errors[0].reason, Reason::mtu);
                EXPECT_NE(world.caller.errors[0].text.find("IP packets of 1500 bytes do not fit"),
                          std::string::npos)
                    << world.caller.errors[0].text;
            }
}

TEST(SimPath, ASetSizeSurvivesOutages) {
    for (const auto congestion : controllers)
        for (const double pace : {5e3, 30e3, 0.0})
            for (uint64_t seed = 1; seed <= 4; seed++) {
                WorldConfig config = config_with(congestion);
                config.seed = seed;
                config.caller.mtu = 1500;
                config.caller.pacing_ceiling = pace;
                World world(config);
                ASSERT_TRUE(world.establishes());
                world.caller.send({.seed = seed, .payload = 100 << 20});
                for (int cut = 0; cut < 50; cut++) {
                    world.run_for(1ms * world.random.below(2000));
                    Link& link = world.random.chance(0.5) ? world.forward : world.backward;
                    const Duration dark = 1ms * (1 + world.random.below(1000));
                    link.config.blackouts.push_back({world.time(), world.time() + dark});
                    world.run_for(dark);
                }
                EXPECT_TRUE(world.reaches([&] { return world.caller.session()->stats().mtu == 1472u; }, 5s))
                    << "seed " << seed << ", pace " << pace;
                EXPECT_TRUE(world.caller.errors.empty())
                    << "seed " << seed << ", pace " << pace << ": " << world.caller.errors[0].text;
            }
}

TEST(SimPath, DoesWithoutBatchesWhereTheyAreSpoilt) {
    for (const auto congestion : controllers) {
        World world(config_with(congestion));
        ASSERT_TRUE(world.establishes());
        world.caller.send({.seed = 1, .payload = 4 << 20});
        world.run_for(1s);
        world.forward.config.spoils_batches = true;
        const uint64_t before = world.listener.received();
        world.run_for(2s);
        EXPECT_GT(world.listener.received() - before, 500000u) << world.describe();
        EXPECT_TRUE(world.finishes(60s));
        EXPECT_LE(world.elapsed(), 12s);
    }
}

TEST(SimPath, SenderGoesOnAfterRebinding) {
    World world(config_with(CongestionAlgorithm::bbr));
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 5 << 20});
    world.run_for(1s);
    const Address old_address = world.caller.address();
    world.network.rebind(world.caller.host);
    const Time moved = world.time();
    ASSERT_TRUE(
        world.reaches([&] { return world.listener.session()->info().peer == world.caller.address(); }, 5s));
    EXPECT_LE(world.time() - moved, 2 * round_trip + 100ms);
    EXPECT_TRUE(world.finishes(30s));
    EXPECT_LE(world.elapsed(), 10s);
    EXPECT_LT(world.network.bytes_elsewhere(old_address), 100000u);
}

TEST(SimPath, ReceiverGoesOnAfterRebinding) {
    World world(config_with(CongestionAlgorithm::bbr));
    ASSERT_TRUE(world.establishes());
    world.listener.send({.seed = 1, .payload = 5 << 20});
    world.run_for(1s);
    world.network.rebind(world.caller.host);
    EXPECT_TRUE(world.finishes(60s));
    // It notices by its keep-alive at the latest.
    EXPECT_LE(world.elapsed(), 20s);
}

TEST(SimPath, RebindingTimeAndAgain) {
    WorldConfig config = config_with(CongestionAlgorithm::bbr);
    config.forward.loss = config.backward.loss = 0.02;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 10 << 20, .answered = true});
    for (int i = 0; i < 10; i++) {
        world.run_for(1s);
        world.network.rebind(world.caller.host);
    }
    EXPECT_TRUE(world.finishes(100s));
}

TEST(SimPath, AStolenPacketDoesNotDivertASession) {
    World world(config_with(CongestionAlgorithm::bbr));
    ASSERT_TRUE(world.establishes());
    const Address thief = Address::v4({203, 0, 113, 66}, 6);
    int stolen = 0;
    world.forward.tap = [&](Time now, std::vector<uint8_t>& datagram) {
        // Overtakes the genuine one from another address, now and then.
        if (++stolen % 50 == 0) world.network.inject(now + 1ms, {thief, world.listener.address(), datagram});
        return true;
    };
    world.listener.send({.seed = 1, .payload = 5 << 20, .answered = true});
    EXPECT_TRUE(world.finishes(60s));
    EXPECT_EQ(world.listener.session()->info().peer, world.caller.address());
    EXPECT_LT(world.network.bytes_elsewhere(thief), 200000u) << "challenges, no data";
}

}  // namespace
}  // namespace stt::sim
