// SPDX-License-Identifier: LGPL-2.1-or-later
// Hundreds of combinations of networks, traffic and settings, each made from a seed. Whatever the network
// does to packets, every byte arrives once and in order, both sides close gracefully, and nothing is left
// over. STT_SEED=N runs one combination alone.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr uint64_t groups = 52, group_size = 12;

template <size_t N>
double pick(SeededRandom& random, const double (&values)[N]) {
    return values[static_cast<size_t>(random.below(N))];
}

Duration milliseconds(double value) { return Duration(static_cast<Duration::rep>(value * 1e6)); }

/// What a seed stands for.
struct Combination {
    explicit Combination(uint64_t seed);
    std::string to_string() const;

    WorldConfig world;
    unsigned streams = 1;
    Script script;
    uint64_t unacknowledged_max = 0;
    double appetite = 0;
    bool caller_sends = true, listener_sends = false;
    bool caller_closes = true, one_way = false;
};

LinkConfig line(SeededRandom& random, const LinkConfig& common) {
    LinkConfig link = common;
    // Each direction has its own quirks.
    if (random.chance(0.5)) link.loss = 0;
    if (random.chance(0.5)) link.reordering = 0;
    for (double count = pick(random, {0, 0, 0, 1, 3}); count > 0; count--) {
        const Time begin = epoch + milliseconds(random.fraction() * 5000);
        link.blackouts.push_back({begin, begin + milliseconds(20 + random.fraction() * 1500)});
    }
    return link;
}

Combination::Combination(uint64_t seed) {
    SeededRandom random(seed * 7919 + 1);
    LinkConfig link;
    link.latency = milliseconds(pick(random, {0, 0.05, 1, 5, 20, 50, 100, 300}));
    link.jitter = milliseconds(pick(random, {0, 0, 1, 10}));
    link.loss = pick(random, {0, 0, 0.001, 0.01, 0.05, 0.1, 0.2});
    link.reordering = pick(random, {0, 0, 0.01, 0.2});
    link.duplication = pick(random, {0, 0, 0.01, 0.1});
    link.corruption = pick(random, {0, 0, 0, 0.001, 0.02});
    link.burst.enter = pick(random, {0, 0, 0, 0.002});
    link.rate = pick(random, {0, 64e3, 250e3, 1.25e6, 12.5e6, 125e6});
    link.queue = static_cast<uint64_t>(pick(random, {20e3, 100e3, 1e6}));
    if (random.chance(0.3)) {
        link.mtu = static_cast<size_t>(pick(random, {1200, 1372, 1472, 4000}));
        link.report_too_big = random.chance(0.5);
    }
    world.seed = seed;
    world.forward = line(random, link);
    world.backward = line(random, link);

    SessionConfig session;
    session.congestion = seed % 2 ? CongestionAlgorithm::bbr : CongestionAlgorithm::cubic;
    session.ciphers |= cipher_bit(Cipher::chacha20_poly1305);
    // The matrix is about data; how long a handshake may take is another matter.
    session.handshake_timeout = 120s;
    session.max_window = static_cast<uint64_t>(pick(random, {64e3, 1e6, 32e6}));
    world.caller = session;
    world.listener = session;

    streams = 1 + static_cast<unsigned>(random.below(8));
    script.message_max = static_cast<uint32_t>(pick(random, {1, 100, 1316, 10e3, 65536, 300e3}));
    // Small messages cost more work a byte.
    const double most = script.message_max == 1 ? 20e3 : script.message_max == 100 ? 500e3 : 6e6;
    script.payload = 1 + static_cast<uint64_t>(random.fraction() * most / streams);
    if (link.rate == 64e3) script.payload = 1 + script.payload / 4;
    script.answered = random.chance(0.25);
    unacknowledged_max = static_cast<uint64_t>(pick(random, {1500, 30e3, 500e3, 8e6}));
    if (random.chance(0.25)) appetite = pick(random, {50e3, 500e3});
    const uint64_t direction = random.below(4);
    caller_sends = direction != 0;
    listener_sends = direction <= 1;
    caller_closes = random.chance(0.5);
    // A side that alone sends closes as soon as all of it is delivered, whatever the other still has to say.
    one_way = caller_sends != listener_sends && !script.answered && random.chance(0.5);
    if (one_way) caller_closes = caller_sends;
}

std::string Combination::to_string() const {
    const auto text = [](const LinkConfig& link) {
        const auto ms = [](Duration d) {
            return std::to_string(std::chrono::duration<double, std::milli>(d).count());
        };
        std::string all = "latency " + ms(link.latency) + " jitter " + ms(link.jitter) + " loss " +
                          std::to_string(link.loss) + " burst " + std::to_string(link.burst.enter) +
                          " reordering " + std::to_string(link.reordering) + " duplication " +
                          std::to_string(link.duplication) + " corruption " +
                          std::to_string(link.corruption) + " rate " + std::to_string(link.rate) + " queue " +
                          std::to_string(link.queue) + " mtu " + std::to_string(link.mtu);
        for (const Interval& dark : link.blackouts)
            all += " dark " + ms(dark.begin - epoch) + "-" + ms(dark.end - epoch);
        return all;
    };
    return "STT_SEED=" + std::to_string(world.seed) + " forward: " + text(world.forward) +
           "; backward: " + text(world.backward) + "; " +
           (world.caller.congestion == CongestionAlgorithm::bbr ? "bbr" : "cubic") + " window " +
           std::to_string(world.caller.max_window) + " streams " + std::to_string(streams) + " payload " +
           std::to_string(script.payload) + " messages " + std::to_string(script.message_max) +
           (script.answered ? " answered" : "") + " unacknowledged " + std::to_string(unacknowledged_max) +
           " appetite " + std::to_string(appetite) + (caller_sends ? " caller sends" : "") +
           (listener_sends ? " listener sends" : "") +
           (caller_closes ? " caller closes" : " listener closes") +
           (one_way ? " once all is delivered" : "") + "\n";
}

void send_all(World& world, Node& node, const Combination& combination) {
    for (unsigned i = 0; i < combination.streams; i++) {
        Script script = combination.script;
        script.seed = world.random.next();
        ASSERT_TRUE(node.send(script));
    }
}

/// Whether a link really loses so much that it is reported: by chance, or in its queue.
bool loses_much(const Link& link) {
    const BurstLoss& burst = link.config.burst;
    const double share = link.config.loss + burst.enter / (burst.enter + burst.leave);
    return share > 0.06 || (link.config.rate > 0 && 20 * link.counters.dropped > link.counters.datagrams);
}

void expect_clean(World& world) {
    for (Node* node : {&world.caller, &world.listener}) {
        const std::string& who = node->name();
        for (const Error& error : node->errors) {
            EXPECT_EQ(error.code, ErrorCode::path_loss) << who << " noted " << error.text;
            const bool forward = (node == &world.caller) == (error.reason == Reason::outgoing);
            EXPECT_TRUE(loses_much(forward ? world.forward : world.backward))
                << who << " noted " << error.text;
        }
        ASSERT_EQ(node->state(), SessionState::closed) << who;
        const Error& error = node->closed_by();
        EXPECT_TRUE(error.code == ErrorCode::none ||
                    (error.code == ErrorCode::session_closed && error.reason == Reason::graceful))
            << who << ": " << error_name(error.code) << " " << error.text;
        EXPECT_EQ(node->application.streams_closed(), 0u) << who;
    }
}

void run(uint64_t seed) {
    const Combination combination(seed);
    SCOPED_TRACE(combination.to_string());
    World world(combination.world);
    for (Node* node : {&world.caller, &world.listener}) {
        node->application.unacknowledged_max = combination.unacknowledged_max;
        node->application.appetite = combination.appetite;
    }
    ASSERT_TRUE(world.establishes(120s));
    if (combination.caller_sends) send_all(world, world.caller, combination);
    if (combination.listener_sends) send_all(world, world.listener, combination);

    Node& closer = combination.caller_closes ? world.caller : world.listener;
    const auto all_acknowledged = [&] {
        for (Node* node : {&world.caller, &world.listener})
            for (const auto& [id, flow] : node->application.flows())
                if (node->session()->unacknowledged(id) > 0) return false;
        return true;
    };
    const auto ready = [&] {
        return combination.one_way ? closer.application.all_delivered() : world.idle() && all_acknowledged();
    };
    ASSERT_TRUE(world.reaches(ready, 3600s));
    world.close(closer);
    ASSERT_TRUE(world.reaches([&] { return world.empty(); }, 4000s));
    EXPECT_TRUE(closer.application.all_delivered()) << world.describe();
    EXPECT_TRUE(world.peer_of(closer).application.all_received()) << world.describe();
    const unsigned senders = (combination.caller_sends ? 1 : 0) + (combination.listener_sends ? 1 : 0);
    EXPECT_EQ(
        world.caller.received() + world.listener.received(),
        senders * combination.streams * combination.script.payload * (combination.script.answered ? 2 : 1));
    expect_clean(world);
}

class SimMatrix : public testing::TestWithParam<uint64_t> {};

TEST_P(SimMatrix, EveryByteArrives) {
    if (const char* seed = std::getenv("STT_SEED")) {
        if (GetParam() == 0) run(std::strtoull(seed, nullptr, 10));
        return;
    }
    for (uint64_t i = 0; i < group_size; i++) run(GetParam() * group_size + i + 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimMatrix, testing::Range(uint64_t{0}, groups));

}  // namespace
}  // namespace stt::sim
