// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/rtt.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

TEST(Rtt, StartsFromTheInitialValue) {
    const RttEstimator rtt;
    EXPECT_FALSE(rtt.measured());
    EXPECT_EQ(rtt.smoothed(), 333ms);
    EXPECT_EQ(rtt.probe_timeout(0ms), 333ms + 4 * (333ms / 2.0));
}

TEST(Rtt, TakesTheFirstSampleWhole) {
    RttEstimator rtt;
    rtt.sample(80ms, 5ms);
    EXPECT_TRUE(rtt.measured());
    EXPECT_EQ(rtt.smoothed(), 80ms);
    EXPECT_EQ(rtt.variation(), 40ms);
    EXPECT_EQ(rtt.minimum(), 80ms);
}

TEST(Rtt, SmoothsAfterRfc9002) {
    RttEstimator rtt;
    rtt.sample(80ms, 0ms);
    rtt.sample(160ms, 0ms);
    EXPECT_EQ(rtt.smoothed(), 90ms);   // 7/8 × 80 + 1/8 × 160
    EXPECT_EQ(rtt.variation(), 50ms);  // 3/4 × 40 + 1/4 × 80
    EXPECT_EQ(rtt.latest(), 160ms);
    EXPECT_EQ(rtt.minimum(), 80ms);
}

TEST(Rtt, SubtractsTheAckDelayOnlyDownToTheMinimum) {
    RttEstimator rtt;
    rtt.sample(80ms, 0ms);
    rtt.sample(96ms, 16ms);
    EXPECT_EQ(rtt.smoothed(), 80ms);
    rtt.sample(88ms, 16ms);  // would fall below what the path can do: taken as it is
    EXPECT_EQ(rtt.smoothed(), 81ms);
}

TEST(Rtt, ProbeTimeoutNeverFallsBelowTheGranularity) {
    RttEstimator rtt;
    for (int i = 0; i < 200; i++) rtt.sample(100us, 0ms);
    EXPECT_EQ(rtt.probe_timeout(5ms), 100us + 1ms + 5ms);
}

TEST(Rtt, ResetForgets) {
    RttEstimator rtt;
    rtt.sample(80ms, 0ms);
    rtt.reset();
    EXPECT_FALSE(rtt.measured());
    EXPECT_EQ(rtt.minimum(), 333ms);
}

}  // namespace
}  // namespace stt
