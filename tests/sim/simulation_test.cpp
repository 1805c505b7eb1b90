// SPDX-License-Identifier: LGPL-2.1-or-later
// Simulations repeat themselves, and take any number of nodes.
#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

WorldConfig rough_config(uint64_t seed) {
    WorldConfig config;
    config.seed = seed;
    for (LinkConfig* link : {&config.forward, &config.backward}) {
        link->loss = link->reordering = link->duplication = 0.05;
        link->corruption = 0.01;
        link->jitter = 3ms;
        link->rate = 1e6;
    }
    return config;
}

/// The trace of a transfer. `draws`: the test draws numbers meanwhile.
uint64_t trace_of(uint64_t seed, bool draws = false) {
    World world(rough_config(seed));
    EXPECT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 300'000, .answered = true});
    const auto done = [&] {
        if (draws) world.random.next();
        return world.idle();
    };
    EXPECT_TRUE(world.reaches(done, 60s));
    return world.network.trace();
}

TEST(SimSimulation, TheSameSeedGivesTheSameRun) {
    const uint64_t first = trace_of(1);
    EXPECT_EQ(trace_of(1), first);
    EXPECT_NE(trace_of(2), first);
}

TEST(SimSimulation, ATestThatDrawsANumberChangesNothing) { EXPECT_EQ(trace_of(3, true), trace_of(3)); }

TEST(SimSimulation, AThirdNodeJoins) {
    World world(rough_config(4));
    Node& third = world.add({.name = "third", .address = Address::v4({192, 0, 2, 3}, 40000)});
    world.link(third, world.listener).config = world.forward.config;
    ASSERT_TRUE(world.establishes());
    const SessionHandle first = world.listener.handle;
    world.call(third, world.listener);
    ASSERT_TRUE(world.reaches([&] { return third.state() == SessionState::established; }, 60s));
    EXPECT_NE(world.listener.handle, first);
    EXPECT_EQ(world.listener.endpoint.session_count(), 2u);
    third.send({.seed = 2, .payload = 200'000, .answered = true});
    EXPECT_TRUE(world.finishes(60s));
    EXPECT_EQ(third.received(), 200'000u);
    EXPECT_GT(world.link(third, world.listener).counters.bytes, 200'000u);
    EXPECT_LT(world.forward.counters.bytes, 20'000u) << "each pair has its links";
    EXPECT_EQ(world.caller.state(), SessionState::established);
    world.close(world.caller);
    const auto closed = [&] { return world.listener.latest[first].state == SessionState::closed; };
    EXPECT_TRUE(world.reaches(closed, 10s));
    EXPECT_EQ(third.state(), SessionState::established);
}

TEST(SimSimulation, PairsGoOnIndependently) {
    Simulation simulation(5);
    std::vector<std::pair<Node*, Node*>> pairs;
    for (uint8_t i = 0; i < 3; i++) {
        Node& caller = simulation.add({.name = "caller", .address = Address::v4({192, 0, 2, i}, 1)});
        Node& listener = simulation.add(
            {.name = "listener", .address = Address::v4({198, 51, 100, i}, 2), .listening = true});
        if (i == 2) simulation.link(caller, listener).config.loss = 1;
        simulation.call(caller, listener);
        pairs.emplace_back(&caller, &listener);
    }
    simulation.run_for(1s);
    for (uint8_t i = 0; i < 3; i++)
        EXPECT_EQ(pairs[i].second->state(), i < 2 ? SessionState::established : SessionState::init);
    for (uint64_t i = 0; i < 2; i++) pairs[i].first->send({.seed = i, .payload = 100'000 * (i + 1)});
    EXPECT_TRUE(simulation.run_until([&] { return simulation.idle(); }, 60s)) << simulation.describe();
    EXPECT_EQ(pairs[0].second->received(), 100'000u);
    EXPECT_EQ(pairs[1].second->received(), 200'000u);
    EXPECT_EQ(simulation.failure(), "");
}

}  // namespace
}  // namespace stt::sim
