// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/peer_clock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace stt {
namespace {

constexpr Time begin{1000s};

NodeId node(unsigned number) {
    NodeId id{};
    id[0] = static_cast<uint8_t>(number);
    id[1] = static_cast<uint8_t>(number >> 8);
    return id;
}

/// An exchange over a perfect path; the peer is a second ahead.
ClockSample sample_at(Time time) {
    const int64_t sent = time.time_since_epoch().count();
    return {sent, sent + 1'000'500'000, sent + 1'000'500'000, sent + 1'000'000};
}

void measure(PeerClock& clock, Time from, int exchanges = 3) {
    for (int i = 0; i < exchanges; i++) clock.add(sample_at(from + i * 20ms));
}

TEST(PeerClock, all_sessions_with_a_node_share_one) {
    PeerClocks clocks;
    const auto one = clocks.get(node(1), begin), other = clocks.get(node(1), begin);
    EXPECT_EQ(one, other);
    EXPECT_NE(one, clocks.get(node(2), begin));
    one->add(sample_at(begin));
    other->add(sample_at(begin + 5ms));
    EXPECT_FALSE(one->line());
    one->add(sample_at(begin + 10ms));
    ASSERT_TRUE(one->line());
    EXPECT_EQ(other->line()->offset_ns, one->line()->offset_ns);
    EXPECT_EQ(one->line()->offset_ns, 1'000'000'000);
}

TEST(PeerClock, one_survives_reconnection_and_is_forgotten_after_ten_minutes) {
    PeerClocks clocks;
    auto clock = clocks.get(node(1), begin);
    const std::weak_ptr<PeerClock> same = clock;
    // For hours nobody asks for it, and it is measured all the while.
    measure(*clock, begin + 3h);
    clock.reset();
    EXPECT_EQ(clocks.get(node(1), begin + 3h + 9min), same.lock());
    clocks.get(node(2), begin + 3h + 20min);
    EXPECT_TRUE(same.expired());
    EXPECT_EQ(clocks.size(), 1u);
}

TEST(PeerClock, one_that_is_held_is_never_forgotten) {
    PeerClocks clocks;
    const auto clock = clocks.get(node(1), begin);
    EXPECT_EQ(clocks.get(node(1), begin + 24h), clock);
}

TEST(PeerClock, their_number_is_bounded) {
    PeerClocks clocks;
    const auto held = clocks.get(node(0), begin);
    for (unsigned i = 1; i < 3 * PeerClocks::clocks_max; i++) {
        clocks.get(node(i), begin + i * 1ms);
        EXPECT_LE(clocks.size(), PeerClocks::clocks_max);
    }
    EXPECT_EQ(clocks.get(node(0), begin + 1s), held) << "it is in use";
    std::vector<std::shared_ptr<PeerClock>> all;
    for (unsigned i = 0; i < 2 * PeerClocks::clocks_max; i++) {
        all.push_back(clocks.get(node(i), begin + 2s));
        ASSERT_TRUE(all.back());
    }
    EXPECT_EQ(clocks.size(), PeerClocks::clocks_max);
}

TEST(PeerClock, a_wait_ends_with_the_first_line_with_an_interruption_or_with_its_time) {
    PeerClock clock;
    EXPECT_FALSE(clock.wait_line(1ms, [] { return false; }));
    EXPECT_FALSE(clock.wait_line(1h, [] { return true; }));

    std::atomic<bool> stop{false};
    std::thread interrupted([&] { EXPECT_FALSE(clock.wait_line(1h, [&] { return stop.load(); })); });
    stop = true;
    clock.interrupt();
    interrupted.join();

    std::thread waiting([&] { EXPECT_TRUE(clock.wait_line(1h, [] { return false; })); });
    measure(clock, begin);
    waiting.join();
    EXPECT_TRUE(clock.wait_line(Duration::zero(), [] { return false; }));
}

TEST(PeerClock, threads_read_while_sessions_measure) {
    PeerClocks clocks;
    const auto clock = clocks.get(node(1), begin);
    std::atomic<bool> done{false};
    std::thread reading([&] {
        while (!done) {
            const auto line = clock->line();
            EXPECT_NEAR(line ? static_cast<double>(line->offset_ns) : 1e9, 1e9, 1e3);
        }
    });
    std::thread other([&] { measure(*clocks.get(node(1), begin), begin, 500); });
    measure(*clock, begin, 500);
    other.join();
    done = true;
    reading.join();
}

}  // namespace
}  // namespace stt
