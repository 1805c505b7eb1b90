// SPDX-License-Identifier: LGPL-2.1-or-later
// Paths that carry small packets only, from some moment on.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

struct NarrowPath {
    CongestionAlgorithm congestion = CongestionAlgorithm::bbr;
    Duration round_trip = 50ms;
    uint32_t message_max = 20'000;
    uint64_t backlog = 300'000;
    size_t cut = 1172;      ///< UDP payload bytes that still pass: an MTU of 1200
    double produced = 3e5;  ///< bytes per second; 0: bulk
    uint64_t payload = 1 << 30;
    bool reconnect = false;
    uint64_t seed = 1;
};

constexpr CongestionAlgorithm controllers[] = {CongestionAlgorithm::bbr, CongestionAlgorithm::cubic};

std::string to_string(const NarrowPath& path) {
    return std::string(path.congestion == CongestionAlgorithm::bbr ? "bbr" : "cubic") + ", " +
           std::to_string(path.round_trip / 1us) + " us, messages up to " + std::to_string(path.message_max) +
           ", backlog " + std::to_string(path.backlog) + ", cut to " + std::to_string(path.cut) +
           ", produced " + std::to_string(path.produced) + ", seed " + std::to_string(path.seed);
}

/// A stream that is under way. Bulk has a line of 10 Mbit/s, what is produced one without a limit.
struct NarrowWorld : World {
    static constexpr double rate = 1.25e6;

    explicit NarrowWorld(const NarrowPath& path) : World(config_of(path)), cut(path.cut) {
        caller.application.unacknowledged_max = path.backlog;
        caller.application.production = path.produced;
        EXPECT_TRUE(establishes());
        caller.send({.seed = path.seed, .payload = path.payload, .message_max = path.message_max});
        run_for(2s + path.seed * 37ms);
    }
    void narrow() { set_mtu(cut); }
    void widen() { set_mtu(std::numeric_limits<size_t>::max()); }
    uint64_t sent() const { return forward.counters.bytes; }
    uint64_t received() const { return listener.received(); }
    uint64_t acknowledged() const {
        uint64_t sum = 0;
        for (const auto& [id, flow] : caller.application.flows()) sum += flow.acked;
        return sum;
    }
    /// How often the sender was told that the path is too narrow.
    auto told() const {
        return std::count_if(caller.errors.begin(), caller.errors.end(), [](const Error& error) {
            return error.code == ErrorCode::udp_send_failed && error.origin == ErrorOrigin::network &&
                   error.reason == Reason::mtu &&
                   error.text.find("IP packets of 1228 bytes no longer get through") != std::string::npos;
        });
    }

    const size_t cut;

  private:
    static WorldConfig config_of(const NarrowPath& path) {
        WorldConfig config;
        config.seed = path.seed;
        config.forward.latency = config.backward.latency = path.round_trip / 2;
        config.forward.rate = config.backward.rate = path.produced > 0 ? 0 : rate;
        config.reconnect = path.reconnect;
        config.caller.congestion = config.listener.congestion = path.congestion;
        return config;
    }
    void set_mtu(size_t bytes) {
        for (Link* link : {&forward, &backward}) link->config.mtu = bytes;
    }
};

std::vector<NarrowPath> narrow_paths() {
    std::vector<NarrowPath> paths;
    uint64_t seed = 0;
    for (const auto congestion : controllers)
        for (const Duration round_trip : {Duration(100us), Duration(1ms), Duration(10ms), Duration(50ms)}) {
            NarrowPath path{.congestion = congestion, .round_trip = round_trip};
            const auto add = [&] {
                path.cut = ++seed % 2 ? 1172 : 600;
                path.seed = seed;
                paths.push_back(path);
            };
            for (const uint32_t message_max : {1200u, 20'000u, 60'000u})
                for (const uint64_t backlog : {30'000u, 300'000u, 4'000'000u}) {
                    path.message_max = message_max;
                    path.backlog = backlog;
                    add();
                }
            path.produced = 0;
            add();
        }
    return paths;
}

class SimNarrowPath : public testing::TestWithParam<NarrowPath> {};

TEST_P(SimNarrowPath, IsNotFloodedAndIsGivenUpInTheEnd) {
    SCOPED_TRACE(to_string(GetParam()));
    NarrowWorld world(GetParam());
    world.narrow();
    const Time narrowed = world.time();
    const uint64_t sent_before = world.sent();
    // What was under way when it became narrow is sent again until it is clear that it does not arrive.
    world.run_for(1s);
    while (world.both(SessionState::established) && world.time() - narrowed < 40s) {
        const uint64_t sent = world.sent(), acknowledged = world.acknowledged();
        world.run_for(1s);
        EXPECT_LE(world.sent() - sent, 64'000 + 4 * (world.acknowledged() - acknowledged))
            << world.describe();
        EXPECT_LE(world.told(), 1) << world.describe();
        // A line that was full empties first.
        if (world.time() - narrowed >= (GetParam().produced > 0 ? 2s : 6s)) {
            EXPECT_EQ(world.told(), 1) << world.describe();
        }
    }
    if (GetParam().produced > 0) {
        EXPECT_LE(static_cast<double>(world.sent() - sent_before), 2 * GetParam().produced * 30);
    }
    ASSERT_EQ(world.failure(), "");
    ASSERT_EQ(world.caller.state(), SessionState::closed) << world.describe();
    const Duration waited = world.caller.state_times.back() - narrowed;
    EXPECT_GE(waited, SessionConfig{}.keepalive_timeout);
    EXPECT_LE(waited, SessionConfig{}.keepalive_timeout + 5s);
    const Error& error = world.caller.closed_by();
    EXPECT_EQ(error.code, ErrorCode::session_timeout);
    EXPECT_EQ(error.origin, ErrorOrigin::network);
    EXPECT_EQ(error.reason, Reason::mtu);
    EXPECT_NE(error.text.find("does not carry IP packets of 1228 bytes"), std::string::npos) << error.text;
    EXPECT_TRUE(world.caller.session()->resumable());
}

INSTANTIATE_TEST_SUITE_P(Paths, SimNarrowPath, testing::ValuesIn(narrow_paths()));

TEST(SimNarrowPathEnd, ItFlowsAgainWithinASecond) {
    for (const auto congestion : controllers)
        for (const Duration round_trip : {Duration(1ms), Duration(50ms)})
            for (const Duration lasted : {Duration(1s), Duration(5s), Duration(25s)})
                for (const uint64_t backlog : {300'000u, 4'000'000u})
                    for (uint64_t seed = 1; seed <= 3; seed++) {
                        const NarrowPath path{.congestion = congestion,
                                              .round_trip = round_trip,
                                              .backlog = backlog,
                                              .produced = 0,
                                              .payload = 10 << 20,
                                              .seed = seed};
                        SCOPED_TRACE(to_string(path));
                        NarrowWorld world(path);
                        world.narrow();
                        world.run_for(lasted);
                        world.widen();
                        world.run_for(1s);
                        const uint64_t before = world.received();
                        world.run_for(2s);
                        EXPECT_GE(static_cast<double>(world.received() - before),
                                  0.75 * 2 * NarrowWorld::rate)
                            << world.describe();
                        EXPECT_TRUE(world.finishes(20s));
                        EXPECT_LE(world.told(), lasted < 2s ? 0 : 1);
                    }
}

TEST(SimNarrowPathEnd, AnotherSessionGoesOnWhereOneWasGivenUp) {
    for (const auto congestion : controllers) {
        NarrowWorld world({.congestion = congestion, .produced = 0, .payload = 10 << 20, .reconnect = true});
        world.narrow();
        ASSERT_TRUE(world.reaches([&] { return world.caller.state() == SessionState::closed; }, 40s));
        EXPECT_EQ(world.caller.closed_by().reason, Reason::mtu);
        world.run_for(5s);
        EXPECT_EQ(world.caller.resumptions, 0u) << "its handshake takes the full size, too";
        world.widen();
        EXPECT_TRUE(world.finishes(30s));
        EXPECT_EQ(world.caller.resumptions, 1u);
    }
}

TEST(SimNarrowPathEnd, APausedReceiverIsNoFault) {
    for (const auto congestion : controllers)
        for (const bool narrow : {false, true}) {
            NarrowWorld world({.congestion = congestion, .produced = 0, .payload = 10 << 20});
            world.listener.application.stalled = true;
            world.run_for(5s);  // until its window is used up
            if (narrow) world.narrow();
            world.run_for(100s);
            EXPECT_TRUE(world.both(SessionState::established)) << world.describe();
            EXPECT_EQ(world.told(), 0) << world.describe();
            world.widen();
            world.listener.application.stalled = false;
            EXPECT_TRUE(world.finishes(60s));
        }
}

TEST(SimNarrowPathStart, TheHandshakeNamesWhatTheNetworkSays) {
    for (const size_t mtu : {size_t{1172}, size_t{548}})
        for (const bool reported : {false, true}) {
            WorldConfig config;
            config.forward.mtu = config.backward.mtu = mtu;
            config.forward.report_too_big = config.backward.report_too_big = reported;
            World world(config);
            world.connect();
            const Time begin = world.time();
            ASSERT_TRUE(world.reaches([&] { return world.caller.state() == SessionState::closed; }, 15s));
            const Error& error = world.caller.closed_by();
            EXPECT_EQ(error.origin, ErrorOrigin::network);
            if (reported) {
                EXPECT_LE(world.time() - begin, 2s);
                EXPECT_EQ(error.code, ErrorCode::udp_send_failed);
                EXPECT_EQ(error.reason, Reason::mtu);
            } else {
                EXPECT_EQ(error.code, ErrorCode::connection_timeout);
                EXPECT_NE(hint_for(error).find("1228 bytes"), std::string::npos);
            }
        }
}

TEST(SimNarrowPathEnd, RandomLossIsNoNarrowPath) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const NarrowPath path{.message_max = 1316, .produced = 125e3, .seed = seed};
        SCOPED_TRACE(to_string(path));
        NarrowWorld world(path);
        world.forward.config.loss = 0.7;
        world.run_for(10s);
        const uint64_t before = world.received();
        world.run_for(30s);
        EXPECT_GE(static_cast<double>(world.received() - before), 0.85 * 30 * path.produced)
            << world.describe();
        EXPECT_EQ(world.told(), 0) << world.describe();
    }
}

}  // namespace
}  // namespace stt::sim
