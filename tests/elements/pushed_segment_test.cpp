// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/pushed_segment.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

GstSegment segment_from(GstClockTime start) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.position = segment.time = start;
    return segment;
}

TEST(PushedSegment, IsPushedOnceWhenItIsDue) {
    PushedSegment pushed;
    EXPECT_TRUE(pushed.due());
    EXPECT_FALSE(pushed.pushed());
    EXPECT_TRUE(pushed.next(segment_from(5), true));
    EXPECT_FALSE(pushed.due());
    EXPECT_EQ(pushed.pushed()->start, 5u);
    EXPECT_FALSE(pushed.next(segment_from(6), true)) << "nothing has announced a change";
    pushed.set_due(true);
    EXPECT_FALSE(pushed.next(segment_from(5), true)) << "downstream has it";
    pushed.set_due(true);
    EXPECT_TRUE(pushed.next(segment_from(6), true));
    EXPECT_EQ(pushed.pushed()->start, 6u);
}

TEST(PushedSegment, HasTheSequenceNumberOfTheSenders) {
    PushedSegment pushed;
    EXPECT_EQ(pushed.pushed_seqnum(), GST_SEQNUM_INVALID);
    pushed.set_seqnum(77);
    EXPECT_EQ(pushed.pushed_seqnum(), GST_SEQNUM_INVALID) << "it is not pushed yet";
    const EventPtr event = pushed.next(segment_from(5), true);
    ASSERT_TRUE(event);
    EXPECT_EQ(gst_event_get_seqnum(event.get()), 77u);
    EXPECT_EQ(pushed.pushed_seqnum(), 77u);
}

TEST(PushedSegment, MayBeRepeatedByTheSender) {
    PushedSegment pushed;
    pushed.set_seqnum(77);
    EXPECT_TRUE(pushed.next(segment_from(5), true));
    pushed.set_seqnum(78);
    pushed.set_due(true);
    EXPECT_FALSE(pushed.next(segment_from(5), false)) << "by arrival there is one segment only";
    pushed.set_due(true);
    EXPECT_TRUE(pushed.next(segment_from(5), true));
}

TEST(PushedSegment, IsPushedAgainWhenDownstreamHasLostIt) {
    PushedSegment pushed;
    EXPECT_TRUE(pushed.next(segment_from(5), true));
    pushed.forget();
    EXPECT_FALSE(pushed.pushed());
    pushed.set_due(true);
    EXPECT_TRUE(pushed.next(segment_from(5), true));
}

}  // namespace
}  // namespace stt
