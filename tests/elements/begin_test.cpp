// SPDX-License-Identifier: LGPL-2.1-or-later
/// Streams with unusual beginnings, and when they play.
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

using Names = std::vector<std::string>;

TEST(Begin, NothingButEos) {
    Pair pair;
    pair.push_eos();
    EXPECT_EQ(pair.pull_names(), (Names{"stream-start", "eos"}));
}

TEST(Begin, CapsAndSegmentButNoData) {
    Pair pair;
    pair.start();
    pair.push_eos();
    EXPECT_EQ(pair.pull_names(), (Names{"stream-start", "caps", "segment", "eos"}));
}

TEST(Begin, WithAGap) {
    Pair pair;
    pair.start();
    pair.push_event(gst_event_new_gap(0, GST_SECOND));
    pair.push_eos();
    EXPECT_EQ(pair.pull_names(), (Names{"stream-start", "caps", "segment", "gap", "eos"}));
}

TEST(Begin, WithATag) {
    Pair pair;
    pair.start();
    pair.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "first", nullptr)));
    BufferPtr buffer = make_buffer(1);
    GST_BUFFER_PTS(buffer.get()) = 0;
    pair.push(buffer.release());
    pair.push_eos();
    EXPECT_EQ(pair.pull_names(), (Names{"stream-start", "caps", "segment", "tag", "eos"}));
    EXPECT_TRUE(pair.pull());
}

TEST(Begin, WithATagAndNothingForLong) {
    Pair pair;
    pair.start();
    pair.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "first", nullptr)));
    EXPECT_TRUE(pair.pull_event(GST_EVENT_TAG));
}

TEST(Begin, WithATagBeforeTheSegment) {
    Pair pair;
    pair.push_event(gst_event_new_stream_start("test"));
    GstCaps* caps = gst_caps_new_empty_simple("a/b");
    pair.push_event(gst_event_new_caps(caps));
    gst_caps_unref(caps);
    pair.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "first", nullptr)));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    pair.push_event(gst_event_new_segment(&segment));
    pair.push_eos();
    EXPECT_EQ(pair.pull_names(), (Names{"stream-start", "caps", "segment", "tag", "eos"}));
}

TEST(Begin, WithHeaders) {
    Pair pair;
    pair.start("audio/x-test, streamheader=(buffer)< 0102, 0304 >");
    BufferPtr header = make_buffer(2);
    GST_BUFFER_FLAG_SET(header.get(), GST_BUFFER_FLAG_HEADER);
    pair.push(header.release());
    pair.push(make_buffer(9).release());
    const BufferPtr first = pair.pull();
    ASSERT_TRUE(first);
    EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(first.get(), GST_BUFFER_FLAG_HEADER));
    const EventPtr caps = pair.pull_event(GST_EVENT_CAPS);
    EXPECT_TRUE(caps);
}

TEST(Begin, InASegmentOfBytes) {
    Pair pair;
    pair.push_event(gst_event_new_stream_start("test"));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    pair.push_event(gst_event_new_segment(&segment));
    pair.push(make_buffer(1).release());
    const EventPtr event = pair.pull_event(GST_EVENT_SEGMENT);
    ASSERT_TRUE(event);
    const GstSegment* got = nullptr;
    gst_event_parse_segment(event.get(), &got);
    EXPECT_EQ(got->format, GST_FORMAT_BYTES);
    EXPECT_TRUE(pair.pull());
}

/// Running time of the first buffer, and what the receiver's running time was when it arrived.
void first_buffer(const char* timestamps, GstClockTime pts, GstClockTime& plays, GstClockTime& now,
                  GstClockTime& pts_there) {
    Pair pair([&](GstElement*, GstElement* src) {
        gst_util_set_object_arg(G_OBJECT(src), "timestamps", timestamps);
    });
    pair.start();
    BufferPtr buffer = make_buffer(1);
    GST_BUFFER_PTS(buffer.get()) = pts;
    pair.push(buffer.release());
    const BufferPtr got = pair.pull();
    const EventPtr event = pair.pull_event(GST_EVENT_SEGMENT);
    ASSERT_TRUE(got && event);
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    pts_there = GST_BUFFER_PTS(got.get());
    plays = gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts_there);
    now = gst_element_get_current_running_time(pair.src_element);
}

TEST(Begin, RebaseMapsTheFirstBufferToNow) {
    for (const int64_t pts : {int64_t{0}, 60 * GST_SECOND, 1000000 * GST_SECOND}) {
        GstClockTime plays = 0, now = 0, there = 0;
        first_buffer("rebase", static_cast<GstClockTime>(pts), plays, now, there);
        EXPECT_EQ(there, static_cast<GstClockTime>(pts));
        EXPECT_LE(plays, now);
        EXPECT_GT(plays + 20 * GST_SECOND, now);
    }
}

TEST(Begin, OriginalKeepsTheSendersRunningTime) {
    GstClockTime plays = 0, now = 0, there = 0;
    first_buffer("original", 60 * GST_SECOND, plays, now, there);
    EXPECT_EQ(plays, 60 * GST_SECOND);
}

TEST(Begin, ArrivalStampsWithNow) {
    GstClockTime plays = 0, now = 0, there = 0;
    first_buffer("arrival", 60 * GST_SECOND, plays, now, there);
    EXPECT_EQ(plays, there);
    EXPECT_LE(plays, now);
    EXPECT_GT(plays + 20 * GST_SECOND, now);
}

TEST(Begin, TheSendersTimeTravelsAsReferenceTimestamp) {
    Pair pair;
    pair.start();
    BufferPtr buffer = make_buffer(1);
    GST_BUFFER_PTS(buffer.get()) = 42 * GST_SECOND;
    pair.push(buffer.release());
    const BufferPtr got = pair.pull();
    ASSERT_TRUE(got);
    GstCaps* caps = gst_caps_new_empty_simple("timestamp/x-stt-sender");
    GstReferenceTimestampMeta* meta = gst_buffer_get_reference_timestamp_meta(got.get(), caps);
    gst_caps_unref(caps);
    ASSERT_NE(meta, nullptr);
    EXPECT_EQ(meta->timestamp, 42 * GST_SECOND);
}

}  // namespace
}  // namespace stt::test
