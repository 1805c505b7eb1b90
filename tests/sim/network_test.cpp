// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulated network does to datagrams what its links say, and nothing else.
#include "tests/sim/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace stt::sim {
namespace {

constexpr Time begin{1000s};
constexpr size_t header = 28;  // of IPv4 and UDP, which the rate counts

struct NetworkTest : testing::Test {
    /// Sends a datagram of `size` bytes that begins with `number`.
    Network::Sent send(Time at, uint8_t number, size_t size = 100) {
        std::vector<uint8_t> datagram(size, number);
        return network.send(at, a, b.address(), datagram);
    }
    /// Sends this many datagrams 10 ms apart. Returns how many arrive, copies included.
    size_t arrivals_of(size_t count) {
        for (size_t i = 0; i < count; i++) send(begin + i * 10ms, static_cast<uint8_t>(i));
        return take_all().size();
    }
    std::vector<Arrival> take_all() {
        std::vector<Arrival> all;
        while (auto arrival = network.take(time_never)) all.push_back(std::move(*arrival));
        return all;
    }

    Network network{1};
    Host& a = network.join(Address::v4({192, 0, 2, 1}, 1));
    Host& b = network.join(Address::v4({192, 0, 2, 2}, 2));
    LinkConfig& link = network.link(a, b).config;
    const Link::Counters& counters = network.link(a, b).counters;
};

TEST_F(NetworkTest, DeliversAfterTheLatency) {
    link.latency = 25ms;
    send(begin, 7);
    EXPECT_EQ(network.next_arrival(), begin + 25ms);
    EXPECT_FALSE(network.take(begin + 25ms - 1ns));
    const auto arrival = network.take(begin + 25ms);
    ASSERT_TRUE(arrival);
    EXPECT_EQ(arrival->to, &b);
    EXPECT_EQ(arrival->datagram.from, a.address());
    EXPECT_EQ(arrival->datagram.bytes, std::vector<uint8_t>(100, 7));
    EXPECT_EQ(network.next_arrival(), time_never);
    EXPECT_EQ(counters.arrived, 100u);
}

TEST_F(NetworkTest, JitterKeepsTheOrder) {
    link.jitter = 50ms;
    for (uint8_t i = 0; i < 200; i++) send(begin + i * 1ms, i);
    const auto all = take_all();
    ASSERT_EQ(all.size(), 200u);
    Duration longest{};
    for (uint8_t i = 0; i < 200; i++) {
        ASSERT_EQ(all[i].datagram.bytes[0], i);
        const Duration took = all[i].at - (begin + i * 1ms);
        EXPECT_GE(took, link.latency);
        EXPECT_LE(took, link.latency + link.jitter + 1us);
        longest = std::max(longest, took);
    }
    EXPECT_GE(longest, link.latency + 45ms);
}

TEST_F(NetworkTest, ReorderingChangesTheOrder) {
    link.reordering = 0.1;
    link.reordering_delay = 30ms;
    for (size_t i = 0; i < 200; i++) send(begin + i * 1ms, static_cast<uint8_t>(i));
    const auto all = take_all();
    ASSERT_EQ(all.size(), 200u);
    size_t late = 0;
    for (size_t i = 0; i + 1 < all.size(); i++)
        late += all[i].datagram.bytes[0] > all[i + 1].datagram.bytes[0];
    EXPECT_GE(late, 10u);
    EXPECT_LE(late, 30u);
}

TEST_F(NetworkTest, OvertakingSkipsTheLatency) {
    link.overtaking = 1;
    send(begin, 1);
    EXPECT_EQ(network.next_arrival(), begin);
}

TEST_F(NetworkTest, TheRateSpacesDatagrams) {
    link.rate = 128e3;
    for (uint8_t i = 0; i < 10; i++) send(begin, i, 128 - header);
    const auto all = take_all();
    ASSERT_EQ(all.size(), 10u);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(all[static_cast<size_t>(i)].at, begin + link.latency + (i + 1) * 1ms);
}

TEST_F(NetworkTest, AFullQueueDrops) {
    link.rate = 128e3;
    link.queue = 5 * 128;
    for (uint8_t i = 0; i < 8; i++) send(begin, i, 128 - header);
    EXPECT_EQ(counters.dropped, 3u);
    EXPECT_EQ(counters.queue_peak, 5u * 128);
    send(begin + 1ms, 8, 128 - header);  // one has left
    EXPECT_EQ(take_all().size(), 6u);
}

TEST_F(NetworkTest, APolicerDropsAndDelaysNothing) {
    link.rate = 128e3;
    link.queue = 5 * 128;
    link.polices = true;
    for (uint8_t i = 0; i < 8; i++) send(begin, i, 128 - header);
    const auto all = take_all();
    ASSERT_EQ(all.size(), 5u);
    EXPECT_LE(all.back().at, begin + link.latency + 1us);
}

TEST_F(NetworkTest, LinksShareALine) {
    Host& c = network.join(Address::v4({192, 0, 2, 3}, 3));
    link.rate = 128e3;
    link.queue = 2 * 128;
    link.line = std::make_shared<Bottleneck>();
    network.link(c, b).config = link;
    send(begin, 1, 128 - header);
    const std::vector<uint8_t> other(128 - header, 2);
    network.send(begin, c, b.address(), other);
    network.send(begin, c, b.address(), other);
    EXPECT_EQ(network.link(c, b).counters.dropped, 1u) << "the queue is shared, too";
    const auto all = take_all();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].datagram.from, c.address());
    EXPECT_EQ(all[1].at - all[0].at, 1ms);
}

TEST_F(NetworkTest, LosesItsShare) {
    link.loss = 0.3;
    EXPECT_NEAR(static_cast<double>(arrivals_of(10'000)), 7000, 200);
    EXPECT_NEAR(static_cast<double>(counters.dropped), 3000, 200);
    EXPECT_EQ(counters.datagrams, 10'000u);
}

TEST_F(NetworkTest, LosesInBursts) {
    link.burst = {.enter = 0.01, .leave = 0.25};
    // The share of time in the bad state.
    EXPECT_NEAR(static_cast<double>(arrivals_of(20'000)), 20'000 * (1 - 0.01 / 0.26), 250);
}

TEST_F(NetworkTest, DuplicatesItsShare) {
    link.duplication = 0.2;
    EXPECT_NEAR(static_cast<double>(arrivals_of(10'000)), 12'000, 200);
}

TEST_F(NetworkTest, CorruptsItsShare) {
    link.corruption = 0.1;
    for (size_t i = 0; i < 10'000; i++) send(begin + i * 10ms, 5);
    size_t damaged = 0;
    for (const Arrival& arrival : take_all()) {
        EXPECT_EQ(arrival.datagram.bytes.size(), 100u);
        damaged += arrival.datagram.bytes != std::vector<uint8_t>(100, 5);
    }
    EXPECT_NEAR(static_cast<double>(damaged), 1000, 150);
}

TEST_F(NetworkTest, WhatIsTooLongIsReportedOrLost) {
    link.mtu = 1472;
    EXPECT_EQ(send(begin, 1, 1473), Network::Sent::taken);
    link.report_too_big = true;
    EXPECT_EQ(send(begin, 1, 1473), Network::Sent::too_big);
    EXPECT_EQ(send(begin, 2, 1472), Network::Sent::taken);
    EXPECT_EQ(take_all().size(), 1u);
    EXPECT_EQ(counters.dropped, 2u);
}

TEST_F(NetworkTest, ABlackoutSwallowsWhatDepartsDuringIt) {
    link.blackouts = {{begin + 10ms, begin + 20ms}};
    for (const Duration at : {9ms, 10ms, 19ms, 20ms}) send(begin + at, static_cast<uint8_t>(at / 1ms));
    const auto all = take_all();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].datagram.bytes[0], 9);
    EXPECT_EQ(all[1].datagram.bytes[0], 20);
}

TEST_F(NetworkTest, LinksOfADirectionAreIndependent) {
    link.loss = 1;
    send(begin, 1);
    const std::vector<uint8_t> back(50, 2);
    network.send(begin, b, a.address(), back);
    const auto all = take_all();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].to, &a);
}

TEST_F(NetworkTest, WhatGoesToAnAddressThatWasLeftIsLost) {
    const Address left = b.address();
    network.rebind(b);
    const std::vector<uint8_t> datagram(50, 1);
    network.send(begin, a, left, datagram);
    EXPECT_TRUE(take_all().empty());
    EXPECT_EQ(network.bytes_elsewhere(left), 50u);
    network.send(begin, a, b.address(), datagram);
    EXPECT_EQ(take_all().size(), 1u);
    EXPECT_EQ(a.bytes_sent(), 100u);
}

TEST_F(NetworkTest, ATapSeesChangesAndSwallows) {
    network.link(a, b).tap = [](Time, std::vector<uint8_t>& datagram) { return datagram[0]++ != 3; };
    for (uint8_t i = 0; i < 5; i++) send(begin + i * 1ms, i);
    const auto all = take_all();
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[3].datagram.bytes[0], 5);
}

TEST_F(NetworkTest, AnArrivalSaysWhereItsSenderHadHeardTheReceiver) {
    const std::vector<uint8_t> datagram(50, 1);
    const Address first = a.address();
    network.send(begin, a, b.address(), datagram);
    EXPECT_FALSE(network.take(time_never)->heard_at) << "a has heard nothing";
    network.send(begin, b, a.address(), datagram);
    EXPECT_EQ(network.take(time_never)->heard_at, b.address());
    network.rebind(a);
    network.send(begin, a, b.address(), datagram);
    EXPECT_EQ(network.take(time_never)->heard_at, first) << "not at the new address";
}

}  // namespace
}  // namespace stt::sim
