// SPDX-License-Identifier: LGPL-2.1-or-later
// A session's life after the handshake: keep-alive, closing, key renewal, streams.
#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr Duration round_trip = 40ms;

WorldConfig config_with_latency() {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    return config;
}

testing::AssertionResult both_closed(World& world, Duration limit) {
    return world.reaches([&] { return world.both(SessionState::closed); }, limit);
}

TEST(SimSession, StaysAloneForAnHour) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    const uint64_t before = world.forward.counters.datagrams;
    world.run_for(3600s);
    EXPECT_TRUE(world.both(SessionState::established)) << world.describe();
    EXPECT_LE(world.forward.counters.datagrams - before, 2u * 360 + 20);
}

TEST(SimSession, EndsOnBothSidesWhenThePathStaysDead) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    world.lose(1);
    const Time dead = world.time();
    ASSERT_TRUE(both_closed(world, 100s));
    for (const Node* node : {&world.caller, &world.listener}) {
        EXPECT_EQ(node->closed_by().code, ErrorCode::session_timeout);
        EXPECT_TRUE(node->closed_by().terminal);
        // Counted from what was heard last, half a round trip before or after.
        EXPECT_GE(node->state_times.back() - dead, 30s - round_trip);
        EXPECT_LE(node->state_times.back() - dead, 30s + round_trip);
    }
    world.run_for(SessionConfig{}.resume_within);
    EXPECT_TRUE(world.empty());
}

TEST(SimSession, ProbesOftenWhileDataWaitsInSilence) {
    WorldConfig config = config_with_latency();
    config.caller.keepalive_timeout = config.listener.keepalive_timeout = 300s;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.run_for(1s);
    world.lose(1);
    world.caller.send({.seed = 3, .payload = 5000});
    world.flush();
    world.run_for(1s);
    const auto sent = [&] { return world.forward.counters.datagrams; };
    const uint64_t begin = sent();
    world.run_for(50s);
    // In pairs, one with data and one without.
    EXPECT_NEAR(static_cast<double>(sent() - begin), 2 * 500, 2 * 40);
    world.run_for(30s);
    const uint64_t late = sent();
    world.run_for(100s);
    EXPECT_NEAR(static_cast<double>(sent() - late), 2 * 100, 2 * 20);
}

TEST(SimSession, GracefulCloseOnceAllIsDelivered) {
    WorldConfig config = config_with_latency();
    config.forward.rate = 1e6;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 3000000});
    world.flush();
    ASSERT_TRUE(world.reaches([&] { return world.caller.application.all_delivered(); }, 60s));
    world.close(world.caller);
    ASSERT_TRUE(both_closed(world, 1s));
    EXPECT_EQ(world.listener.received(), 3000000u);
    EXPECT_TRUE(world.listener.application.all_received());
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::none);
    EXPECT_EQ(world.listener.closed_by().code, ErrorCode::session_closed);
    EXPECT_EQ(world.listener.closed_by().reason, Reason::graceful);
}

TEST(SimSession, CloseIsImmediate) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 3000000});
    world.run_for(50ms);
    world.close(world.caller);
    EXPECT_EQ(world.caller.state(), SessionState::closed);
    ASSERT_TRUE(both_closed(world, 1s));
    EXPECT_EQ(world.listener.state_times.back() - world.caller.state_times.back(), round_trip / 2);
    EXPECT_TRUE(world.reaches([&] { return world.empty(); }, 10s));
}

TEST(SimSession, LostSessionCloseIsRepeated) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    world.run_for(1s);
    world.forward.config.blackouts.push_back({world.time(), world.time() + 1ms});
    world.close(world.caller);
    ASSERT_TRUE(both_closed(world, 1s));
    EXPECT_EQ(world.listener.closed_by().reason, Reason::graceful);
    EXPECT_TRUE(world.reaches([&] { return world.empty(); }, 10s));
    EXPECT_TRUE(world.caller.errors.empty());
    EXPECT_TRUE(world.listener.errors.empty());
}

TEST(SimSession, CloseToADeadPeerEndsToo) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    world.forward.config.loss = 1;
    world.close(world.caller);
    EXPECT_TRUE(world.reaches([&] { return world.caller.endpoint.session_count() == 0; }, 30s));
}

TEST(SimSession, BothClosingAtOnce) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    world.close(world.caller);
    world.close(world.listener);
    EXPECT_TRUE(world.reaches([&] { return world.empty(); }, 10s));
    EXPECT_LE(world.elapsed(), 10s);
}

TEST(SimSession, KeysAreRenewedUnderLoad) {
    WorldConfig config = config_with_latency();
    config.forward.rate = config.backward.rate = 250e3;
    config.forward.loss = config.forward.reordering = 0.02;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.caller.application.unacknowledged_max = 100000;
    world.caller.send({.seed = 5, .payload = 60000000, .answered = true});
    const auto renewals = [](Node& node) { return node.session()->stats().key_updates; };
    ASSERT_TRUE(world.finishes(2000s));
    EXPECT_GE(renewals(world.caller), 2u);
    EXPECT_GE(renewals(world.listener), 2u);
    EXPECT_EQ(world.listener.session()->stats().undecryptable, 0u);
    EXPECT_EQ(world.caller.session()->stats().undecryptable, 0u);
}

TEST(SimSession, ResetEndsAStreamOnBothSidesAndTheOthersGoOn) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    for (uint64_t seed = 1; seed <= 3; seed++) world.caller.send({.seed = seed, .payload = 5000000});
    world.run_for(200ms);
    world.caller.application.reset(*world.caller.session(), 2);
    world.flush();
    ASSERT_TRUE(world.reaches([&] { return world.listener.application.streams_closed() == 1; }, 5s));
    EXPECT_FALSE(world.listener.application.flows().contains(2));
    world.run_until([&] { return world.listener.application.all_received(); }, 30s);
    EXPECT_EQ(world.listener.received(), 10000000u) << world.describe();
    EXPECT_TRUE(world.both(SessionState::established));
}

TEST(SimSession, MoreStreamsThanAllowedAreRefusedHere) {
    WorldConfig config = config_with_latency();
    config.listener.max_streams = 4;
    World world(config);
    ASSERT_TRUE(world.establishes());
    Session& session = *world.caller.session();
    for (int i = 0; i < 4; i++) EXPECT_TRUE(session.open_stream({}, 0, std::nullopt).ok());
    const auto fifth = session.open_stream({}, 0, std::nullopt);
    ASSERT_FALSE(fifth.ok());
    EXPECT_EQ(fifth.error().code, ErrorCode::too_many_streams);
}

TEST(SimSession, ThousandsOfStreamsComeAndGo) {
    WorldConfig config = config_with_latency();
    config.listener.max_streams = 8;
    config.forward.loss = config.backward.loss = 0.02;
    World world(config);
    ASSERT_TRUE(world.establishes());
    for (uint64_t round = 0; round < 300; round++) {
        for (uint64_t i = 0; i < 8; i++)
            ASSERT_TRUE(world.caller.send({.seed = 8 * round + i, .payload = 1 + 100 * i}))
                << round << " " << world.failure() << world.describe();
        ASSERT_TRUE(world.finishes(60s));
        // The peer's last word on a stream may still be under way.
        world.run_for(1s);
    }
    EXPECT_EQ(world.listener.application.flows().size(), 2400u);
}

}  // namespace
}  // namespace stt::sim
