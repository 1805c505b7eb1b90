// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/pipeline_clock.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stt {
namespace {

constexpr int64_t ms = 1'000'000, s = 1'000 * ms;

/// Looks at a clock every 10 ms from `from` to `to`; returns how often the line changed.
int follow(PipelineClock& clock, int64_t from, int64_t to, const Affine& truth, int64_t noise = 0) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<int64_t> error(-noise, noise);
    int changes = 0;
    for (int64_t now = from; now < to; now += 10 * ms)
        changes += clock.observe(1, {now, truth(now) + error(random)});
    return changes;
}

double worst(const PipelineClock& clock, int64_t from, int64_t to, const Affine& truth) {
    double worst = 0;
    for (int64_t now = from; now < to; now += 100 * ms)
        worst = std::max(worst, std::abs(static_cast<double>(clock.line()(now) - truth(now))));
    return worst;
}

TEST(PipelineClock, TheSystemsOwnIsALineThatStays) {
    PipelineClock clock;
    EXPECT_FALSE(clock);
    EXPECT_EQ(follow(clock, 0, 60 * s, {}, 2'000), 1) << "readings are some microseconds off";
    EXPECT_TRUE(clock);
    EXPECT_LT(worst(clock, 50 * s, 60 * s, {}), 20'000);
}

TEST(PipelineClock, AClockThatRunsFastIsFollowedWithinATenthOfASecond) {
    for (const double skew : {0.01, -0.01, 0.0002}) {
        PipelineClock clock;
        const Affine truth{0, 5000 * s, skew};
        follow(clock, 0, 200 * ms, truth, 500);
        EXPECT_LT(worst(clock, 200 * ms, 1 * s, truth), 150'000) << skew;
        follow(clock, 200 * ms, 60 * s, truth, 500);
        EXPECT_LT(worst(clock, 60 * s, 61 * s, truth), 50'000) << skew;
    }
}

TEST(PipelineClock, AJumpIsTakenUpAtOnceAndTheRateIsKept) {
    PipelineClock clock;
    const Affine before{0, 0, 0.005};
    follow(clock, 0, 30 * s, before);
    const Affine after{30 * s, before(30 * s) + 20 * s, 0.005};
    EXPECT_TRUE(clock.observe(1, {30 * s, after(30 * s)}));
    EXPECT_LT(worst(clock, 30 * s, 31 * s, after), 50'000);
}

TEST(PipelineClock, TheStepsOfAnAudioDeviceAreAveraged) {
    PipelineClock clock;
    const Affine truth{0, 0, 0.0001};
    follow(clock, 0, 120 * s, truth, 10 * ms);
    EXPECT_LT(worst(clock, 120 * s, 121 * s, truth), 6e6);
}

TEST(PipelineClock, AnotherClockIsAnotherEpoch) {
    GstClock* one = GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, nullptr));
    GstClock* other = GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, nullptr));
    EXPECT_EQ(epoch_of(one), epoch_of(one));
    EXPECT_NE(epoch_of(one), epoch_of(other));
    EXPECT_NE(epoch_of(one), 0u);
    PipelineClock clock;
    EXPECT_FALSE(clock.observe(nullptr));
    EXPECT_TRUE(clock.observe(one));
    EXPECT_EQ(clock.epoch(), epoch_of(one));
    EXPECT_TRUE(clock.observe(other));
    EXPECT_EQ(clock.epoch(), epoch_of(other));
    EXPECT_LT(std::llabs(clock.line()(monotonic_now()) - static_cast<int64_t>(gst_clock_get_time(other))),
              5 * ms);
    gst_object_unref(one);
    gst_object_unref(other);
}

}  // namespace
}  // namespace stt
