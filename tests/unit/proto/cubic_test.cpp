// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/cubic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/proto/link_model.hpp"

namespace stt {
namespace {

constexpr uint64_t segment = 1000;
constexpr Time start{Duration(1s)};

struct CubicTest : testing::Test {
    Cubic cubic{segment};
    RttEstimator rtt;
    AckSample sample;

    CubicTest() {
        rtt.sample(100ms, 0ms);
        sample.now = start;
    }
    void ack(uint64_t bytes, uint64_t lost = 0) {
        sample.prior_in_flight = cubic.window();
        sample.in_flight = cubic.window() - bytes - lost;
        sample.prior_delivered = sample.delivered_total;
        sample.acked_bytes = bytes;
        sample.delivered_total += bytes;
        sample.lost_bytes = lost;
        sample.lost_total += lost;
        sample.rtt = 100ms;
        cubic.on_ack(sample, rtt);
    }
    void round_trip() {
        sample.now += 100ms;
        ack(cubic.window());
    }
};

TEST_F(CubicTest, DoublesInSlowStart) {
    ack(cubic.window());
    EXPECT_EQ(cubic.window(), 20 * segment);
    round_trip();
    EXPECT_EQ(cubic.window(), 40 * segment);
    EXPECT_NEAR(cubic.pacing_rate(), 2 * 40e3 / 0.1, 1);
}

TEST_F(CubicTest, ReducesOnceARoundTrip) {
    for (int i = 0; i < 4; i++) round_trip();
    const uint64_t before = cubic.window();
    ack(segment, segment);
    const uint64_t reduced = cubic.window();
    EXPECT_NEAR(static_cast<double>(reduced), 0.7 * static_cast<double>(before), 1);
    ack(segment, segment);
    EXPECT_EQ(cubic.window(), reduced) << "sent before the reduction";
    ack(before);
    ack(segment, segment);
    EXPECT_LT(cubic.window(), reduced);
    EXPECT_NEAR(cubic.pacing_rate(), 1.25 * static_cast<double>(cubic.window()) / 0.1, 1.25 / 0.1);
}

TEST_F(CubicTest, GrowsBackAlongTheCubicCurve) {
    for (int i = 0; i < 5; i++) round_trip();
    const auto before = static_cast<double>(cubic.window());
    ack(segment, segment);
    ack(static_cast<uint64_t>(before));
    // K = cbrt(W_max × (1 - beta) / C), in segments; RFC 9438, section 4.2.
    const double k = std::cbrt(before / segment * 0.3 / 0.4);
    const Time from = sample.now;
    while (sample.now < from + Duration(static_cast<int64_t>(k * 1e9))) round_trip();
    EXPECT_NEAR(static_cast<double>(cubic.window()), before, 0.03 * before);
    while (sample.now < from + Duration(static_cast<int64_t>(2 * k * 1e9))) round_trip();
    EXPECT_NEAR(static_cast<double>(cubic.window()), 1.3 * before, 0.05 * before);  // W_max + C × K³
}

TEST_F(CubicTest, DoesNotGrowAWindowThatIsNotUsed) {
    sample.acked_bytes = sample.delivered_total = segment;
    sample.prior_in_flight = segment;
    cubic.on_ack(sample, rtt);
    EXPECT_EQ(cubic.window(), 10 * segment);
}

TEST_F(CubicTest, FallsToTheMinimumWhenThePathWasSilent) {
    for (int i = 0; i < 4; i++) round_trip();
    cubic.on_persistent_congestion(sample.now);
    EXPECT_EQ(cubic.window(), 2 * segment);
    round_trip();
    EXPECT_EQ(cubic.window(), 4 * segment) << "slow start";
    cubic.on_path_change(sample.now);
    EXPECT_EQ(cubic.window(), 10 * segment);
}

TEST(CubicLink, FillsACleanLink) {
    test::LinkModel link({});
    link.add_flow(CongestionAlgorithm::cubic).offer(uint64_t{1} << 60);
    link.run_for(2s);
    link.start_measuring();
    link.run_for(20s);
    EXPECT_GT(link.utilisation(), 0.95);
    EXPECT_LT(link.dropped(), 0.01);
}

TEST(CubicLink, SharesALink) {
    test::LinkModel link({});
    auto& first = link.add_flow(CongestionAlgorithm::cubic);
    first.offer(uint64_t{1} << 60);
    link.run_for(3s);
    auto& second = link.add_flow(CongestionAlgorithm::cubic);
    second.offer(uint64_t{1} << 60);
    link.run_for(20s);
    link.start_measuring();
    link.run_for(40s);
    EXPECT_GT(link.utilisation(), 0.95);
    for (const auto* flow : {&first, &second})
        EXPECT_GT(static_cast<double>(flow->counters().received), 0.2 * link.config.rate * link.elapsed());
}

}  // namespace
}  // namespace stt
