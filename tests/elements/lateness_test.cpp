// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/lateness.hpp"

#include <gtest/gtest.h>

#include "tests/elements/pipeline.hpp"

namespace stt {
namespace {

TEST(Lateness, NothingRecordedIsZero) {
    const Lateness::Summary summary = Lateness().summary();
    EXPECT_EQ(summary.jitter, 0);
    EXPECT_EQ(summary.p50, 0);
    EXPECT_EQ(summary.p99, 0);
    EXPECT_EQ(summary.worst, 0);
}

TEST(Lateness, PercentilesOfAKnownSeries) {
    Lateness lateness;
    for (int64_t i = 100; i >= 1; i--) lateness.record(i - 50);
    EXPECT_EQ(lateness.summary().p50, 0);
    EXPECT_EQ(lateness.summary().p99, 49);
    EXPECT_EQ(lateness.summary().worst, 50);
}

TEST(Lateness, OneBuffer) {
    Lateness lateness;
    lateness.record(-7);
    EXPECT_EQ(lateness.summary().p50, -7);
    EXPECT_EQ(lateness.summary().p99, -7);
    EXPECT_EQ(lateness.summary().worst, -7);
    EXPECT_EQ(lateness.summary().jitter, 0);
}

TEST(Lateness, OnlyTheLatestCount) {
    Lateness lateness;
    lateness.record(1'000'000);
    for (size_t i = 0; i < Lateness::count; i++) lateness.record(-5);
    EXPECT_EQ(lateness.summary().worst, -5);
    lateness.reset();
    EXPECT_EQ(lateness.summary().worst, 0);
}

TEST(Lateness, JitterIsTheMeanChange) {
    Lateness lateness;
    for (int i = 0; i < 1000; i++) lateness.record(i % 2 ? 3000 : -3000);
    EXPECT_NEAR(static_cast<double>(lateness.summary().jitter), 6000, 1);
    for (int i = 0; i < 1000; i++) lateness.record(0);
    EXPECT_EQ(lateness.summary().jitter, 0);
}

TEST(Lateness, ExtremesAreHarmless) {
    Lateness lateness;
    for (const int64_t late : {INT64_MAX, INT64_MIN, INT64_MAX}) lateness.record(late);
    EXPECT_EQ(lateness.summary().worst, INT64_MAX);
    EXPECT_GE(lateness.summary().jitter, 0);
}

struct Shown {
    gint64 jitter = -1, p50 = 0, p99 = 0, worst = 0;
};
Shown shown(GstElement* src) {
    GstStructure* stats = nullptr;
    g_object_get(src, "stats", &stats, nullptr);
    Shown shown;
    EXPECT_TRUE(gst_structure_get_int64(stats, "jitter", &shown.jitter));
    EXPECT_TRUE(gst_structure_get_int64(stats, "lateness-p50", &shown.p50));
    EXPECT_TRUE(gst_structure_get_int64(stats, "lateness-p99", &shown.p99));
    EXPECT_TRUE(gst_structure_get_int64(stats, "lateness-worst", &shown.worst));
    gst_structure_free(stats);
    return shown;
}

/// Over loopback what is due in a minute comes that much early, give or take what a busy machine delays.
TEST(LatenessInStats, IsAgainstTheDueTime) {
    test::Pipeline receiver(test::listening_src("latency=60000") + " ! fakesink name=played sync=false");
    test::Played played(receiver.get("played"));
    GstElement* src = receiver.get("src");
    receiver.play();
    EXPECT_EQ(shown(src).jitter, 0);
    test::Pipeline sender("videotestsrc is-live=true ! video/x-raw,width=16,height=16,framerate=100/1 ! " +
                          test::calling_sink_to(test::local_port(src)));
    sender.play();
    ASSERT_TRUE(played.reaches(50));
    const Shown now = shown(src);
    EXPECT_LT(now.p50, -50 * static_cast<gint64>(GST_SECOND));
    EXPECT_GT(now.p50, -61 * static_cast<gint64>(GST_SECOND));
    EXPECT_LE(now.p50, now.p99);
    EXPECT_LE(now.p99, now.worst);
    EXPECT_GT(now.jitter, 0);
}

}  // namespace
}  // namespace stt
