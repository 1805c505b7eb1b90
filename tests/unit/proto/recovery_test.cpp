// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/recovery.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace stt {
namespace {

constexpr Time start{Duration(100s)};
constexpr Duration ack_delay_max = 5ms;

/// Remembers what it was told; its window and rate are the test's.
struct SpyController : CongestionController {
    std::string_view name() const override { return "spy"; }
    void on_ack(const AckSample& sample, const RttEstimator&) override { samples.push_back(sample); }
    void on_sent(Time, uint64_t, uint64_t) override { sent++; }
    void on_persistent_congestion(Time) override { persistent++; }
    void on_path_change(Time) override { changes++; }
    void on_mtu(uint64_t bytes) override { mtu = bytes; }
    uint64_t window() const override { return window_bytes; }
    double pacing_rate() const override { return rate; }
    const char* phase_name() const override { return "spying"; }

    std::vector<AckSample> samples;
    int sent = 0, persistent = 0, changes = 0;
    uint64_t mtu = 0, window_bytes = 1 << 20;
    double rate = 0;
};

AckFrame ack_of(std::initializer_list<PacketRange> ranges, uint64_t delay_us = 0) {
    AckFrame ack;
    ack.delay_us = delay_us;
    for (const PacketRange& range : ranges) ack.ranges.add(range);
    return ack;
}

NackFrame nack_of(std::initializer_list<PacketRange> ranges) {
    NackFrame nack;
    for (const PacketRange& range : ranges) nack.ranges.add(range);
    return nack;
}

std::set<uint64_t> numbers(const std::vector<SentPacket>& packets) {
    std::set<uint64_t> result;
    for (const SentPacket& packet : packets) result.insert(packet.number);
    return result;
}
using Numbers = std::set<uint64_t>;

struct RecoveryTest : testing::Test {
    RecoveryTest() { recovery.set_peer_ack_delay(ack_delay_max); }

    SpyController* spy = new SpyController;
    Recovery recovery{std::unique_ptr<CongestionController>(spy)};
    Recovery::Outcome outcome;  // of the latest step
    Time now = start;

    uint64_t send(bool eliciting = true, bool probe = false, uint32_t size = 1000) {
        SentPacket packet;
        packet.number = recovery.next_number();
        packet.size = size;
        packet.ack_eliciting = eliciting;
        packet.mtu_probe = probe;
        packet.frames.add(StreamRange{4, packet.number * 1000, size});
        recovery.on_sent(now, std::move(packet));
        return recovery.next_number() - 1;
    }
    void send_many(int count) {
        for (int i = 0; i < count; i++) send();
    }
    bool ack(std::initializer_list<PacketRange> ranges, uint64_t delay_us = 0) {
        const Recovery::Outcome* const found = recovery.on_ack(now, ack_of(ranges, delay_us));
        if (found) outcome = *found;
        return found != nullptr;
    }
    /// One packet there and back, so that there is an RTT.
    void measure(Duration rtt) {
        const uint64_t number = send();
        now += rtt;
        ASSERT_TRUE(ack({{number, number}}));
    }
};

TEST_F(RecoveryTest, AccountsForWhatIsAcknowledged) {
    send_many(5);
    EXPECT_EQ(recovery.in_flight(), 5000u);
    now += 40ms;
    ASSERT_TRUE(ack({{3, 4}, {0, 1}}));
    EXPECT_EQ(numbers(outcome.acked), (Numbers{0, 1, 3, 4}));
    EXPECT_TRUE(outcome.lost.empty());
    EXPECT_EQ(recovery.in_flight(), 1000u);
    EXPECT_EQ(recovery.rtt().latest(), 40ms);
    int ranges = 0;
    outcome.acked[0].frames.for_each_range([&](const StreamRange& range) {
        EXPECT_EQ(range.offset, outcome.acked[0].number * 1000);
        ranges++;
    });
    EXPECT_EQ(ranges, 1);
    ASSERT_TRUE(ack({{0, 4}}));
    EXPECT_EQ(numbers(outcome.acked), Numbers{2});
    EXPECT_FALSE(recovery.anything_in_flight());
    EXPECT_EQ(recovery.next_timeout(), time_never);
}

TEST_F(RecoveryTest, RefusesAcksOfWhatWasNeverSent) {
    EXPECT_FALSE(ack({{0, 0}}));
    send();
    EXPECT_FALSE(ack({{0, 1}}));
    EXPECT_EQ(recovery.in_flight(), 1000u);
    EXPECT_TRUE(ack({{0, 0}}));
    EXPECT_TRUE(ack({{0, 0}}));
    EXPECT_TRUE(outcome.acked.empty());
}

TEST_F(RecoveryTest, CapsTheClaimedAckDelay) {
    measure(40ms);
    const uint64_t number = send();
    now += 100ms;
    ack({{number, number}}, 90'000);
    EXPECT_EQ(recovery.rtt().smoothed(), Duration(7 * 40ms + 95ms) / 8);
}

TEST_F(RecoveryTest, TakesNoRttFromAnOldLargest) {
    send_many(2);
    now += 40ms;
    ack({{1, 1}});
    now += 500ms;
    ack({{0, 1}});
    EXPECT_EQ(recovery.rtt().latest(), 40ms);
}

TEST_F(RecoveryTest, DeclaresLossByPacketThreshold) {
    send_many(5);
    now += 40ms;
    ack({{1, 2}});
    EXPECT_TRUE(outcome.lost.empty());
    ack({{1, 3}});
    EXPECT_EQ(numbers(outcome.lost), Numbers{0});
    EXPECT_EQ(recovery.in_flight(), 1000u);
    EXPECT_EQ(spy->samples.back().lost_bytes, 1000u);
    EXPECT_EQ(spy->samples.back().lost_total, 1000u);
}

TEST_F(RecoveryTest, AStepBeginsWithoutTheFindingsOfTheOneBefore) {
    measure(40ms);
    send_many(2);
    now = recovery.next_timeout();
    EXPECT_TRUE(recovery.on_timeout(now).probe_due);
    const Recovery::Outcome* const found = recovery.on_ack(now, ack_of({{1, 1}}));
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->probe_due);
    EXPECT_EQ(numbers(found->acked), Numbers{1});
    EXPECT_TRUE(recovery.on_ack(now, ack_of({{1, 1}}))->acked.empty());
}

TEST_F(RecoveryTest, DeclaresLossByTime) {
    measure(40ms);
    const Time sent = now;
    send_many(2);
    now += 40ms;
    ack({{2, 2}});
    EXPECT_TRUE(outcome.lost.empty());
    const Time due = recovery.next_timeout();
    EXPECT_EQ(due, sent + 45ms);
    outcome = recovery.on_timeout(due);
    EXPECT_FALSE(outcome.probe_due);
    EXPECT_EQ(numbers(outcome.lost), Numbers{1});
    EXPECT_EQ(recovery.next_timeout(), time_never);
}

TEST_F(RecoveryTest, ProbesWithDoublingTimeouts) {
    measure(40ms);
    const Duration timeout = recovery.rtt().probe_timeout(ack_delay_max);
    send();
    for (unsigned i = 0; i < 20; i++) {
        const Time due = recovery.next_timeout();
        EXPECT_EQ(due - now, std::min<Duration>(timeout * (1 << std::min(i, 16u)), 60s)) << i;
        now = due;
        outcome = recovery.on_timeout(now);
        ASSERT_TRUE(outcome.probe_due);
        EXPECT_TRUE(outcome.lost.empty()) << "a timeout is no proof of loss";
        EXPECT_EQ(recovery.probe_count(), i + 1);
        send();
    }
    now += 40ms;
    ack({{21, 21}});
    EXPECT_EQ(recovery.probe_count(), 0u);
    EXPECT_EQ(recovery.counters().probes, 20u);
}

TEST_F(RecoveryTest, RecognisesPersistentCongestion) {
    measure(40ms);
    send_many(3);
    now += 2s;
    send_many(3);
    now += 1ms;
    send_many(4);
    now += 40ms;
    ack({{10, 10}});
    EXPECT_EQ(outcome.lost.size(), 7u);
    EXPECT_EQ(spy->persistent, 1);
}

TEST_F(RecoveryTest, DoesNotTakeSeparateLossesForPersistentCongestion) {
    measure(40ms);
    send_many(2);
    now += 1s;
    const uint64_t arrived = send();
    now += 1s;
    send_many(5);
    now += 40ms;
    ack({{8, 8}, {arrived, arrived}});
    EXPECT_GE(outcome.lost.size(), 4u);
    EXPECT_EQ(spy->persistent, 0);
}

TEST_F(RecoveryTest, LearnsFromLossesThatWereNone) {
    measure(40ms);
    send_many(30);
    now += 40ms;
    ack({{11, 20}});
    EXPECT_EQ(outcome.lost.size(), 10u);
    now += 5ms;
    ack({{1, 20}});
    ASSERT_EQ(outcome.acked.size(), 10u);
    for (const SentPacket& packet : outcome.acked) EXPECT_EQ(packet.state, PacketState::lost);
    EXPECT_EQ(recovery.counters().packets_spurious, 10u);
    EXPECT_EQ(recovery.in_flight(), 10'000u);
    ack({{1, 30}});

    // The same reordering does not mislead it twice.
    send_many(30);
    now += 40ms;
    ack({{41, 50}});
    EXPECT_TRUE(outcome.lost.empty());
    outcome = recovery.on_nack(now, nack_of({{31, 40}}));
    EXPECT_TRUE(outcome.lost.empty()) << "nor does the peer's impatience";
}

TEST_F(RecoveryTest, ForgetsLostPacketsAfterThreeRoundTrips) {
    measure(40ms);
    send_many(10);
    now += 40ms;
    ack({{5, 10}});
    EXPECT_EQ(numbers(outcome.lost), (Numbers{1, 2, 3, 4}));
    now += 200ms;
    send();
    ack({{1, 11}});
    EXPECT_EQ(numbers(outcome.acked), Numbers{11});
}

TEST_F(RecoveryTest, BelievesANack) {
    measure(40ms);
    send_many(5);
    now += 40ms;
    outcome = recovery.on_nack(now, nack_of({{900, 1000}, {2, 3}}));
    EXPECT_EQ(numbers(outcome.lost), (Numbers{2, 3}));
    EXPECT_EQ(recovery.in_flight(), 3000u);
    outcome = recovery.on_nack(now, nack_of({{0, 3}}));
    EXPECT_EQ(numbers(outcome.lost), Numbers{1});
    EXPECT_EQ(spy->samples.back().acked_bytes, 0u);
    EXPECT_EQ(spy->samples.back().lost_bytes, 1000u);
}

TEST_F(RecoveryTest, CountsOnlyElicitingPackets) {
    measure(40ms);
    send(false);
    EXPECT_FALSE(recovery.anything_in_flight());
    EXPECT_EQ(recovery.in_flight(), 0u);
    EXPECT_EQ(recovery.next_timeout(), time_never);
    EXPECT_EQ(spy->sent, 1);
    now += 40ms;
    ack({{1, 1}});
    EXPECT_EQ(numbers(outcome.acked), Numbers{1}) << "their frames may matter all the same";
}

TEST_F(RecoveryTest, AnMtuProbesLossIsNoCongestion) {
    measure(40ms);
    const uint64_t probe = send(true, true, 8000);
    send_many(4);
    now += 40ms;
    ack({{2, 5}});
    EXPECT_EQ(numbers(outcome.lost), Numbers{probe});
    EXPECT_TRUE(outcome.lost[0].mtu_probe);
    EXPECT_EQ(spy->samples.back().lost_bytes, 0u);
    EXPECT_EQ(recovery.counters().packets_lost, 0u);
    EXPECT_EQ(recovery.in_flight(), 0u);
}

TEST_F(RecoveryTest, HandsEverythingOutWhenThePathIsRestored) {
    measure(40ms);
    send_many(5);
    now += 10s;
    outcome = recovery.on_path_restored(now);
    EXPECT_EQ(outcome.lost.size(), 5u);
    EXPECT_EQ(recovery.in_flight(), 0u);
    EXPECT_TRUE(recovery.rtt().measured());
    EXPECT_EQ(spy->changes, 0);
    EXPECT_EQ(spy->persistent, 1);
    ack({{1, 5}});
    EXPECT_EQ(outcome.acked.size(), 5u) << "they were only late";
    EXPECT_EQ(recovery.counters().packets_spurious, 0u) << "which teaches nothing about reordering";
    EXPECT_EQ(recovery.rtt().latest(), 40ms);
}

TEST_F(RecoveryTest, HandsEverythingOutWhenItIsRetiredAndKnowsWhatArrivesLate) {
    measure(40ms);
    send_many(5);
    outcome = recovery.retire(now);
    EXPECT_EQ(outcome.lost.size(), 5u);
    EXPECT_EQ(recovery.in_flight(), 0u);
    EXPECT_EQ(spy->persistent, 0) << "it is not the path's fault";
    // The highest are of the path that carries the data now.
    outcome = recovery.on_late_ack(now, ack_of({{7, 9}, {2, 3}}));
    EXPECT_EQ(outcome.acked.size(), 2u);
    EXPECT_EQ(recovery.counters().packets_spurious, 0u);
}

TEST_F(RecoveryTest, BeginsWithTheNumberWhereThePathBeforeEnded) {
    recovery.begin(now, 1000);
    EXPECT_EQ(spy->changes, 1);
    EXPECT_EQ(recovery.next_number(), 1000u);
    EXPECT_TRUE(ack({{990, 999}})) << "they left on that";
    EXPECT_TRUE(outcome.acked.empty());
    EXPECT_FALSE(ack({{1000, 1000}}));
}

TEST_F(RecoveryTest, MeasuresTheDeliveryRate) {
    measure(40ms);
    // 10 packets at one a millisecond, acknowledged at the same pace.
    for (int i = 0; i < 100; i++) {
        send();
        now += 1ms;
        if (i >= 40) ack({{0, static_cast<uint64_t>(i - 39)}});
    }
    EXPECT_NEAR(spy->samples.back().delivery_rate, 1e6, 2e4);
    EXPECT_FALSE(spy->samples.back().rate_app_limited);
}

TEST_F(RecoveryTest, IsNotDeceivedByACompressedBurstOfAcks) {
    measure(40ms);
    for (int i = 0; i < 100; i++) {
        send();
        now += 1ms;
    }
    now += 40ms;
    for (uint64_t i = 1; i <= 100; i += 10) ack({{0, i + 9}});
    for (const AckSample& sample : spy->samples) EXPECT_LT(sample.delivery_rate, 1.1e6);
}

TEST_F(RecoveryTest, MarksSamplesOfALimitedApplication) {
    measure(40ms);
    send();
    recovery.set_app_limited(true);
    send();
    now += 40ms;
    ack({{1, 1}});
    EXPECT_FALSE(spy->samples.back().rate_app_limited);
    ack({{2, 2}});
    EXPECT_TRUE(spy->samples.back().rate_app_limited);
    send();
    now += 40ms;
    ack({{3, 3}});
    EXPECT_FALSE(spy->samples.back().rate_app_limited);
    // It is the window, not the application, that ends this turn.
    send_many(5);
    spy->window_bytes = 5000;
    recovery.set_app_limited(true);
    send();
    now += 40ms;
    ack({{4, 9}});
    EXPECT_FALSE(spy->samples.back().rate_app_limited);
}

TEST_F(RecoveryTest, SendsWithinWindowAndPace) {
    recovery.set_max_datagram(1000);
    EXPECT_EQ(spy->mtu, 1000u);
    spy->window_bytes = 3000;
    int sent = 0;
    while (recovery.may_send(now)) send(), sent++;
    EXPECT_EQ(sent, 3);
    EXPECT_EQ(recovery.next_send_time(now), time_never);
    send();  // a probe, outside the window
    ack({{0, 3}});
    spy->window_bytes = 100;
    EXPECT_TRUE(recovery.may_send(now)) << "one packet always may";

    spy->window_bytes = 1 << 20;
    recovery.set_pacing_ceiling(1e6);
    while (recovery.may_send(now)) send();
    const Time next = recovery.next_send_time(now);
    EXPECT_GT(next, now);
    EXPECT_LT(next, now + 10ms);
    EXPECT_TRUE(recovery.may_send(next));
}

TEST_F(RecoveryTest, EveryPacketEndsOnceUnderRandomTreatment) {
    std::mt19937_64 random(11);
    std::set<uint64_t> open, ended_lost, ended_acked, eliciting;
    for (int step = 0; step < 20'000; step++) {
        now += Duration(random() % 2'000'000);
        outcome = {};
        if (random() % 3) {
            const bool is_eliciting = random() % 8 != 0;
            const uint64_t number = send(is_eliciting, random() % 64 == 0);
            if (is_eliciting) open.insert(number), eliciting.insert(number);
        } else if (recovery.next_number() > 0) {
            AckFrame ack;
            ack.delay_us = random() % 10'000;
            uint64_t last =
                recovery.next_number() - 1 - random() % std::min<uint64_t>(recovery.next_number(), 9);
            for (int i = 0; i < 4; i++) {
                const uint64_t first = last - random() % (std::min<uint64_t>(last, 6) + 1);
                ack.ranges.add({first, last});
                if (first < 8) break;
                last = first - 2 - random() % 5;
            }
            switch (random() % 8) {
                case 0: {
                    NackFrame nack;
                    nack.ranges = ack.ranges;
                    outcome = recovery.on_nack(now, nack);
                    break;
                }
                case 1:
                    if (now >= recovery.next_timeout()) outcome = recovery.on_timeout(now);
                    break;
                case 2:
                    if (random() % 50 == 0) outcome = recovery.on_path_restored(now);
                    break;
                default: {
                    const Recovery::Outcome* const found = recovery.on_ack(now, ack);
                    ASSERT_TRUE(found);
                    outcome = *found;
                }
            }
        }
        for (const SentPacket& packet : outcome.acked) {
            if (!packet.ack_eliciting) continue;
            ASSERT_TRUE(ended_acked.insert(packet.number).second) << "acknowledged twice";
            ASSERT_EQ(open.erase(packet.number) == 0, packet.state == PacketState::lost);
        }
        for (const SentPacket& packet : outcome.lost) {
            ASSERT_TRUE(packet.ack_eliciting);
            ASSERT_TRUE(ended_lost.insert(packet.number).second) << "lost twice";
            ASSERT_EQ(open.erase(packet.number), 1u);
        }
        ASSERT_EQ(recovery.anything_in_flight(), !open.empty());
        ASSERT_EQ(recovery.next_timeout() == time_never, open.empty());
    }
    outcome = recovery.on_path_restored(now);
    EXPECT_EQ(outcome.lost.size(), open.size());
    EXPECT_EQ(recovery.in_flight(), 0u);
}

}  // namespace
}  // namespace stt
