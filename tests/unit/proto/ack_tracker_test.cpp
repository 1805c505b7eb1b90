// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/ack_tracker.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace stt {
namespace {

constexpr Time start{Duration(1s)};

std::vector<PacketRange> ranges(const PacketRanges& from) { return {from.list().begin(), from.list().end()}; }
std::vector<PacketRange> acked(AckTracker& tracker, Time now) {
    const auto ack = tracker.make_ack(now);
    return ack ? ranges(ack->ranges) : std::vector<PacketRange>{};
}
std::vector<PacketRange> nacked(AckTracker& tracker, Time now) {
    const auto nack = tracker.make_nack(now);
    return nack ? ranges(nack->ranges) : std::vector<PacketRange>{};
}
using Ranges = std::vector<PacketRange>;

void receive(AckTracker& tracker, std::initializer_list<uint64_t> numbers, Time now = start) {
    for (const uint64_t number : numbers) EXPECT_TRUE(tracker.on_packet(now, number, true)) << number;
}

TEST(AckTracker, HasNothingToSayAtFirst) {
    AckTracker tracker;
    EXPECT_FALSE(tracker.make_ack(start));
    EXPECT_FALSE(tracker.make_nack(start));
    EXPECT_FALSE(tracker.ack_due(start));
    EXPECT_EQ(tracker.next_timeout(), time_never);
    EXPECT_FALSE(tracker.largest());
}

TEST(AckTracker, ReportsRangesHighestFirst) {
    AckTracker tracker;
    receive(tracker, {0, 1, 5, 3, 9, 4});
    EXPECT_EQ(acked(tracker, start), (Ranges{{9, 9}, {3, 5}, {0, 1}}));
    receive(tracker, {2});
    EXPECT_EQ(acked(tracker, start), (Ranges{{9, 9}, {0, 5}}));
    EXPECT_EQ(tracker.largest(), 9u);
}

TEST(AckTracker, TellsDuplicates) {
    AckTracker tracker;
    receive(tracker, {0, 1, 5});
    for (const uint64_t number : {0, 1, 5}) EXPECT_FALSE(tracker.on_packet(start, number, true));
    receive(tracker, {4});
}

TEST(AckTracker, AgreesWithASetOnRandomArrivals) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 50; round++) {
        AckTracker tracker;
        std::set<uint64_t> model;
        for (int i = 0; i < 200; i++) {
            const uint64_t number = random() % 150;
            EXPECT_EQ(tracker.on_packet(start, number, true), model.insert(number).second);
        }
        std::set<uint64_t> reported;
        for (const PacketRange& range : acked(tracker, start))
            for (uint64_t n = range.first; n <= range.last; n++) reported.insert(n);
        EXPECT_EQ(reported, model);
    }
}

TEST(AckTracker, BoundsItsMemoryAndItsFrames) {
    AckTracker tracker;
    for (uint64_t n = 0; n < 10000; n += 2) receive(tracker, {n});
    const auto reported = acked(tracker, start);
    ASSERT_EQ(reported.size(), ranges_max);
    EXPECT_EQ(reported.front(), (PacketRange{9998, 9998}));
    EXPECT_FALSE(tracker.on_packet(start, 1, true)) << "too old to be told from a duplicate";
    receive(tracker, {9997});
}

TEST(AckTracker, AcknowledgesEverySecondPacketAtLowRates) {
    AckTracker tracker;
    tracker.set_rtt(40ms);
    receive(tracker, {0});
    EXPECT_FALSE(tracker.ack_due(start));
    EXPECT_EQ(tracker.next_timeout(), start + AckTracker::ack_delay_max);
    EXPECT_TRUE(tracker.ack_due(start + AckTracker::ack_delay_max));
    receive(tracker, {1});
    EXPECT_TRUE(tracker.ack_due(start));
    tracker.make_ack(start);
    EXPECT_FALSE(tracker.ack_due(start + 1s));
    EXPECT_EQ(tracker.next_timeout(), time_never);
}

TEST(AckTracker, AcknowledgesLessOftenAtHighRates) {
    AckTracker tracker;
    tracker.set_rtt(40ms);
    Time now = start;
    uint64_t acks = 0;
    for (uint64_t n = 0; n < 20000; n++, now += 50us) {
        tracker.on_packet(now, n, true);
        if (!tracker.ack_due(now)) continue;
        tracker.make_ack(now);
        if (n >= 10000) acks++;
    }
    EXPECT_NEAR(static_cast<double>(acks), 10000.0 / 64, 10);
}

TEST(AckTracker, AcknowledgesGapsAndReorderingAtOnce) {
    AckTracker tracker;
    receive(tracker, {0});
    tracker.make_ack(start);
    receive(tracker, {2});
    EXPECT_TRUE(tracker.ack_due(start));
    tracker.make_ack(start);
    receive(tracker, {1});
    EXPECT_TRUE(tracker.ack_due(start));
}

TEST(AckTracker, DoesNotAnswerAcksWithAcks) {
    AckTracker tracker;
    tracker.on_packet(start, 0, false);
    tracker.on_packet(start, 5, false);
    EXPECT_FALSE(tracker.ack_due(start + 1h));
    EXPECT_EQ(tracker.next_timeout(), time_never);
    EXPECT_EQ(acked(tracker, start), (Ranges{{5, 5}, {0, 0}})) << "but reports them with others";
}

TEST(AckTracker, TellsHowLongItHeldTheLargestBack) {
    AckTracker tracker;
    receive(tracker, {0, 1}, start);
    tracker.on_packet(start + 2ms, 0, true);
    EXPECT_EQ(tracker.make_ack(start + 3ms)->delay_us, 3000u);
}

TEST(AckTracker, ForgetsWhatThePeerKnows) {
    AckTracker tracker;
    receive(tracker, {0, 1, 2, 5, 6, 7});
    tracker.make_ack(start);
    tracker.on_ack_frame_acked(5);
    EXPECT_EQ(acked(tracker, start), (Ranges{{6, 7}}));
    tracker.on_ack_frame_acked(7);
    EXPECT_EQ(acked(tracker, start), (Ranges{{7, 7}})) << "the largest stays";
    tracker.on_ack_frame_acked(3);  // an old one, late
    EXPECT_FALSE(tracker.on_packet(start, 4, true));
    receive(tracker, {8});
    EXPECT_EQ(acked(tracker, start), (Ranges{{7, 8}}));
}

TEST(AckTracker, NacksGapsThatOutlastThreePackets) {
    AckTracker tracker;
    tracker.set_rtt(40ms);
    receive(tracker, {0, 3});
    EXPECT_TRUE(nacked(tracker, start).empty());
    receive(tracker, {4});
    EXPECT_TRUE(nacked(tracker, start).empty());
    receive(tracker, {5});
    EXPECT_EQ(nacked(tracker, start), (Ranges{{1, 2}}));
    EXPECT_TRUE(nacked(tracker, start + 39ms).empty());
    EXPECT_EQ(nacked(tracker, start + 40ms), (Ranges{{1, 2}}));
    EXPECT_TRUE(nacked(tracker, start + 1h).empty()) << "twice is enough";
}

TEST(AckTracker, NacksTheStartToo) {
    AckTracker tracker;
    receive(tracker, {2, 3, 4});
    EXPECT_EQ(nacked(tracker, start), (Ranges{{0, 1}}));
}

TEST(AckTracker, RemembersWhichPartsOfAGapWereNacked) {
    AckTracker tracker;
    tracker.set_rtt(40ms);
    receive(tracker, {0, 6, 7, 8});
    EXPECT_EQ(nacked(tracker, start), (Ranges{{1, 5}}));
    receive(tracker, {3});  // splits it
    EXPECT_TRUE(nacked(tracker, start).empty());
    EXPECT_EQ(nacked(tracker, start + 40ms), (Ranges{{4, 5}, {1, 2}}));
    EXPECT_TRUE(nacked(tracker, start + 1h).empty());
}

TEST(AckTracker, BoundsANack) {
    AckTracker tracker;
    for (uint64_t n = 0; n < 400; n += 2) receive(tracker, {n});
    EXPECT_EQ(nacked(tracker, start).size(), ranges_max);
    EXPECT_EQ(nacked(tracker, start).size(), ranges_max) << "the next ones";
}

}  // namespace
}  // namespace stt
