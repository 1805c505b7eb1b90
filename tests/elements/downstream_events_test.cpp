// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/downstream_events.hpp"

#include <gtest/gtest.h>

#include "tests/elements/pad_pair.hpp"
#include "tests/elements/test_clock.hpp"

namespace stt {
namespace {

using Names = std::vector<std::string>;

EventPtr stream_start(uint32_t seqnum) {
    EventPtr event(gst_event_new_stream_start("of-the-sender"));
    gst_event_set_seqnum(event.get(), seqnum);
    return event;
}
EventPtr caps() {
    GstCaps* made = gst_caps_new_empty_simple("application/x-test");
    EventPtr event(gst_event_new_caps(made));
    gst_caps_unref(made);
    return event;
}
EventPtr tag() { return EventPtr(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "x", nullptr))); }
EventPtr custom() {
    return EventPtr(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("x")));
}
GstSegment time_segment() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    return segment;
}

class DownstreamEventsTest : public testing::Test {
  protected:
    DownstreamEventsTest() {
        times.start(Timestamps::rebase);
        downstream.start();
    }
    /// What the sender sends first. The segment waits for the first time.
    void begin(uint32_t seqnum = 1) {
        downstream.start_stream(stream_start(seqnum));
        downstream.set_caps(caps());
        times.set_segment(time_segment());
        downstream.renew_segment();
    }
    /// The first item has a time.
    void place() {
        times.read_clocks(0);
        times.place(0);
        downstream.renew_segment();
    }

    test::PadPair pads;
    test::ElementOnTestClock element{GST_SECOND};
    ItemTimes times{element.get(), [](Duration) { return std::optional<Affine>(); }};
    LocalIds ids;
    DownstreamEvents downstream{pads.src(), times, ids};
};

TEST_F(DownstreamEventsTest, EverythingComesInTheOrderThatPadsRequire) {
    begin();
    EXPECT_EQ(downstream.push_in_order(tag()), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "caps"}));
    EXPECT_TRUE(downstream.holds_events());
    EXPECT_TRUE(downstream.due());
    place();
    EXPECT_EQ(downstream.push_held(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"segment", "tag"}));
    EXPECT_FALSE(downstream.due());
    EXPECT_EQ(downstream.push_in_order(custom()), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"custom-downstream"})) << "times are known";
}

TEST_F(DownstreamEventsTest, AStreamStartPrecedesEverythingEvenIfTheSenderHasSentNone) {
    EXPECT_TRUE(downstream.start_due());
    EXPECT_EQ(downstream.push(custom()), GST_FLOW_OK);
    EXPECT_FALSE(downstream.start_due());
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "custom-downstream"}));
}

TEST_F(DownstreamEventsTest, AnotherStreamStartOnThePadIsDroppedBefore) {
    gst_pad_push_event(pads.src(), stream_start(1).release());  // as GstBaseSrc does
    EXPECT_EQ(pads.take_names(), Names{});
    begin();
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "caps"}));
}

TEST_F(DownstreamEventsTest, ARepeatedStreamStartIsNotPushed) {
    begin(1);
    EXPECT_EQ(downstream.start_stream(stream_start(1)), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "caps"}));
    EXPECT_EQ(downstream.start_stream(stream_start(2)), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"stream-start"}));
}

TEST_F(DownstreamEventsTest, WhatIsHeldBelongsToItsStream) {
    begin(1);
    downstream.push_in_order(tag());
    pads.take_names();
    EXPECT_EQ(downstream.start_stream(stream_start(2)), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"segment", "tag", "stream-start"}));
    EXPECT_FALSE(downstream.holds_events());
}

TEST_F(DownstreamEventsTest, EventsThatWaitTooLongOrAreTooManyArePushed) {
    begin();
    pads.take_names();
    downstream.push_in_order(custom());
    EXPECT_EQ(downstream.release_held(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"segment", "custom-downstream"}));
    EXPECT_TRUE(downstream.due()) << "the first buffer may still change the segment";
    for (size_t i = 1; i < HeldEvents::count_max; i++) downstream.push_in_order(custom());
    EXPECT_EQ(pads.take_names(), Names{});
    EXPECT_EQ(downstream.push_in_order(custom()), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names().size(), HeldEvents::count_max);
}

TEST_F(DownstreamEventsTest, AFlushDiscardsNoState) {
    begin();
    place();
    downstream.push_held();
    pads.take_names();
    pads.flush(true);
    EXPECT_EQ(downstream.set_caps(caps()), GST_FLOW_FLUSHING);
    EXPECT_EQ(downstream.push_in_order(tag()), GST_FLOW_FLUSHING);
    EXPECT_EQ(downstream.push(custom()), GST_FLOW_FLUSHING);
    pads.flush(false);
    downstream.flushed();
    EXPECT_FALSE(downstream.segment());
    EXPECT_EQ(pads.take_names(), Names{});
    EXPECT_EQ(downstream.push_held(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"caps", "segment", "tag"}));
}

TEST_F(DownstreamEventsTest, AnotherRunBeginsWithAStreamStartAndASegment) {
    begin(1);
    place();
    downstream.push_held();
    downstream.end_run();
    downstream.begin_run();
    pads.take_names();
    EXPECT_TRUE(downstream.start_due());
    EXPECT_EQ(downstream.push_in_order(tag()), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), Names{}) << "the sender's STREAM_START may follow";
    begin(1);  // numbers of different runs cannot be compared
    place();
    EXPECT_EQ(downstream.push_held(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "caps", "segment", "tag"}));
}

TEST_F(DownstreamEventsTest, TheEndOfAStreamIsNothingWhereNothingHasArrived) {
    EXPECT_EQ(downstream.finish_stream(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), Names{});
    begin();
    downstream.push_in_order(tag());
    EXPECT_EQ(downstream.finish_stream(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "caps", "segment", "tag"}));
}

TEST_F(DownstreamEventsTest, EosHasTheSequenceNumberOfTheSegmentAndFollowsAStreamStart) {
    downstream.set_segment_seqnum(77);
    EXPECT_NE(gst_event_get_seqnum(downstream.eos().get()), 77u) << "no segment was pushed";
    EXPECT_EQ(downstream.push_eos(downstream.eos()), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"stream-start", "eos"}));
    downstream.push_held();
    EXPECT_EQ(gst_event_get_seqnum(downstream.eos().get()), 77u);
}

}  // namespace
}  // namespace stt
