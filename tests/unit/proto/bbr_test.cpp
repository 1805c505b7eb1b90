// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/bbr.hpp"

#include <gtest/gtest.h>

#include "tests/unit/proto/link_model.hpp"

namespace stt {
namespace {

using test::Flow;
using test::LinkConfig;
using test::LinkModel;

constexpr uint64_t endless = uint64_t{1} << 60;

Duration seconds(double s) { return Duration(static_cast<int64_t>(s * 1e9)); }

const Bbr& bbr(Flow& flow) { return dynamic_cast<const Bbr&>(flow.recovery().controller()); }

struct Outcome {
    double utilisation, dropped;
    Duration typical_delay, usual_delay;
};

Outcome bulk(const LinkConfig& config, Duration warm_up = 2s, Duration time = 10s) {
    LinkModel link(config);
    link.add_flow(CongestionAlgorithm::bbr).offer(endless);
    link.run_for(warm_up);
    link.start_measuring();
    link.run_for(time);
    return {link.utilisation(), link.dropped(), link.queue_delay(0.5), link.queue_delay(0.9)};
}

TEST(Bbr, KeepsAFastLossyLinkFull) {
    for (const double loss : {0.0, 0.01, 0.05})
        for (const bool behind : {false, true})
            for (const uint64_t seed : {1, 2, 3}) {
                const Outcome outcome = bulk({.loss = loss, .loss_behind = behind, .seed = seed});
                // What is lost behind the bottleneck has used it up.
                EXPECT_GT(outcome.utilisation, 0.98 * (behind ? 1 - loss : 1)) << loss << behind << seed;
                EXPECT_LT(outcome.dropped, 0.01) << loss << behind << seed;
                EXPECT_LT(outcome.typical_delay, 4ms) << loss << behind << seed;
            }
}

TEST(Bbr, KeepsADeepQueueShort) {
    const Outcome outcome = bulk({.queue = 5'000'000}, 2s, 30s);
    EXPECT_GT(outcome.utilisation, 0.95);
    EXPECT_EQ(outcome.dropped, 0);
    EXPECT_LT(outcome.typical_delay, 4ms);
    EXPECT_LT(outcome.usual_delay, 20ms);
}

TEST(Bbr, StartsWithoutFloodingADeepQueue) {
    const Outcome outcome = bulk({.queue = 5'000'000}, 0s, 1s);
    EXPECT_GT(outcome.utilisation, 0.7);
    EXPECT_LT(outcome.dropped, 0.01);
    EXPECT_LT(outcome.usual_delay, 60ms);
}

TEST(Bbr, SurvivesAShallowQueue) {
    for (const double loss : {0.0, 0.01})
        for (const uint64_t seed : {1, 2, 3, 4, 5}) {
            const Outcome outcome = bulk({.queue = 64 << 10, .loss = loss, .seed = seed});
            EXPECT_GT(outcome.utilisation, 0.85) << loss << seed;
            EXPECT_LT(outcome.dropped, 0.1) << loss << seed;
        }
}

struct Grid : testing::TestWithParam<std::tuple<double, Duration, double, double>> {};

TEST_P(Grid, FillsTheLinkWithoutFillingTheQueue) {
    const auto [rate, rtt, queue, loss] = GetParam();
    const double bdp = rate * std::chrono::duration<double>(rtt).count();
    // No queue is shorter than what one burst of the pacer needs.
    const double queue_bytes = std::max(queue * bdp, rate * 0.003 + 6 * 1472);
    const Duration time = std::clamp<Duration>(40 * rtt, seconds(std::min(10.0, 2e8 / rate)), 20s);
    const Outcome outcome =
        bulk({.rate = rate, .rtt = rtt, .queue = static_cast<uint64_t>(queue_bytes), .loss = loss}, time / 2,
             time);
    // In a window of a few packets, a few lost ones are no statistics.
    EXPECT_GT(outcome.utilisation, bdp < 64 * 1472 ? 0.75 : 0.85);
    EXPECT_LT(outcome.dropped, 0.06);
    // Half the product; on short paths the scheduling quantum; and never less than the four packets that are
    // the smallest window.
    EXPECT_LT(outcome.typical_delay, std::max({rtt / 2, Duration(Bbr::quantum), seconds(5 * 1472 / rate)}));
}

INSTANTIATE_TEST_SUITE_P(Wide, Grid,
                         testing::Combine(testing::Values(1e6 / 8, 10e6 / 8, 100e6 / 8),
                                          testing::Values<Duration>(50us, 1ms, 20ms, 300ms),
                                          testing::Values(0.1, 1.0, 5.0), testing::Values(0.0, 0.01, 0.05)));
INSTANTIATE_TEST_SUITE_P(Fast, Grid,
                         testing::Combine(testing::Values(5e9 / 8),
                                          testing::Values<Duration>(50us, 1ms, 20ms),
                                          testing::Values(0.1, 5.0), testing::Values(0.0, 0.05)));

TEST(Bbr, FillsALongFatLink) {
    const Outcome outcome = bulk({.rate = 125e6, .rtt = 300ms, .queue = 40'000'000, .loss = 0.01}, 6s, 6s);
    EXPECT_GT(outcome.utilisation, 0.9);
    EXPECT_LT(outcome.typical_delay, 150ms);
}

TEST(Bbr, ReachesGigabitsWhenThreadsAreThePath) {
    for (const auto& [receiver, sender, queue] :
         {std::tuple<Duration, Duration, uint64_t>{200us, 100us, 4 << 20},
          {1ms, 100us, 4 << 20},
          {200us, 1ms, 4 << 20},
          {200us, 100us, 400 << 10}}) {
        const Outcome outcome = bulk({.rate = 5e9 / 8,
                                      .rtt = 50us,
                                      .queue = queue,
                                      .receiver_wakes = receiver,
                                      .sender_wakes = sender},
                                     100ms, 1s);
        EXPECT_GT(outcome.utilisation, 0.85) << receiver.count() << ' ' << sender.count();
        EXPECT_LT(outcome.dropped, 0.05) << receiver.count() << ' ' << sender.count();
    }
}

TEST(Bbr, ToleratesAggregatedAcknowledgementsAndJitter) {
    for (const LinkConfig& config : {LinkConfig{.receiver_wakes = 5ms, .sender_wakes = 1ms},
                                     LinkConfig{.receiver_wakes = 20ms, .sender_wakes = 1ms},
                                     LinkConfig{.jitter = 5ms}, LinkConfig{.jitter = 20ms}}) {
        const Outcome outcome = bulk(config);
        EXPECT_GT(outcome.utilisation, 0.9);
        EXPECT_LT(outcome.typical_delay, 20ms);
    }
}

TEST(Bbr, SharesWithItself) {
    for (const uint64_t queue : {64 << 10, 1 << 20, 5 << 20}) {
        LinkModel link({.queue = queue});
        Flow& first = link.add_flow(CongestionAlgorithm::bbr);
        first.offer(endless);
        link.run_for(3s);
        Flow& second = link.add_flow(CongestionAlgorithm::bbr);
        second.offer(endless);
        link.run_for(10s);
        link.start_measuring();
        link.run_for(40s);
        EXPECT_GT(link.utilisation(), 0.85) << queue;
        EXPECT_LT(link.dropped(), 0.08) << queue;
        for (const Flow* flow : {&first, &second})
            EXPECT_GT(static_cast<double>(flow->counters().received),
                      0.25 * link.config.rate * link.elapsed())
                << queue;
    }
}

double rate_within(LinkModel& link, Duration time) {
    link.start_measuring();
    link.run_for(time);
    return link.utilisation();
}

TEST(Bbr, IsBackAtSpeedSoonAfterABlackout) {
    for (const Duration outage : {Duration(300ms), Duration(2s), Duration(20s)}) {
        LinkModel link({});
        Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
        flow.offer(endless);
        link.run_for(3s);
        link.blackout = true;
        link.run_for(outage);
        link.blackout = false;
        flow.path_restored();
        EXPECT_GT(bbr(flow).bandwidth(), 0.9 * link.config.rate);
        link.run_for(3 * link.config.rtt);
        EXPECT_GT(rate_within(link, 5 * link.config.rtt), 0.9) << outage.count();
    }
}

TEST(Bbr, FindsItsWayBackFromABlackoutUnaided) {
    LinkModel link({});
    Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
    flow.offer(endless);
    link.run_for(3s);
    link.blackout = true;
    link.run_for(1s);
    link.blackout = false;
    // The probe timeout has doubled a few times by now.
    link.run_for(2s);
    EXPECT_GT(rate_within(link, 1s), 0.9);
    EXPECT_EQ(flow.recovery().probe_count(), 0u);
}

TEST(Bbr, StartsOverOnAnotherPath) {
    LinkModel link({});
    Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
    flow.offer(endless);
    link.run_for(3s);
    link.blackout = true;
    link.run_for(100ms);
    link.blackout = false;
    link.config.rate = 2.5e6;
    link.config.rtt = 10ms;
    flow.path_changed();
    EXPECT_EQ(bbr(flow).phase(), Bbr::Phase::startup);
    EXPECT_EQ(bbr(flow).bandwidth(), 0);
    link.run_for(2s);
    EXPECT_GT(rate_within(link, 3s), 0.9);
    EXPECT_LT(link.queue_delay(0.5), 5ms);
}

TEST(Bbr, FollowsTheBandwidthUpAndDown) {
    LinkModel link({});
    Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
    flow.offer(endless);
    link.run_for(3s);
    link.config.rate = 6.25e6;
    link.run_for(2s);
    EXPECT_GT(rate_within(link, 3s), 0.9);
    EXPECT_LT(link.queue_delay(0.5), 20ms);
    link.config.rate = 50e6;
    link.run_for(3s);
    EXPECT_GT(rate_within(link, 3s), 0.9);
}

TEST(Bbr, KeepsItsEstimateWhileTheApplicationIsSlow) {
    LinkModel link({});
    Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
    flow.offer(endless);
    link.run_for(3s);
    flow.withdraw();
    for (int i = 0; i < 2000; i++) {  // 2.4 Mbit/s for 10 seconds
        flow.offer(1500);
        link.run_for(5ms);
    }
    EXPECT_GT(bbr(flow).bandwidth(), 0.9 * link.config.rate);
    flow.offer(endless);
    link.run_for(3 * link.config.rtt);
    EXPECT_GT(rate_within(link, 1s), 0.9);
}

TEST(Bbr, NeverHoldsASlowApplicationBack) {
    LinkModel link({});
    Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
    for (int i = 0; i < 2000; i++) {
        flow.offer(10 * 1472);
        if (i > 100) {  // after startup
            EXPECT_EQ(flow.waiting(), 0u) << i;
        }
        link.run_for(5ms);
    }
}

TEST(Bbr, FindsALongerMinimumRttWithinAFewSeconds) {
    LinkModel link({.rtt = 20ms, .queue = 5'000'000});
    Flow& flow = link.add_flow(CongestionAlgorithm::bbr);
    flow.offer(endless);
    link.run_for(3s);
    link.config.rtt = 60ms;
    link.run_for(15s);
    EXPECT_GT(rate_within(link, 10s), 0.9);
}

TEST(RoundMaximum, ForgetsAfterItsRounds) {
    RoundMaximum<4> maximum;
    maximum.add(5);
    for (int i = 0; i < 3; i++) {
        maximum.next_round();
        maximum.add(2);
        EXPECT_EQ(maximum.value(), 5);
    }
    maximum.next_round();
    EXPECT_EQ(maximum.value(), 2);
    maximum.add(7);
    maximum.expire_in(2);
    maximum.next_round();
    EXPECT_EQ(maximum.value(), 7);
    maximum.next_round();
    EXPECT_EQ(maximum.value(), 0);
}

}  // namespace
}  // namespace stt
