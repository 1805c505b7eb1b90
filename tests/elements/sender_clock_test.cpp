// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/sender_clock.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "gst/clock_provider.hpp"
#include "gst/pipeline_clock.hpp"
#include "tests/elements/support.hpp"

namespace stt {
namespace {

struct Unref {
    void operator()(GstClock* clock) const { gst_object_unref(clock); }
};
using ClockPtr = std::unique_ptr<GstClock, Unref>;

double skew_of(GstClock* clock) { return sender_clock_line(clock)->skew; }

TEST(SenderClock, BeginsAsTheMonotonicClock) {
    const ClockPtr clock(sender_clock_new());
    EXPECT_EQ((*sender_clock_line(clock.get()))(12345), 12345);
    const int64_t before = monotonic_now();
    const auto shown = static_cast<int64_t>(gst_clock_get_time(clock.get()));
    EXPECT_LE(before, shown);
    EXPECT_LE(shown, monotonic_now());
}

TEST(SenderClock, OthersAreNone) {
    const ClockPtr system(gst_system_clock_obtain());
    EXPECT_FALSE(sender_clock_line(system.get()));
}

/// Follows rates one after the other, as estimates change, and looks on every step.
TEST(SenderClock, SlewsToARateAndNeverSteps) {
    const ClockPtr clock(sender_clock_new());
    Affine before = *sender_clock_line(clock.get());
    GstClockTime last = gst_clock_get_time(clock.get());
    for (const double rate : {1.01, 0.9999}) {
        ASSERT_TRUE(test::eventually([&] {
            sender_clock_follow(clock.get(), rate);
            const Affine now = *sender_clock_line(clock.get());
            EXPECT_LE(std::llabs(now(now.from) - before(now.from)), 2) << "a step";
            before = now;
            const GstClockTime shown = gst_clock_get_time(clock.get());
            EXPECT_GE(shown, last);
            last = shown;
            return std::abs(now.skew - (rate - 1)) < 1e-4;
        }));
    }
    const double kept = skew_of(clock.get());
    EXPECT_EQ(skew_of(clock.get()), kept) << "nobody calls: the last rate stays";
}

TEST(SenderClock, DoesNotFollowNonsense) {
    const ClockPtr clock(sender_clock_new());
    for (const double rate : {0.0, -1.0, 1e300, std::nan(""), static_cast<double>(INFINITY)}) {
        for (int i = 0; i < 3; i++) {
            g_usleep(110 * 1000);  // until it looks at the rate again
            sender_clock_follow(clock.get(), rate);
            EXPECT_LE(std::abs(skew_of(clock.get())), 0.05);
        }
    }
}

/// A pipeline that runs on the clock sees it change its rate, and maps times by it.
TEST(SenderClock, ThePipelinesLineOfItIsSmooth) {
    const ClockPtr clock(sender_clock_new());
    PipelineClock pipeline;
    pipeline.observe(clock.get());
    Affine before = pipeline.line();
    int64_t looked = monotonic_now();
    ASSERT_TRUE(test::eventually([&] {
        sender_clock_follow(clock.get(), 1.01);
        if (!pipeline.observe(clock.get())) return false;
        const int64_t now = monotonic_now();
        const Affine exact = *sender_clock_line(clock.get());
        EXPECT_LE(std::llabs(pipeline.line()(now) - exact(now)), 2);
        // The line before was kept for as long as nobody looked, while the clock ran at most 1 % faster.
        EXPECT_LE(std::llabs(pipeline.line()(now) - before(now)),
                  (now - looked) / 100 + PipelineClock::tolerance);
        looked = now;
        before = pipeline.line();
        return std::abs(pipeline.line().skew - 0.01) < 1e-4;
    }));
}

TEST(SenderClocks, OneForEachSendersClock) {
    SenderClocks clocks;
    EXPECT_EQ(clocks.find(1), nullptr);
    ClockPtr first(sender_clock_new()), second(sender_clock_new());
    clocks.add(1, first.get());
    clocks.add(1, second.get());
    EXPECT_EQ(ClockPtr(clocks.find(1)).get(), first.get());
    clocks.add(2, second.get());
    EXPECT_EQ(ClockPtr(clocks.find(2)).get(), second.get());
    first.reset();
    EXPECT_EQ(clocks.find(1), nullptr) << "its users held it";
    clocks.add(1, second.get());
    EXPECT_EQ(ClockPtr(clocks.find(1)).get(), second.get());
    EXPECT_EQ(clocks.find(2), nullptr);
    EXPECT_EQ(clocks.size(), 1u);
}

TEST(SenderClocks, APeerCannotMakeThemGrow) {
    SenderClocks clocks;
    const ClockPtr clock(sender_clock_new());
    for (uint64_t epoch = 1; epoch < 1000; epoch++) clocks.add(epoch, clock.get());
    EXPECT_EQ(clocks.size(), 1u);
}

TEST(ClockProvider, OffersWhatFollowsTheSameSendersClockAlready) {
    ClockProvider first, second;
    EXPECT_EQ(first.provide(), nullptr) << "it is not enabled";
    for (ClockProvider* provider : {&first, &second}) {
        provider->set_enabled(true);
        provider->follow(4711, 1.0);
    }
    const ClockPtr one(first.provide()), other(second.provide());
    EXPECT_EQ(one.get(), other.get());
    first.follow(4712, 1.0);
    EXPECT_EQ(ClockPtr(first.provide()).get(), one.get()) << "a pipeline may be running on it";
}

}  // namespace
}  // namespace stt
