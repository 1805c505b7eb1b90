// SPDX-License-Identifier: LGPL-2.1-or-later
// Both ends are told of a path that loses much, and of no other.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

/// A live stream of 2 Mbit/s from the caller.
struct StreamWorld : World {
    explicit StreamWorld(const WorldConfig& config) : World(config) {
        EXPECT_TRUE(establishes());
        caller.application.production = 250e3;
        caller.send({.payload = 1 << 30, .message_max = 1316});
    }
    std::vector<std::string> told(const Node& node, Reason reason) const {
        std::vector<std::string> texts;
        for (const Error& error : node.errors)
            if (error.code == ErrorCode::path_loss && error.reason == reason) texts.push_back(error.text);
        return texts;
    }
    size_t told() const {
        size_t count = 0;
        for (const Node* node : {&caller, &listener})
            count += told(*node, Reason::outgoing).size() + told(*node, Reason::incoming).size();
        return count;
    }
};

WorldConfig config_of(uint64_t seed, double loss = 0) {
    WorldConfig config;
    config.seed = seed;
    config.forward.latency = config.backward.latency = 25ms;
    config.forward.mtu = config.backward.mtu = 1472;
    config.forward.loss = loss;
    return config;
}

TEST(SimPathLoss, BothEndsAreToldWithinFiveSeconds) {
    for (const double loss : {0.2, 0.5})
        for (uint64_t seed = 1; seed <= 3; seed++) {
            StreamWorld world(config_of(seed));
            world.run_for(3s + seed * 137ms);
            EXPECT_EQ(world.told(), 0u) << world.describe();
            world.forward.config.loss = loss;
            world.run_for(5s);
            for (const Node* node : {&world.caller, &world.listener}) {
                const auto texts =
                    world.told(*node, node == &world.caller ? Reason::outgoing : Reason::incoming);
                ASSERT_EQ(texts.size(), 1u) << loss << world.describe();
                const double percent = std::stod(texts[0]);
                // The first second may have begun well.
                EXPECT_GE(percent, 70 * loss) << texts[0];
                EXPECT_LE(percent, 100 * loss + 8) << texts[0];
                EXPECT_NE(texts[0].find(node == &world.caller ? "to 198.51.100.1" : "from 192.0.2.1"),
                          std::string::npos)
                    << texts[0];
            }
            EXPECT_EQ(world.told(), 2u) << "the way back loses nothing: " << world.describe();
            world.run_for(50s);
            EXPECT_EQ(world.told(), 2u) << world.describe();
            world.run_for(20s);
            EXPECT_EQ(world.told(), 4u) << "summed up after a minute: " << world.describe();
        }
}

TEST(SimPathLoss, ALongWayIsMeasuredAsAShortOne) {
    for (const Duration latency : {125ms, 150ms, 300ms})
        for (const Duration period : {0ms, 333ms}) {
            WorldConfig config = config_of(1);
            config.forward.latency = config.backward.latency = latency;
            StreamWorld world(config);
            world.caller.application.production_period = period;
            world.caller.application.production_on = 40ms;
            if (period > 0ms) world.caller.application.production = 2e6;
            world.run_for(3s);
            world.forward.config.loss = 0.3;
            world.run_for(2 * latency + 8s);
            EXPECT_EQ(world.told(world.caller, Reason::outgoing).size(), 1u)
                << latency / 1ms << " ms, " << period / 1ms << " ms: " << world.describe();
            EXPECT_EQ(world.told(world.listener, Reason::incoming).size(), 1u)
                << latency / 1ms << " ms, " << period / 1ms << " ms: " << world.describe();
        }
}

TEST(SimPathLoss, ASparseStreamIsMeasuredForLonger) {
    StreamWorld world(config_of(1));
    world.caller.application.production = 25 * 1316;
    world.run_for(5s);
    world.forward.config.loss = 0.4;
    world.run_for(30s);
    EXPECT_EQ(world.told(world.caller, Reason::outgoing).size(), 1u) << world.describe();
    EXPECT_EQ(world.told(world.listener, Reason::incoming).size(), 1u) << world.describe();
}

TEST(SimPathLoss, TheWayBackIsMeasuredByItself) {
    StreamWorld world(config_of(1));
    world.run_for(5s);
    world.backward.config.loss = 0.3;
    world.run_for(60s);
    const auto incoming = world.told(world.caller, Reason::incoming);
    ASSERT_GE(incoming.size(), 1u) << world.describe();
    EXPECT_NEAR(std::stod(incoming[0]), 30, 10) << incoming[0];
    for (const std::string& text : world.told(world.listener, Reason::outgoing))
        EXPECT_NEAR(std::stod(text), 30, 10) << text;
    EXPECT_EQ(world.told(world.caller, Reason::outgoing).size(), 0u) << world.describe();
    EXPECT_EQ(world.told(world.listener, Reason::incoming).size(), 0u) << world.describe();
}

TEST(SimPathLoss, WhatIsDamagedWasNotLost) {
    WorldConfig config = config_of(1);
    config.forward.corruption = 0.2;
    StreamWorld world(config);
    world.run_for(20s);
    EXPECT_EQ(world.told(world.listener, Reason::incoming).size(), 0u) << world.describe();
    EXPECT_TRUE(std::any_of(world.listener.errors.begin(), world.listener.errors.end(),
                            [](const Error& error) { return error.code == ErrorCode::checksum_mismatch; }))
        << world.describe();
}

TEST(SimPathLoss, WhatIsHealthyIsNotToldOf) {
    for (uint64_t seed = 1; seed <= 8; seed++)
        for (const double loss : {0.0, 0.02}) {
            WorldConfig config = config_of(seed, loss);
            config.backward.loss = loss;
            config.forward.latency = config.backward.latency = seed * 7ms;
            StreamWorld world(config);
            world.run_for(6s);
            world.network.rebind(world.caller.host);
            world.run_for(4s + seed * 31ms);
            world.darken(5s);
            world.run_for(12s);
            EXPECT_TRUE(world.both(SessionState::established)) << world.describe();
            EXPECT_EQ(world.told(), 0u) << seed << ", " << loss << ": " << world.describe();
        }
}

TEST(SimPathLoss, ABulkTransferThatFindsItsRateIsNotToldOf) {
    for (const double rate : {125e3, 1.25e6, 5e6})
        for (uint64_t seed = 1; seed <= 2; seed++) {
            WorldConfig config = config_of(seed);
            config.forward.rate = config.backward.rate = rate;
            config.forward.queue = std::max<uint64_t>(20'000, static_cast<uint64_t>(rate * 0.05));
            World world(config);
            ASSERT_TRUE(world.establishes());
            world.caller.send({.payload = uint64_t{1} << 40, .message_max = 20'000});
            world.run_for(rate > 2e6 ? 8s : 20s);
            for (const Node* node : {&world.caller, &world.listener})
                EXPECT_TRUE(
                    std::none_of(node->errors.begin(), node->errors.end(),
                                 [](const Error& error) { return error.code == ErrorCode::path_loss; }))
                    << rate << world.describe();
        }
}

TEST(SimPathLoss, APathThatCarriesSmallPacketsOnlyIsAnotherMatter) {
    for (const bool reported : {false, true}) {
        StreamWorld world(config_of(1));
        world.run_for(5s);
        for (Link* link : {&world.forward, &world.backward}) {
            link->config.mtu = 1172;
            link->config.report_too_big = reported;
        }
        world.run_for(25s);
        EXPECT_EQ(world.told(), 0u) << world.describe();
        EXPECT_EQ(std::count_if(world.caller.errors.begin(), world.caller.errors.end(),
                                [](const Error& error) { return error.reason == Reason::mtu; }),
                  1)
            << world.describe();
    }
}

}  // namespace
}  // namespace stt::sim
