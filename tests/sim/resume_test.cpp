// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions that are lost and gone on with, and the ids that change with the address.
#include <gtest/gtest.h>

#include <set>

#include "tests/lib/rogue_session.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr Duration round_trip = 50ms;

WorldConfig config_with_reconnection() {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    config.forward.rate = config.backward.rate = 1.25e6;
    config.reconnect = true;
    return config;
}

TEST(SimResume, GoesOnAfterALongSilence) {
    World world(config_with_reconnection());
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 5 << 20, .answered = true});
    world.run_for(1s);
    const SessionName before = world.caller.session()->info().name;
    world.darken(45s);
    world.run_for(44s);
    EXPECT_EQ(world.caller.session()->state(), SessionState::closed);
    EXPECT_TRUE(world.listener.session()->resumable());
    world.run_for(1s);
    const Time light = world.time();
    ASSERT_TRUE(world.reaches([&] { return world.listener.resumptions == 1; }, 10s));
    EXPECT_LE(world.time() - light, CallerAttempt::retransmit_max + 2 * round_trip);
    EXPECT_TRUE(world.finishes(60s));
    EXPECT_EQ(world.caller.resumptions, 1u);
    EXPECT_NE(world.caller.session()->info().name, before) << "fresh keys";
    EXPECT_EQ(world.caller.session()->info().name, world.listener.session()->info().name);
    world.run_for(10s);
    EXPECT_EQ(world.caller.endpoint.session_count(), 1u) << "the lost one is forgotten";
    EXPECT_EQ(world.listener.endpoint.session_count(), 1u);
}

TEST(SimResume, AnAttemptSurvivesASilenceOfOneDirection) {
    WorldConfig config = config_with_reconnection();
    config.caller.urgent_until = epoch + 10min;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 5 << 20});
    world.run_for(1s);
    world.darken(45s);
    // The listener hears an attempt long before its answers arrive.
    world.backward.config.blackouts.back().end += 8s;
    world.run_for(53s);
    const Time light = world.time();
    ASSERT_TRUE(world.reaches([&] { return world.caller.resumptions == 1; }, 10s));
    EXPECT_LE(world.time() - light, silence_probe_fast + 2 * round_trip);
    EXPECT_TRUE(world.finishes(60s));
}

TEST(SimResume, ThousandCutsLongerThanPatience) {
    for (uint64_t seed = 1; seed <= 2; seed++) {
        WorldConfig config = config_with_reconnection();
        config.seed = seed;
        config.forward.rate = config.backward.rate = 200e3;
        for (SessionConfig* session : {&config.caller, &config.listener}) {
            session->keepalive_timeout = 2s;
            session->handshake_timeout = 3s;
        }
        World world(config);
        SeededRandom random(seed + 100);
        Time at = epoch;
        for (int i = 0; i < 1000; i++) {
            at += std::chrono::milliseconds(100 + random.below(2000));
            const Time end = at + std::chrono::milliseconds(1 + random.below(6000));
            const uint64_t which = random.below(3);
            if (which != 0) world.forward.config.blackouts.push_back({at, end});
            if (which != 1) world.backward.config.blackouts.push_back({at, end});
            at = end;
        }
        ASSERT_TRUE(world.establishes()) << "seed " << seed;
        world.caller.send({.seed = seed, .payload = 20000000, .answered = true});
        EXPECT_TRUE(world.reaches([&] { return world.idle() && world.time() > at; }, 10000s))
            << "seed " << seed;
        EXPECT_GT(world.caller.resumptions, 100u) << "seed " << seed;
    }
}

TEST(SimResume, ALostFinalDoesNotLoseTheStreams) {
    World world(config_with_reconnection());
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 3 << 20});
    world.run_for(500ms);
    world.darken(31s);
    world.run_for(31s);
    // The responder takes over and says so, again and again, and nobody hears it.
    bool deaf = true;
    world.backward.tap = [&](Time, std::vector<uint8_t>& datagram) {
        return !(deaf && packet_type(datagram) == PacketType::session_even);
    };
    ASSERT_TRUE(world.reaches([&] { return world.listener.resumptions == 1; }, 10s));
    world.run_for(15s);
    EXPECT_EQ(world.caller.resumptions, 0u);
    deaf = false;
    EXPECT_TRUE(world.finishes(60s));
    EXPECT_EQ(world.caller.resumptions, 1u);
    EXPECT_GE(world.listener.resumptions, 2u);
}

TEST(SimResume, TakesOverASessionThatStillStands) {
    WorldConfig config = config_with_reconnection();
    config.caller.keepalive_timeout = 3s;  // less patient than the listener
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.listener.send({.seed = 1, .payload = 5 << 20});
    world.run_for(1s);
    // The last word is lost, too.
    world.darken(4s);
    EXPECT_TRUE(world.finishes(60s));
    EXPECT_EQ(world.caller.resumptions, 1u);
    EXPECT_EQ(world.listener.resumptions, 1u);
}

TEST(SimResume, APeerThatForgotGivesANewSession) {
    World world(config_with_reconnection());
    ASSERT_TRUE(world.establishes());
    const SessionHandle before = world.caller.handle;
    world.run_for(1s);
    world.listener.session()->close(world.now(world.listener), CloseReason::graceful, {});
    world.backward.config.loss = 1;
    world.flush();
    world.run_for(40s);  // past the caller's patience and the listener's memory
    world.backward.config.loss = 0;
    ASSERT_TRUE(world.reaches(
        [&] {
            const auto latest = world.caller.latest.rbegin();
            return latest->first != before && latest->second.state == SessionState::established;
        },
        30s));
    EXPECT_EQ(world.caller.resumptions, 0u);
    EXPECT_EQ(world.caller.endpoint.find(world.caller.latest.rbegin()->first)->resumed(), 0u);
}

TEST(SimResume, StreamsAreKeptForAWhileOnly) {
    WorldConfig config = config_with_reconnection();
    config.reconnect = false;
    config.listener.resume_within = 20s;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.lose(1);
    const Time dead = world.time();
    ASSERT_TRUE(world.reaches([&] { return world.listener.abandoned == 1; }, 100s));
    EXPECT_NEAR(std::chrono::duration<double>(world.time() - dead).count(), 30 + 20, 0.1);
    world.run_for(60s);
    EXPECT_TRUE(world.empty());
}

TEST(SimResume, ADoubtedPeerMustShowItself) {
    for (const bool alive : {true, false}) {
        World world(config_with_reconnection());
        ASSERT_TRUE(world.establishes());
        world.run_for(5s);
        if (!alive) world.forward.config.loss = 1;
        const Time doubted = world.time();
        world.listener.session()->doubt(world.time(), 2s);
        world.flush();
        world.run_until([&] { return world.listener.state() == SessionState::closed; }, 10s);
        EXPECT_EQ(world.listener.state() == SessionState::closed, !alive);
        if (alive) continue;
        EXPECT_EQ(world.listener.closed_by().code, ErrorCode::session_timeout);
        EXPECT_LE(world.time() - doubted, 2s);
    }
}

// A member knows the session's name, which logs show, and in the end even its secret.
TEST(SimResume, AnotherNodeCannotTakeOver) {
    for (const bool stolen : {false, true}) {
        World world(config_with_reconnection());
        ASSERT_TRUE(world.establishes());
        world.caller.send({.seed = 1, .payload = 3 << 20});
        world.run_for(500ms);
        const SessionName name = world.caller.session()->info().name;
        ResumeTicket claim = world.caller.session()->ticket(name)->clone();
        if (!stolen) claim.secret = SecretBytes::copy_of(std::vector<uint8_t>(32, 9));
        std::string seed;
        for (size_t i = 0; i < seed_size; i++) seed += "01";  // as World's
        test::RogueSession thief(seed, world.random);
        const Address there = world.caller.address();  // behind the same NAT
        std::vector<uint8_t> proof;
        world.backward.tap = [&](Time, std::vector<uint8_t>& datagram) {
            if (packet_type(datagram) == PacketType::challenge && proof.empty())
                proof = thief.auth_proof(datagram, &claim);
            return true;
        };
        const auto wall = world.now(world.listener).wall;
        world.network.inject(world.time(), {there, world.listener.address(), thief.hello(wall)});
        ASSERT_TRUE(world.reaches([&] { return !proof.empty(); }, 5s));
        world.network.inject(world.time(), {there, world.listener.address(), proof});
        const auto refused = [&] {
            return std::any_of(world.listener.latest.begin(), world.listener.latest.end(), [](const auto& s) {
                return s.second.error.code == ErrorCode::handshake_failure && s.second.error.sub_code == 4;
            });
        };
        ASSERT_TRUE(world.reaches(refused, 5s));
        EXPECT_TRUE(world.finishes(60s));
        EXPECT_EQ(world.listener.resumptions, 0u);
    }
}

TEST(SimResume, IdsChangeWithTheAddress) {
    World world(config_with_reconnection());
    ASSERT_TRUE(world.establishes());
    world.caller.send({.seed = 1, .payload = 5 << 20, .answered = true});
    world.run_for(1s);
    std::map<Link*, std::set<SessionId>> before, after;
    auto* seen = &before;  // null: nobody looks
    for (Link* link : {&world.forward, &world.backward})
        link->tap = [&, link](Time, std::vector<uint8_t>& datagram) {
            const auto header = read_session_header(datagram);
            if (header && seen) (*seen)[link].insert(header->session);
            return true;
        };
    world.run_for(500ms);
    for (unsigned time = 0; time < 3; time++) {
        // A NAT tells nobody: until the listener has noticed, everything is as before.
        seen = nullptr;
        world.network.rebind(world.caller.host);
        ASSERT_TRUE(world.reaches(
            [&] { return world.listener.session()->info().peer == world.caller.address(); }, 5s));
        world.run_for(2 * round_trip);
        seen = &after;
        world.run_for(500ms);
        for (Link* link : {&world.forward, &world.backward}) {
            EXPECT_EQ(after[link].size(), 1u);
            for (const SessionId id : after[link]) EXPECT_FALSE(before[link].contains(id)) << time;
            before[link].merge(after[link]);
            after[link].clear();
        }
    }
    EXPECT_TRUE(world.finishes(60s));
}

}  // namespace
}  // namespace stt::sim
