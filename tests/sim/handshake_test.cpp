// SPDX-License-Identifier: LGPL-2.1-or-later
// How sessions begin, or do not: loss, clocks, limits and disagreements, named on both ends.
#include <gtest/gtest.h>

#include "core/wire/handshake_packet.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr Duration round_trip = 100ms;
/// What a verdict that could be forged waits for a genuine answer, and then some.
constexpr Duration grace = round_trip + 20ms;

WorldConfig config_with_latency() {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    return config;
}

testing::AssertionResult caller_closed(World& world) {
    return world.reaches([&] { return world.caller.state() == SessionState::closed; }, 60s);
}

const Error* noted(const Node& node, ErrorCode code) {
    for (const Error& error : node.errors)
        if (error.code == code) return &error;
    return nullptr;
}

TEST(SimHandshake, SurvivesLoss) {
    for (uint64_t seed = 1; seed <= 50; seed++) {
        WorldConfig config = config_with_latency();
        config.seed = seed;
        config.forward.loss = config.backward.loss = 0.3;
        config.caller.handshake_timeout = config.listener.handshake_timeout = 60s;
        World world(config);
        EXPECT_TRUE(world.establishes()) << "seed " << seed << " ";
    }
}

TEST(SimHandshake, TakesTwoRoundTrips) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    EXPECT_LE(world.elapsed(), 2 * round_trip + 1ms);
    EXPECT_EQ(world.caller.session()->info().name, world.listener.session()->info().name);
    EXPECT_EQ(world.caller.session()->info().peer_node, world.listener.identity.node_id());
    EXPECT_EQ(world.listener.session()->info().peer_node, world.caller.identity.node_id());
}

TEST(SimHandshake, GivesUpOnSilence) {
    WorldConfig config = config_with_latency();
    config.forward.loss = 1;
    World world(config);
    world.connect();
    ASSERT_TRUE(caller_closed(world));
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::connection_timeout);
    EXPECT_EQ(world.elapsed(), config.caller.handshake_timeout);
    world.run_for(1s);
    EXPECT_TRUE(world.empty());
}

TEST(SimHandshake, NamesWrongSeedOnBothEnds) {
    WorldConfig config = config_with_latency();
    config.same_secret = false;
    World world(config);
    world.connect();
    ASSERT_TRUE(caller_closed(world));
    EXPECT_LE(world.elapsed(), round_trip + grace);
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::authentication_failed);
    EXPECT_EQ(world.caller.closed_by().sub_code, 3);
    EXPECT_EQ(world.caller.closed_by().reason, Reason::wrong_seed);
    const Error* error = noted(world.listener, ErrorCode::authentication_failed);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->sub_code, 3);
    EXPECT_EQ(world.listener.endpoint.session_count(), 0u);
}

TEST(SimHandshake, NamesForeignVersionOnBothEnds) {
    World world(config_with_latency());
    world.forward.tap = [](Time, std::vector<uint8_t>& datagram) {
        if (packet_type(datagram) == PacketType::hello) {
            datagram[6] = 77;  // the version's low byte, behind type and checksum
            seal_handshake_checksum(datagram);
        }
        return true;
    };
    world.connect();
    ASSERT_TRUE(caller_closed(world));
    EXPECT_LE(world.elapsed(), round_trip + grace);
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::protocol_version_mismatch);
    EXPECT_TRUE(noted(world.listener, ErrorCode::protocol_version_mismatch));
}

TEST(SimHandshake, CallerRefusesUnexpectedPeer) {
    WorldConfig config = config_with_latency();
    config.caller.expected_peer = NodeId{9};
    World world(config);
    world.connect();
    ASSERT_TRUE(caller_closed(world));
    EXPECT_EQ(world.elapsed(), round_trip) << "it is certain at once";
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::authentication_failed);
    EXPECT_EQ(world.caller.closed_by().reason, Reason::unexpected_peer);
    ASSERT_TRUE(world.reaches([&] { return world.listener.state() == SessionState::closed; }, 1s));
    EXPECT_EQ(world.listener.closed_by().code, ErrorCode::authentication_failed);
    EXPECT_EQ(world.listener.closed_by().reason, Reason::unexpected_peer);
    world.run_for(5s);
    EXPECT_TRUE(world.empty());
}

TEST(SimHandshake, ListenerRefusesUnexpectedPeer) {
    WorldConfig config = config_with_latency();
    config.listener.expected_peer = NodeId{9};
    World world(config);
    world.connect();
    ASSERT_TRUE(caller_closed(world));
    EXPECT_LE(world.elapsed(), 2 * round_trip + 1ms);
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::authentication_failed);
    EXPECT_TRUE(world.caller.closed_by().authenticated);
    EXPECT_EQ(world.listener.state(), SessionState::closed);
    EXPECT_EQ(world.listener.closed_by().code, ErrorCode::authentication_failed);
    EXPECT_EQ(world.listener.closed_by().reason, Reason::unexpected_peer);
    world.run_for(15s);
    EXPECT_TRUE(world.empty());
}

TEST(SimHandshake, ListenersRefusalSurvivesLoss) {
    for (uint64_t seed = 1; seed <= 30; seed++) {
        WorldConfig config = config_with_latency();
        config.seed = seed;
        config.backward.loss = 0.3;
        config.listener.expected_peer = NodeId{9};
        World world(config);
        world.connect();
        ASSERT_TRUE(caller_closed(world));
        EXPECT_EQ(world.caller.closed_by().code, ErrorCode::authentication_failed) << "seed " << seed;
    }
}

TEST(SimHandshake, ClockOffByADayLocksNobodyOut) {
    for (const Duration offset : {Duration(-24h), Duration(24h)}) {
        WorldConfig config = config_with_latency();
        config.caller_clock_offset = offset;
        World world(config);
        EXPECT_TRUE(world.establishes());
        EXPECT_LE(world.elapsed(), 3 * round_trip + 1ms);
    }
}

TEST(SimHandshake, NamesTooManySessionsOnBothEnds) {
    WorldConfig config = config_with_latency();
    config.max_sessions = 2;
    World world(config);
    ASSERT_TRUE(world.establishes());
    std::vector<SessionHandle> more;
    for (int i = 0; i < 2; i++)
        more.push_back(
            world.caller.endpoint.connect(world.now(world.caller), world.listener.address(), config.caller));
    world.run_for(5s);
    EXPECT_EQ(world.caller.latest[more[0]].state, SessionState::established);
    EXPECT_EQ(world.caller.latest[more[1]].state, SessionState::closed);
    EXPECT_EQ(world.caller.latest[more[1]].error.code, ErrorCode::too_many_sessions);
    EXPECT_TRUE(world.caller.latest[more[1]].error.authenticated);
    EXPECT_EQ(world.listener.latest.rbegin()->second.error.code, ErrorCode::too_many_sessions);
}

TEST(SimHandshake, AClosedSessionMakesRoomAtOnce) {
    WorldConfig config = config_with_latency();
    config.max_sessions = 1;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.close(world.caller);
    world.connect();
    EXPECT_TRUE(world.reaches([&] { return world.both(SessionState::established); }, 5s));
}

TEST(SimHandshake, FinalLostIsRepeated) {
    World world(config_with_latency());
    int swallowed = 0;
    world.backward.tap = [&](Time, std::vector<uint8_t>& datagram) {
        const bool drop = packet_type(datagram) == PacketType::session_even && swallowed < 2;
        swallowed += drop;
        return !drop;
    };
    EXPECT_TRUE(world.establishes(5s));
    EXPECT_EQ(swallowed, 2);
}

}  // namespace
}  // namespace stt::sim
