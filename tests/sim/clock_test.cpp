// SPDX-License-Identifier: LGPL-2.1-or-later
// What sessions measure of each other's clocks, on nodes whose clocks run apart.
#include <gtest/gtest.h>

#include "core/proto/clock_estimator.hpp"
#include "tests/lib/rogue_session.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

/// The caller receives. The listener's clock is five hours ahead and 80 ppm fast.
WorldConfig receiving_caller() {
    WorldConfig config;
    config.forward.latency = config.backward.latency = 20ms;
    config.forward.jitter = config.backward.jitter = 2ms;
    config.caller.measure_clock = true;
    config.listener_ahead = 5h;
    config.listener_faster = 80e-6;
    return config;
}

/// In seconds; of the line that all samples so far make.
double line_error(const World& world) {
    ClockEstimator estimator;
    for (const ClockSample& sample : world.caller.clock_samples) estimator.add(sample);
    EXPECT_TRUE(estimator.line());
    if (!estimator.line()) return 1e9;
    EXPECT_EQ(estimator.line()->generation, 1u);
    const auto ns = [](Time time) { return time.time_since_epoch().count(); };
    const int64_t peer = estimator.line()->peer_at(ns(world.caller.clock.at(world.time())));
    return static_cast<double>(peer - ns(world.listener.clock.at(world.time()))) * 1e-9;
}

uint64_t datagrams(const World& world) {
    return world.forward.counters.datagrams + world.backward.counters.datagrams;
}

TEST(SimClock, IsMeasuredInAnIdleSessionWithTwoPacketsASecond) {
    World world(receiving_caller());
    ASSERT_TRUE(world.establishes());
    world.run_for(70s);
    EXPECT_LE(std::abs(line_error(world)), 0.5e-3);
    const uint64_t before = datagrams(world), probes = world.caller.session()->stats().probes;
    world.run_for(600s);
    EXPECT_LE(std::abs(line_error(world)), 0.5e-3);
    EXPECT_NEAR(static_cast<double>(datagrams(world) - before), 1200, 40) << "neither is acknowledged";
    EXPECT_EQ(world.caller.session()->stats().probes, probes);
    EXPECT_EQ(world.caller.session()->stats().in_flight, 0u);
    EXPECT_TRUE(world.listener.clock_samples.empty()) << "who does not want to know does not ask";
}

TEST(SimClock, IsNotMisledByAStreamThatFillsThePath) {
    WorldConfig config = receiving_caller();
    config.backward.rate = 2e6;
    config.listener.congestion = CongestionAlgorithm::cubic;  // which fills queues
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.run_for(60s);
    ASSERT_TRUE(world.listener.send({.seed = 3, .payload = 120 << 20}));
    world.flush();
    world.run_for(55s);
    EXPECT_GT(world.caller.received(), uint64_t{60} << 20);
    EXPECT_GT(world.backward.counters.queue_peak, 100u << 10) << "50 ms";
    EXPECT_EQ(world.backward.counters.dropped, world.listener.session()->stats().packets_lost)
        << "no exchange counts as lost data";
    const double error = line_error(world);
    std::printf("error beside a full queue: %.3f ms\n", error * 1e3);
    EXPECT_LE(std::abs(error), 1e-3);
}

TEST(SimClock, DoesNotKeepADeadSessionAlive) {
    WorldConfig config = receiving_caller();
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.run_for(10s);
    // Requests arrive, answers do not.
    world.backward.config.loss = 1;
    const Time dead = world.time();
    ASSERT_TRUE(world.reaches([&] { return world.both(SessionState::closed); }, 100s));
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::session_timeout);
    EXPECT_LE(world.caller.state_times.back() - dead, 31s);
}

TEST(SimClock, IsAskedForAtOnceOnAnotherPath) {
    WorldConfig config = receiving_caller();
    config.caller.measure_clock = false;
    config.listener.measure_clock = true;
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.run_for(100s);
    world.network.rebind(world.caller.host);
    const auto moved = [&] { return world.listener.session()->info().peer == world.caller.address(); };
    ASSERT_TRUE(world.reaches(moved, 60s));
    const size_t before = world.listener.clock_samples.size();
    world.run_for(2s);
    EXPECT_NEAR(static_cast<double>(world.listener.clock_samples.size() - before), 22, 2);
}

TEST(SimClock, BadWeatherCostsExchangesAndNothingElse) {
    WorldConfig config = receiving_caller();
    for (LinkConfig* link : {&config.forward, &config.backward}) {
        link->loss = 0.2;
        link->duplication = 0.1;
        link->reordering = 0.2;
        link->corruption = 0.02;
    }
    World world(config);
    ASSERT_TRUE(world.establishes());
    world.run_for(300s);
    EXPECT_TRUE(world.both(SessionState::established)) << world.describe();
    EXPECT_LE(std::abs(line_error(world)), 1e-3);
    EXPECT_GT(world.caller.clock_samples.size(), 200u);
    EXPECT_EQ(world.listener.session()->stats().unknown_frames, 0u);
}

TEST(SimClock, AHostilePeerGetsFewAnswersAndItsOwnAreNotHeard) {
    SeededRandom random(5);
    const Identity identity = Identity::generate(random);
    EndpointConfig config;
    config.identity = &identity;
    config.listening = true;
    config.session.measure_clock = true;
    Endpoint endpoint(config, random);
    const std::string seed(2 * seed_size, '1');
    std::vector<SecretBytes> seeds;
    seeds.push_back(seed_from_hex(seed).value());
    endpoint.set_seeds(std::move(seeds));
    const Address address = Address::v4({10, 0, 0, 9}, 9);
    std::vector<uint8_t> batch(65536);
    Now now{epoch, WallTime(1'700'000'000s)};
    uint64_t sent = 0, measured = 0;
    const auto give = [&](std::vector<uint8_t> datagram) {
        endpoint.handle_datagram(now, address, datagram, nullptr);
    };
    const auto drain = [&] {
        while (endpoint.poll_transmit(now, batch, 1)) sent++;
        while (const auto event = endpoint.next_event())
            if (std::holds_alternative<event::ClockMeasured>(event->what)) measured++;
    };
    const auto frames = [](const std::vector<Frame>& list) {
        std::vector<uint8_t> bytes(1000);
        ByteWriter out(bytes);
        for (const Frame& frame : list) EXPECT_TRUE(write_frame(out, frame));
        bytes.resize(out.size());
        return bytes;
    };

    test::RogueSession rogue(seed, random);
    give(rogue.hello(now.wall));
    const auto challenge = endpoint.poll_transmit(now, batch, 1);
    ASSERT_TRUE(challenge);
    const auto proof = rogue.auth_proof(Bytes(batch).first(challenge->size));
    ASSERT_FALSE(proof.empty());
    give(proof);
    drain();
    sent = measured = 0;
    // Ten seconds: 200 packets a second, of 50 requests each, and answers to everything that may be asked.
    const std::vector<Frame> requests(50, ClockRequestFrame{varint_max});
    for (int i = 0; i < 2000; i++) {
        now.time += 5ms;
        endpoint.handle_timeout(now);
        give(rogue.seal(now.time, frames(requests)));
        give(rogue.seal(now.time,
                        frames({ClockResponseFrame{static_cast<uint64_t>(i % 64), varint_max, varint_max},
                                ClockResponseFrame{varint_max, 0, varint_max},
                                ClockResponseFrame{static_cast<uint64_t>(i % 64), 0, 0}})));
        drain();
    }
    // Its own answers, the requests from here, and what else a session has to say.
    EXPECT_LE(sent, 10 * 50u + 50 + 60 + 30 + 40);
    EXPECT_GE(sent, 500u);
    EXPECT_LE(measured, 60u) << "one for each request at most";
}

}  // namespace
}  // namespace stt::sim
