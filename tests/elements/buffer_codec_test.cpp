// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/buffer_codec.hpp"

#include "tests/elements/message_ends.hpp"

namespace stt::test {
namespace {

TEST(BufferCodec, BuffersKeepEverything) {
    const uint64_t times[] = {GST_CLOCK_TIME_NONE, 0, 1, 40 * GST_MSECOND, 90000 * GST_SECOND,
                              UINT64_MAX - 1};
    for (const uint64_t pts : times)
        for (const uint64_t dts : times)
            for (const uint64_t offset : times) {
                const BufferPtr buffer(make_buffer(100).release());
                GST_BUFFER_PTS(buffer.get()) = pts;
                GST_BUFFER_DTS(buffer.get()) = dts;
                GST_BUFFER_DURATION(buffer.get()) = offset;
                GST_BUFFER_OFFSET(buffer.get()) = offset;
                GST_BUFFER_OFFSET_END(buffer.get()) = dts;
                GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT | GST_BUFFER_FLAG_HEADER);
                const auto out = encode_buffer(buffer.get());
                ASSERT_TRUE(out.ok());
                const auto back = decoded_as<BufferPtr>(across(out.value()));
                ASSERT_TRUE(back);
                EXPECT_EQ(GST_BUFFER_PTS(back.get()), pts);
                EXPECT_EQ(GST_BUFFER_DTS(back.get()), dts);
                EXPECT_EQ(GST_BUFFER_DURATION(back.get()), offset);
                EXPECT_EQ(GST_BUFFER_OFFSET(back.get()), offset);
                EXPECT_EQ(GST_BUFFER_OFFSET_END(back.get()), dts);
                EXPECT_TRUE(test::same_bytes(buffer.get(), back.get()));
            }
}

TEST(BufferCodec, EveryFlagThatMeansSomethingElsewhereTravels) {
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint32_t flag = 1u << bit;
        if (flag < GST_BUFFER_FLAG_LIVE || flag == GST_BUFFER_FLAG_TAG_MEMORY ||
            flag == GST_BUFFER_FLAG_SYNC_AFTER)
            continue;
        const BufferPtr buffer(gst_buffer_new());
        GST_BUFFER_FLAG_SET(buffer.get(), flag);
        const auto out = encode_buffer(buffer.get());
        ASSERT_TRUE(out.ok());
        const auto back = decoded_as<BufferPtr>(across(out.value()));
        ASSERT_TRUE(back);
        const bool carried = flag >= GST_BUFFER_FLAG_LAST || flag <= GST_BUFFER_FLAG_NON_DROPPABLE;
        EXPECT_EQ(static_cast<bool>(GST_BUFFER_FLAG_IS_SET(back.get(), flag)), carried) << bit;
    }
}

TEST(BufferCodec, ALiveBufferCostsLessThan30Bytes) {
    const BufferPtr buffer(make_buffer(1316).release());
    GST_BUFFER_PTS(buffer.get()) = 100 * 3600 * GST_SECOND + 123456789;
    GST_BUFFER_DTS(buffer.get()) = 100 * 3600 * GST_SECOND + 83456789;
    GST_BUFFER_DURATION(buffer.get()) = 33366667;
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    const auto out = encode_buffer(buffer.get());
    ASSERT_TRUE(out.ok());
    EXPECT_LT(out.value().head.size(), 30u);
}

TEST(BufferCodec, PayloadIsReferencedAndReleased) {
    GstBuffer* buffer = make_buffer(5000).release();
    {
        const auto out = encode_buffer(buffer);
        ASSERT_TRUE(out.ok());
        EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(buffer), 2);
        EXPECT_EQ(out.value().payload.size(), 5000u);
    }
    EXPECT_EQ(GST_MINI_OBJECT_REFCOUNT_VALUE(buffer), 1);
    gst_buffer_unref(buffer);
}

}  // namespace
}  // namespace stt::test
