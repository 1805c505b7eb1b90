// SPDX-License-Identifier: LGPL-2.1-or-later
// Paths that carry small packets only, from some moment on.
#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

struct NarrowPath {
    CongestionAlgorithm congestion = CongestionAlgorithm::bbr;
    Duration round_trip = 1ms;
    uint32_t message_max = 20'000;
    uint64_t backlog = 300'000;
    size_t cut = 1172;      ///< UDP payload bytes that still pass
    double rate = 0;        ///< of the line; 0: no limit
    double produced = 3e5;  ///< bytes per second; 0: bulk
    uint64_t seed = 1;
};

std::string to_string(const NarrowPath& path) {
    return std::string(path.congestion == CongestionAlgorithm::bbr ? "bbr" : "cubic") + ", " +
           std::to_string(path.round_trip / 1us) + " us, messages " + std::to_string(path.message_max) +
           ", backlog " + std::to_string(path.backlog) + ", cut " + std::to_string(path.cut) + ", rate " +
           std::to_string(path.rate) + ", produced " + std::to_string(path.produced) + ", seed " +
           std::to_string(path.seed) + "\n";
}

WorldConfig world_of(const NarrowPath& path) {
    WorldConfig config;
    config.seed = path.seed;
    config.forward.latency = config.backward.latency = path.round_trip / 2;
    config.forward.rate = config.backward.rate = path.rate;
    config.caller.congestion = config.listener.congestion = path.congestion;
    return config;
}

/// A stream that is under way.
struct NarrowWorld : World {
    explicit NarrowWorld(const NarrowPath& path) : World(world_of(path)), cut(path.cut) {
        caller.application.unacknowledged_max = path.backlog;
        caller.application.production = path.produced;
        EXPECT_TRUE(establish());
        caller.application.send(*session(caller),
                                {.seed = path.seed, .payload = 1 << 30, .message_max = path.message_max});
        run_for(2s + path.seed * 37ms);
    }
    void narrow() { set_mtu(cut); }
    void widen() { set_mtu(std::numeric_limits<size_t>::max()); }
    uint64_t sent() const { return network.counters(Side::caller).bytes; }
    uint64_t received() const { return listener.application.payload_received(); }
    unsigned told() const {
        return static_cast<unsigned>(
            std::count_if(caller.errors.begin(), caller.errors.end(), [](const Error& error) {
                return error.code == ErrorCode::udp_send_failed && error.reason == "mtu" &&
                       error.origin == ErrorOrigin::network &&
                       error.text.find("1228 bytes do not get through") != std::string::npos;
            }));
    }

    const size_t cut;

  private:
    void set_mtu(size_t bytes) {
        for (const Side side : {Side::caller, Side::listener}) network.link(side).mtu = bytes;
    }
};

std::vector<NarrowPath> narrow_paths() {
    std::vector<NarrowPath> paths;
    uint64_t seed = 0;
    for (const auto congestion : {CongestionAlgorithm::bbr, CongestionAlgorithm::cubic})
        for (const Duration round_trip :
             {Duration(100us), Duration(1ms), Duration(10ms), Duration(50ms), Duration(300ms)})
            for (const uint32_t message_max : {1200u, 20'000u, 60'000u})
                for (const uint64_t backlog : {uint64_t{30'000}, uint64_t{300'000}, uint64_t{4'000'000}})
                    paths.push_back({.congestion = congestion,
                                     .round_trip = round_trip,
                                     .message_max = message_max,
                                     .backlog = backlog,
                                     .cut = ++seed % 2 ? size_t{1172} : size_t{600},
                                     .seed = seed});
    return paths;
}

class SimNarrowPath : public testing::TestWithParam<NarrowPath> {};

TEST_P(SimNarrowPath, IsNotFloodedToldOfAndGivenUp) {
    SCOPED_TRACE(to_string(GetParam()));
    NarrowWorld world(GetParam());
    world.narrow();
    const Time narrowed = world.time();
    Time told = time_never;
    uint64_t peak = 0, first = 0;
    world.run_until([&] { return world.told() > 0; }, 20s); told = world.time();
    for (int second = 0; world.caller.state() == SessionState::established && second < 60; second++) {
        const uint64_t before = world.sent();
        const uint64_t acked = world.received();
        world.run_for(1s);
        const uint64_t sent = world.sent() - before;
        if (second == 0)
            first = sent;
        else
            peak = std::max(peak, sent);
        (void)acked;
        if (told == time_never && world.told()) told = world.time();
    }
    printf("RES %s first %lu peak %lu told %.1f lost %.1f n %u | %s\n",
           to_string(GetParam()).substr(0, to_string(GetParam()).size() - 1).c_str(), first, peak,
           std::chrono::duration<double>(told - narrowed).count(),
           std::chrono::duration<double>(world.caller.state_times.back() - narrowed).count(), world.told(),
           world.caller.closed_by().text.c_str());
}

INSTANTIATE_TEST_SUITE_P(Paths, SimNarrowPath, testing::ValuesIn(narrow_paths()));

}  // namespace
}  // namespace stt::sim
