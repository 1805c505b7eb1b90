// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timeline.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr GstClockTime second = GST_SECOND, minute = 60 * GST_SECOND;

GstSegment segment_from(GstClockTime start, GstClockTime base = 0) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.position = segment.time = start;
    segment.base = base;
    return segment;
}

GstClockTime running_time(const GstSegment& segment, GstClockTime timestamp) {
    return gst_segment_to_running_time(&segment, GST_FORMAT_TIME, timestamp);
}

/// Pipelines are told apart by an address.
const int pipelines[2]{};

/// A pipeline here, whose clock is CLOCK_MONOTONIC.
LocalTime at(GstClockTime running_time, GstClockTime base_time = 0) {
    LocalTime here;
    here.running_time = running_time;
    here.base_time = base_time;
    here.latency = 200 * GST_MSECOND;
    here.pipeline = &pipelines[0];
    here.monotonic = static_cast<int64_t>(running_time + base_time);
    return here;
}

/// Each test has a sender clock of its own: anchors are shared in the process.
uint64_t fresh_epoch() {
    static uint64_t epoch = 0;
    return ++epoch;
}

Timeline stored(uint64_t epoch, GstClockTime base_time, const GstSegment& segment) {
    Timeline timeline(true);
    timeline.set_timing({epoch, false, base_time, 0, {}});
    timeline.set_segment(segment);
    return timeline;
}

Timeline live(GstClockTime base_time, GstClockTime latency = 0, Affine clock = {}) {
    Timeline timeline(true);
    timeline.set_timing({fresh_epoch(), true, base_time, latency, clock});
    timeline.set_segment(segment_from(0));
    return timeline;
}

GstClockTime due(Timeline& timeline, GstClockTime timestamp) {
    return running_time(timeline.segment(), timeline.map(timestamp));
}

TEST(StoredTimeline, TheFirstItemPlaysNowWhicheverEndStartedFirst) {
    Timeline later = stored(fresh_epoch(), 1000 * second, segment_from(0));
    EXPECT_TRUE(later.wants_anchor());
    EXPECT_TRUE(later.place(minute, at(second)));
    EXPECT_FALSE(later.wants_anchor());
    EXPECT_EQ(due(later, minute), second);
    EXPECT_EQ(due(later, minute + 40), second + 40);
    Timeline earlier = stored(fresh_epoch(), 1000 * second, segment_from(5 * second));
    EXPECT_TRUE(earlier.place(5 * second, at(minute)));
    EXPECT_EQ(due(earlier, 6 * second), minute + second);
}

TEST(StoredTimeline, NothingMovesWhileItemsComeInTime) {
    Timeline timeline = stored(fresh_epoch(), 0, segment_from(0));
    timeline.place(0, at(second));
    EXPECT_FALSE(timeline.place(second, at(2 * second)));
    EXPECT_FALSE(timeline.place(2 * second, at(3 * second + 200 * GST_MSECOND))) << "latency covers it";
    EXPECT_FALSE(timeline.place(9 * second, at(3 * second))) << "early: sinks wait";
    EXPECT_EQ(due(timeline, 9 * second), 10 * second);
}

TEST(StoredTimeline, GoesOnWithoutDroppingAfterItHadToWait) {
    Timeline timeline = stored(fresh_epoch(), 0, segment_from(0));
    timeline.place(0, at(second));
    EXPECT_TRUE(timeline.place(5 * second, at(14 * second))) << "eight seconds late";
    EXPECT_EQ(due(timeline, 5 * second), 14 * second);
    EXPECT_FALSE(timeline.place(6 * second, at(15 * second)));
}

TEST(StoredTimeline, ASendersPauseAndFlushKeepThePace) {
    const uint64_t epoch = fresh_epoch();
    Timeline timeline = stored(epoch, 1000 * second, segment_from(0));
    timeline.place(0, at(2 * second));
    // Ten seconds later the sender seeks with a flush: its running time starts anew, its base time moves.
    timeline.set_timing({epoch, false, 1010 * second, 0, {}});
    timeline.set_segment(segment_from(minute));
    EXPECT_TRUE(timeline.place(minute, at(12 * second)));
    EXPECT_EQ(due(timeline, minute), 12 * second);
}

TEST(StoredTimeline, SegmentsThatFollowEachOtherStayTogether) {
    Timeline timeline = stored(fresh_epoch(), 0, segment_from(0));
    timeline.place(0, at(minute));
    timeline.set_segment(segment_from(7 * second, 3 * second));
    EXPECT_FALSE(timeline.place(7 * second, at(minute + 3 * second)));
    EXPECT_EQ(due(timeline, 7 * second), minute + 3 * second);
}

TEST(StoredTimeline, StreamsOfOneSenderPipelinePlayTogether) {
    const uint64_t epoch = fresh_epoch();
    Timeline video = stored(epoch, second, segment_from(0)), audio = stored(epoch, second, segment_from(0));
    video.place(0, at(5 * second));
    EXPECT_TRUE(audio.place(300 * GST_MSECOND, at(5400 * GST_MSECOND)));
    EXPECT_EQ(due(audio, 300 * GST_MSECOND), due(video, 300 * GST_MSECOND));
    // What makes one of them wait moves both.
    EXPECT_TRUE(video.place(3 * second, at(20 * second)));
    EXPECT_TRUE(audio.place(3 * second, at(20 * second)));
    EXPECT_EQ(due(audio, 4 * second), due(video, 4 * second));
    // Another pipeline's stream is another matter.
    Timeline other = stored(epoch, 2 * second, segment_from(0));
    other.place(0, at(30 * second));
    EXPECT_EQ(due(other, 0), 30 * second);
}

TEST(StoredTimeline, TheyDoInTwoPipelinesHere) {
    const uint64_t epoch = fresh_epoch();
    Timeline video = stored(epoch, second, segment_from(0)), audio = stored(epoch, second, segment_from(0));
    LocalTime one = at(5 * second, 100 * second), other = at(2 * second, 103 * second);
    other.pipeline = &pipelines[1];
    video.place(0, one);
    audio.place(0, other);
    EXPECT_EQ(due(video, second) + one.base_time, due(audio, second) + other.base_time);
}

TEST(StoredTimeline, APauseHereIsNoDelay) {
    Timeline timeline = stored(fresh_epoch(), 0, segment_from(0));
    timeline.place(0, at(second, 50 * second));
    EXPECT_FALSE(timeline.place(second, at(2 * second, 80 * second))) << "running time stood still for 30 s";
}

TEST(StoredTimeline, AnotherRunOfTheSenderIsAnchoredAnew) {
    Timeline timeline = stored(fresh_epoch(), 5 * second, segment_from(0));
    timeline.place(0, at(second));
    timeline.forget();
    timeline.set_timing({fresh_epoch(), false, 77777 * second, 0, {}});
    timeline.set_segment(segment_from(0));
    EXPECT_TRUE(timeline.wants_anchor());
    EXPECT_TRUE(timeline.place(0, at(9 * second)));
    EXPECT_EQ(due(timeline, 0), 9 * second);
}

TEST(LiveTimeline, IsMappedByTheClocks) {
    // The sender's host has been up for 4000 s longer, its pipeline's clock is another one, and runs 1 %
    // fast.
    const Affine clock{0, 777 * int64_t{second}, 0.01};
    Timeline timeline = live(1000 * second, 0, clock);
    LocalTime here = at(10 * second, 3 * second);
    here.from_peer = Affine{0, -4000 * int64_t{second}, 0};
    // 4830 s on the sender's clock are 4013 s of its host's, and 13 s of the one here.
    const GstClockTime sent = 3830 * second + 130 * GST_MSECOND;
    EXPECT_TRUE(timeline.place(sent, here));
    const double host = (1000 + 3830.13 - 777) / 1.01;
    EXPECT_NEAR(static_cast<double>(due(timeline, sent)), (host - 4000 - 3) * 1e9, 10);
}

TEST(LiveTimeline, FollowsADriftingClockWithoutAJump) {
    Timeline timeline = live(0);
    constexpr double fast = 0.01;  // the clock here
    GstClockTime last = 0;
    for (int i = 0; i < 3000; i++) {
        const GstClockTime sent = static_cast<GstClockTime>(i) * 40 * GST_MSECOND;
        LocalTime here = at(0);
        here.monotonic = static_cast<int64_t>(sent);
        here.from_peer = Affine{};
        here.clock = Affine{0, int64_t{second}, fast};
        here.running_time = static_cast<GstClockTime>(here.clock(here.monotonic));
        EXPECT_EQ(timeline.place(sent, here), i == 0);
        const GstClockTime plays = due(timeline, sent);
        EXPECT_NEAR(static_cast<double>(plays), static_cast<double>(here.running_time), 1e6);
        EXPECT_GE(plays, last);
        last = plays;
    }
}

TEST(LiveTimeline, AChangedEstimateIsSlewedAndAJumpIsADiscontinuity) {
    Timeline timeline = live(0);
    const auto place = [&](GstClockTime sent, int64_t offset) {
        LocalTime here = at(sent);
        here.from_peer = Affine{0, offset, 0};
        return timeline.place(sent, here);
    };
    EXPECT_TRUE(place(0, 0));
    for (GstClockTime sent = 0; sent < 30 * second; sent += 20 * GST_MSECOND) {
        place(sent, 0);
        due(timeline, sent);
    }
    GstClockTime before = due(timeline, 30 * second);
    for (GstClockTime sent = 30 * second; sent < 60 * second; sent += 20 * GST_MSECOND) {
        EXPECT_FALSE(place(sent, 20'000'000));
        const GstClockTime now = due(timeline, sent + 20 * GST_MSECOND);
        EXPECT_LE(now - before, 20 * GST_MSECOND + 20 * GST_USECOND) << "at most 1 ms a second";
        before = now;
    }
    EXPECT_NEAR(static_cast<double>(due(timeline, minute)), 60.02e9, 1e6);
    EXPECT_TRUE(place(61 * second, 100'000'000));
    EXPECT_EQ(due(timeline, 61 * second), 61 * second + 100 * GST_MSECOND);
}

TEST(LiveTimeline, ContiguousAudioStaysSo) {
    Timeline timeline = live(0);
    GstClockTime end = 0;
    for (uint64_t i = 0; i < 5000; i++) {
        const GstClockTime sent = gst_util_uint64_scale(i * 441, second, 44100);
        LocalTime here = at(sent);
        here.from_peer = Affine{0, static_cast<int64_t>(i) * 700, 0.0001};
        timeline.place(sent, here);
        GstBuffer* buffer = gst_buffer_new();
        GST_BUFFER_PTS(buffer) = sent;
        GST_BUFFER_DURATION(buffer) = gst_util_uint64_scale((i + 1) * 441, second, 44100) - sent;
        timeline.map(buffer);
        if (i > 0) {
            EXPECT_EQ(GST_BUFFER_PTS(buffer), end);
        }
        end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
        gst_buffer_unref(buffer);
    }
}

TEST(LiveTimeline, ALongDurationDoesNotKeepItFromFollowing) {
    Timeline timeline = live(0);
    LocalTime here = at(second);
    here.from_peer = Affine{};
    timeline.place(second, here);
    GstBuffer* image = gst_buffer_new();
    GST_BUFFER_PTS(image) = second;
    GST_BUFFER_DURATION(image) = 60 * minute;
    timeline.map(image);
    EXPECT_NEAR(static_cast<double>(GST_BUFFER_DURATION(image)), static_cast<double>(60 * minute), 1e6);
    gst_buffer_unref(image);
    for (GstClockTime now = 2 * second; now < minute; now += 100 * GST_MSECOND) {
        here = at(now);
        here.from_peer = Affine{0, 10 * GST_MSECOND, 0};
        timeline.place(now, here);
        timeline.map(now);
    }
    EXPECT_NEAR(static_cast<double>(due(timeline, minute)), static_cast<double>(minute + 10 * GST_MSECOND),
                1e6);
}

TEST(LiveTimeline, APauseHereAndANewBaseTimeThereAreDiscontinuities) {
    Timeline timeline = live(100 * second);
    LocalTime here = at(second, 99 * second);
    here.from_peer = Affine{};
    EXPECT_TRUE(timeline.place(0, here));
    EXPECT_EQ(due(timeline, 0), second);
    // Here the pipeline was paused for 25 s.
    here = at(2 * second, 124 * second);
    here.from_peer = Affine{};
    EXPECT_TRUE(timeline.place(26 * second, here));
    EXPECT_EQ(due(timeline, 26 * second), 2 * second) << "captured now, played now";
}

TEST(LiveTimeline, PlaysByArrivalUntilThereIsAnEstimate) {
    Timeline timeline = live(0, 150 * GST_MSECOND);
    EXPECT_TRUE(timeline.place(minute, at(second)));
    // It left its pipeline 150 ms after its time, and the LATENCY answer has those.
    EXPECT_EQ(due(timeline, minute), second - 150 * GST_MSECOND);
    LocalTime here = at(2 * second);
    here.from_peer = Affine{static_cast<int64_t>(minute), static_cast<int64_t>(second) - 160'000'000, 0};
    EXPECT_FALSE(timeline.place(minute + second, here)) << "10 ms are slewed";
}

TEST(Timeline, OriginalLeavesSegmentsAlone) {
    Timeline timeline(false);
    const GstSegment segment = segment_from(3, 4);
    timeline.set_segment(segment);
    EXPECT_FALSE(timeline.place(5, at(minute)));
    const GstSegment out = timeline.segment();
    EXPECT_TRUE(gst_segment_is_equal(&segment, &out));
    EXPECT_FALSE(timeline.wants_anchor());
    EXPECT_EQ(timeline.map(5), 5u);
}

TEST(Timeline, SegmentsInBytesPass) {
    Timeline timeline(true);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    timeline.set_segment(segment);
    EXPECT_FALSE(timeline.wants_anchor());
    EXPECT_FALSE(timeline.place(0, at(minute)));
    const GstSegment out = timeline.segment();
    EXPECT_TRUE(gst_segment_is_equal(&segment, &out));
}

TEST(Timeline, ExtremeTimesDoNotOverflow) {
    for (const bool is_live : {false, true}) {
        for (const GstClockTime base_time : {GstClockTime{0}, GstClockTime{INT64_MAX}, GST_CLOCK_TIME_NONE}) {
            Timeline timeline(true);
            timeline.set_timing({fresh_epoch(), is_live, base_time, 0, {INT64_MIN, INT64_MAX, 0.05}});
            timeline.set_segment(segment_from(UINT64_MAX - 5, UINT64_MAX - 5));
            LocalTime here = at(UINT64_MAX - 1, base_time);
            for (int i = 0; i < 2; i++) {
                timeline.place(UINT64_MAX - 2, here);
                (void)timeline.map(UINT64_MAX - 2);
                (void)timeline.map(GstClockTime{0});
                (void)timeline.segment();
                (void)timeline.to_sender();
                here.from_peer = Affine{INT64_MAX, INT64_MIN, -0.02};
            }
        }
    }
}

}  // namespace
}  // namespace stt
