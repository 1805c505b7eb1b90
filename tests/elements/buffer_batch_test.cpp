// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/buffer_batch.hpp"

#include <gtest/gtest.h>

#include "tests/elements/pad_pair.hpp"

namespace stt {
namespace {

using Names = std::vector<std::string>;

BufferPtr buffer_at(GstClockTime pts, GstClockTime dts = GST_CLOCK_TIME_NONE) {
    BufferPtr buffer(gst_buffer_new());
    GST_BUFFER_PTS(buffer.get()) = pts;
    GST_BUFFER_DTS(buffer.get()) = dts;
    return buffer;
}

class BufferBatchTest : public testing::Test {
  protected:
    BufferBatchTest() {
        // Without these a pad takes no buffer.
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        gst_pad_push_event(pads.src(), gst_event_new_stream_start("test"));
        gst_pad_push_event(pads.src(), gst_event_new_segment(&segment));
        pads.take_names();
    }
    test::PadPair pads;
    BufferBatch batch{pads.src()};
};

TEST_F(BufferBatchTest, OneBufferIsPushedAloneAndSeveralAsAList) {
    EXPECT_EQ(batch.push(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), Names{});
    batch.add(buffer_at(0));
    EXPECT_EQ(batch.size(), 1u);
    EXPECT_EQ(batch.push(), GST_FLOW_OK);
    batch.add(buffer_at(0));
    batch.add(buffer_at(1));
    EXPECT_EQ(batch.push(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), (Names{"buffer", "list of 2"}));
    EXPECT_EQ(batch.size(), 0u);
}

TEST_F(BufferBatchTest, WhatIsDueTogetherJoins) {
    EXPECT_TRUE(batch.joins(buffer_at(GST_SECOND).get())) << "there is no other";
    batch.add(buffer_at(GST_SECOND));
    const GstClockTime apart = BufferBatch::due_together;
    EXPECT_TRUE(batch.joins(buffer_at(GST_SECOND + apart).get()));
    EXPECT_TRUE(batch.joins(buffer_at(GST_SECOND - apart).get()));
    EXPECT_FALSE(batch.joins(buffer_at(GST_SECOND + apart + 1).get()));
    EXPECT_FALSE(batch.joins(buffer_at(GST_SECOND - apart - 1).get()));
    EXPECT_TRUE(batch.joins(buffer_at(9 * GST_SECOND, GST_SECOND).get())) << "the DTS counts";
    EXPECT_TRUE(batch.joins(buffer_at(GST_CLOCK_TIME_NONE).get())) << "sinks do not wait for it";
}

TEST_F(BufferBatchTest, WhatHasATimeDoesNotFollowWhatHasNone) {
    batch.add(buffer_at(GST_CLOCK_TIME_NONE));
    EXPECT_FALSE(batch.joins(buffer_at(GST_SECOND).get()));
}

TEST_F(BufferBatchTest, ALimitEndsTheStream) {
    batch.start(2);
    batch.add(buffer_at(0));
    EXPECT_EQ(batch.push(), GST_FLOW_OK);
    EXPECT_FALSE(batch.counted_out());
    batch.add(buffer_at(0));
    EXPECT_TRUE(batch.counted_out());
    EXPECT_EQ(batch.push(), GST_FLOW_EOS);
    EXPECT_EQ(batch.push(), GST_FLOW_EOS) << "also without any buffer";
    EXPECT_EQ(pads.take_names(), (Names{"buffer", "buffer"}));
    batch.start(-1);
    EXPECT_FALSE(batch.counted_out());
}

TEST_F(BufferBatchTest, WhatDownstreamSaysMattersMoreThanTheLimit) {
    batch.start(1);
    batch.add(buffer_at(0));
    pads.refuse(GST_FLOW_NOT_NEGOTIATED);
    EXPECT_EQ(batch.push(), GST_FLOW_NOT_NEGOTIATED);
}

TEST_F(BufferBatchTest, AFlushDiscardsBuffers) {
    batch.add(buffer_at(0));
    batch.clear();
    EXPECT_EQ(batch.push(), GST_FLOW_OK);
    EXPECT_EQ(pads.take_names(), Names{});
}

}  // namespace
}  // namespace stt
