// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timeline.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr GstClockTime minute = 60 * GST_SECOND;

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

TEST(Timeline, AReceiverThatStartedLaterPlaysTheFirstBufferNow) {
    Timeline timeline(true);
    timeline.set_segment(segment_from(0), 1000 * GST_SECOND);
    timeline.anchor(minute, GST_SECOND);  // the sender has run for a minute, we for a second
    const GstSegment segment = timeline.segment();
    EXPECT_EQ(running_time(segment, minute), GST_SECOND);
    EXPECT_EQ(running_time(segment, minute + 40), GST_SECOND + 40);
}

TEST(Timeline, AReceiverThatStartedEarlierPlaysTheFirstBufferNow) {
    Timeline timeline(true);
    timeline.set_segment(segment_from(5 * GST_SECOND), 1000 * GST_SECOND);
    timeline.anchor(5 * GST_SECOND, minute);
    EXPECT_EQ(running_time(timeline.segment(), 5 * GST_SECOND), minute);
    EXPECT_EQ(running_time(timeline.segment(), 6 * GST_SECOND), minute + GST_SECOND);
    EXPECT_EQ(timeline.shift(), static_cast<int64_t>(minute));
}

TEST(Timeline, AFlushKeepsThePace) {
    Timeline timeline(true);
    timeline.set_segment(segment_from(0), 1000 * GST_SECOND);
    timeline.anchor(0, 2 * GST_SECOND);
    // Ten seconds later the sender seeks with a flush: its running time starts anew, its base time moves.
    timeline.set_segment(segment_from(minute), 1010 * GST_SECOND);
    EXPECT_EQ(running_time(timeline.segment(), minute), 12 * GST_SECOND);
}

TEST(Timeline, APauseKeepsThePace) {
    Timeline timeline(true);
    timeline.set_segment(segment_from(0), 1000 * GST_SECOND);
    timeline.anchor(0, 2 * GST_SECOND);
    timeline.set_segment(segment_from(0), 1030 * GST_SECOND);
    EXPECT_EQ(running_time(timeline.segment(), 5 * GST_SECOND), 37 * GST_SECOND);
}

TEST(Timeline, SegmentsThatFollowEachOtherStayTogether) {
    Timeline timeline(true);
    timeline.set_segment(segment_from(0), 0);
    timeline.anchor(0, minute);
    timeline.set_segment(segment_from(7 * GST_SECOND, 3 * GST_SECOND), 0);
    EXPECT_EQ(running_time(timeline.segment(), 7 * GST_SECOND), minute + 3 * GST_SECOND);
}

TEST(Timeline, AnotherRunOfTheSenderIsAnchoredAnew) {
    Timeline timeline(true);
    timeline.set_segment(segment_from(0), 5 * GST_SECOND);
    timeline.anchor(0, GST_SECOND);
    EXPECT_FALSE(timeline.wants_anchor());
    timeline.forget();
    timeline.set_segment(segment_from(0), 77777 * GST_SECOND);
    EXPECT_TRUE(timeline.wants_anchor());
    timeline.anchor(0, 9 * GST_SECOND);
    EXPECT_EQ(running_time(timeline.segment(), 0), 9 * GST_SECOND);
}

TEST(Timeline, OriginalLeavesSegmentsAlone) {
    Timeline timeline(false);
    const GstSegment segment = segment_from(3, 4);
    timeline.set_segment(segment, 1000);
    timeline.anchor(5, minute);
    const GstSegment out = timeline.segment();
    EXPECT_TRUE(gst_segment_is_equal(&segment, &out));
    EXPECT_FALSE(timeline.wants_anchor());
}

TEST(Timeline, SegmentsInBytesPass) {
    Timeline timeline(true);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    timeline.set_segment(segment, 0);
    EXPECT_FALSE(timeline.wants_anchor());
    timeline.anchor(0, minute);
    const GstSegment out = timeline.segment();
    EXPECT_TRUE(gst_segment_is_equal(&segment, &out));
}

TEST(Timeline, ExtremeTimesDoNotOverflow) {
    Timeline timeline(true);
    for (const GstClockTime base_time : {GstClockTime{0}, GstClockTime{INT64_MAX}, GST_CLOCK_TIME_NONE}) {
        timeline.forget();
        timeline.set_segment(segment_from(UINT64_MAX - 5, UINT64_MAX - 5), base_time);
        timeline.anchor(UINT64_MAX - 2, UINT64_MAX - 1);
        timeline.anchor(0, 0);
        (void)timeline.segment();
        (void)timeline.shift();
    }
}

}  // namespace
}  // namespace stt
