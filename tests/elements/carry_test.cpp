// SPDX-License-Identifier: LGPL-2.1-or-later
/// Buffers and events of every kind arrive as they were sent.
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

void expect_same(GstBuffer* sent, GstBuffer* got) {
    ASSERT_NE(got, nullptr);
    EXPECT_TRUE(same_bytes(sent, got));
    EXPECT_EQ(GST_BUFFER_PTS(sent), GST_BUFFER_PTS(got));
    EXPECT_EQ(GST_BUFFER_DTS(sent), GST_BUFFER_DTS(got));
    EXPECT_EQ(GST_BUFFER_DURATION(sent), GST_BUFFER_DURATION(got));
    EXPECT_EQ(GST_BUFFER_OFFSET(sent), GST_BUFFER_OFFSET(got));
    EXPECT_EQ(GST_BUFFER_OFFSET_END(sent), GST_BUFFER_OFFSET_END(got));
    const auto carried = ~static_cast<unsigned>(GST_BUFFER_FLAG_TAG_MEMORY);
    EXPECT_EQ(GST_BUFFER_FLAGS(sent) & carried, GST_BUFFER_FLAGS(got) & carried);
}

TEST(Carry, BuffersOfEverySize) {
    Pair pair;
    pair.start();
    for (const size_t size :
         {size_t{1}, size_t{2}, size_t{187}, size_t{1316}, size_t{65536}, size_t{1} << 20}) {
        const BufferPtr buffer = make_buffer(size, static_cast<unsigned>(size));
        GST_BUFFER_PTS(buffer.get()) = size * GST_MSECOND;
        ASSERT_EQ(pair.push(gst_buffer_ref(buffer.get())), GST_FLOW_OK);
        expect_same(buffer.get(), pair.pull().get());
    }
}

TEST(Carry, ABufferOf64MiB) {
    Pair pair;
    pair.start();
    const BufferPtr buffer = make_buffer(64 << 20);
    ASSERT_EQ(pair.push(gst_buffer_ref(buffer.get())), GST_FLOW_OK);
    expect_same(buffer.get(), pair.pull().get());
}

TEST(Carry, AnEmptyBuffer) {
    Pair pair;
    pair.start();
    const BufferPtr buffer(gst_buffer_new());
    GST_BUFFER_PTS(buffer.get()) = 7;
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_GAP);
    ASSERT_EQ(pair.push(gst_buffer_ref(buffer.get())), GST_FLOW_OK);
    expect_same(buffer.get(), pair.pull().get());
}

TEST(Carry, TimesOffsetsAndFlags) {
    Pair pair;
    pair.start();
    for (unsigned i = 0; i < 32; i++) {
        const BufferPtr buffer = make_buffer(50, i);
        if (i & 1) GST_BUFFER_PTS(buffer.get()) = i * GST_SECOND;
        if (i & 2) GST_BUFFER_DTS(buffer.get()) = i * GST_SECOND - 40 * GST_MSECOND;
        if (i & 4) GST_BUFFER_DURATION(buffer.get()) = 33366667;
        if (i & 8)
            GST_BUFFER_OFFSET(buffer.get()) = i * 1000, GST_BUFFER_OFFSET_END(buffer.get()) = i * 1000 + 50;
        if (i & 16) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT | GST_BUFFER_FLAG_MARKER);
        ASSERT_EQ(pair.push(gst_buffer_ref(buffer.get())), GST_FLOW_OK);
        expect_same(buffer.get(), pair.pull().get());
    }
}

TEST(Carry, MemoryOfSeveralParts) {
    Pair pair;
    pair.start();
    const BufferPtr buffer = make_buffer(100, 1);
    gst_buffer_append_memory(buffer.get(), gst_allocator_alloc(nullptr, 50, nullptr));
    gst_buffer_memset(buffer.get(), 100, 0x5a, 50);
    ASSERT_EQ(pair.push(gst_buffer_ref(buffer.get())), GST_FLOW_OK);
    expect_same(buffer.get(), pair.pull().get());
}

TEST(Carry, BufferLists) {
    Pair pair;
    pair.start();
    GstBufferList* list = gst_buffer_list_new();
    std::vector<BufferPtr> kept;
    for (unsigned i = 0; i < 500; i++) {
        BufferPtr buffer = make_buffer(1316, i);
        GST_BUFFER_PTS(buffer.get()) = i;
        gst_buffer_list_add(list, gst_buffer_ref(buffer.get()));
        kept.push_back(std::move(buffer));
    }
    GstPad* pad = gst_element_get_static_pad(pair.sink_element, "sink");
    GstPad* peer = gst_pad_get_peer(pad);
    EXPECT_EQ(gst_pad_push_list(peer, list), GST_FLOW_OK);
    gst_object_unref(peer);
    gst_object_unref(pad);
    for (const BufferPtr& buffer : kept) expect_same(buffer.get(), pair.pull().get());
}

TEST(Carry, CapsChangeBetweenTheBuffersTheyChangedBetween) {
    Pair pair;
    pair.start("video/x-test, width=1");
    for (int width = 2; width < 20; width++) {
        ASSERT_EQ(pair.push(make_buffer(10).release()), GST_FLOW_OK);
        GstCaps* caps = gst_caps_new_simple("video/x-test", "width", G_TYPE_INT, width, nullptr);
        ASSERT_TRUE(pair.push_event(gst_event_new_caps(caps)));
        gst_caps_unref(caps);
    }
    ASSERT_EQ(pair.push(make_buffer(10).release()), GST_FLOW_OK);
    for (int width = 1; width < 20; width++) {
        const EventPtr event = pair.pull_event(GST_EVENT_CAPS);
        ASSERT_TRUE(event);
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event.get(), &caps);
        int got = 0;
        gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &got);
        EXPECT_EQ(got, width);
        EXPECT_TRUE(pair.pull());
    }
}

TEST(Carry, EventsInOrder) {
    Pair pair([](GstElement*, GstElement* src) {
        gst_util_set_object_arg(G_OBJECT(src), "timestamps", "original");
    });
    pair.start();
    pair.push(make_buffer(1).release());
    pair.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "title", nullptr)));
    GstToc* toc = gst_toc_new(GST_TOC_SCOPE_GLOBAL);
    gst_toc_append_entry(toc, gst_toc_entry_new(GST_TOC_ENTRY_TYPE_CHAPTER, "one"));
    pair.push_event(gst_event_new_toc(toc, FALSE));
    gst_toc_unref(toc);
    pair.push_event(gst_event_new_gap(GST_SECOND, GST_SECOND));
    const BufferPtr key = make_buffer(16);
    pair.push_event(gst_event_new_protection("system", key.get(), nullptr));
    for (const GstEventType type : {GST_EVENT_CUSTOM_DOWNSTREAM, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY})
        pair.push_event(gst_event_new_custom(type, gst_structure_new_empty("mine")));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = 5;
    pair.push_event(gst_event_new_segment(&segment));
    pair.push_eos();
    const std::vector<std::string> expected{"stream-start",
                                            "caps",
                                            "segment",
                                            "tag",
                                            "toc",
                                            "gap",
                                            "protection",
                                            "custom-downstream",
                                            "custom-downstream-sticky",
                                            "segment",
                                            "eos"};
    EXPECT_EQ(pair.pull_names(), expected);
}

TEST(Carry, ASegmentAsItWasSent) {
    Pair pair([](GstElement*, GstElement* src) {
        gst_util_set_object_arg(G_OBJECT(src), "timestamps", "original");
    });
    pair.push_event(gst_event_new_stream_start("test"));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = 3 * GST_SECOND;
    segment.stop = 9 * GST_SECOND;
    segment.base = GST_SECOND;
    segment.rate = 2;
    pair.push_event(gst_event_new_segment(&segment));
    // Beyond the segment's stop: GstBaseSrc would end the stream here.
    for (const int64_t time : {3 * GST_SECOND, 10 * GST_SECOND, 4 * GST_SECOND}) {
        BufferPtr buffer = make_buffer(1);
        GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(time);
        ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    }
    const EventPtr event = pair.pull_event(GST_EVENT_SEGMENT);
    const GstSegment* got = nullptr;
    ASSERT_TRUE(event);
    gst_event_parse_segment(event.get(), &got);
    EXPECT_TRUE(gst_segment_is_equal(&segment, got));
    for (int i = 0; i < 3; i++) EXPECT_TRUE(pair.pull());
}

TEST(Carry, WhatTheApplicationInjectsGoesDownstream) {
    Pair pair;
    pair.start();
    pair.push(make_buffer(1).release());
    EXPECT_TRUE(pair.pull());
    gst_element_send_event(pair.src_element, gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM,
                                                                  gst_structure_new_empty("injected")));
    pair.push(make_buffer(2).release());
    EXPECT_TRUE(pair.pull_event(GST_EVENT_CUSTOM_DOWNSTREAM));
}

TEST(Carry, EosFromTheApplicationEndsTheReceiver) {
    Pair pair;
    pair.start();
    pair.push(make_buffer(1).release());
    EXPECT_TRUE(pair.pull());
    gst_element_send_event(pair.src_element, gst_event_new_eos());
    EXPECT_TRUE(pair.pull_event(GST_EVENT_EOS));
}

TEST(Carry, NumBuffersIsHonoured) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "num-buffers", 3, nullptr); });
    pair.start();
    for (int i = 0; i < 10; i++) pair.push(make_buffer(1).release());
    EXPECT_TRUE(pair.pull_event(GST_EVENT_EOS));
    EXPECT_EQ(gst_harness_buffers_received(pair.src), 3u);
}

TEST(Carry, CapsWithMemoryFeaturesAreRefused) {
    Pair pair;
    pair.push_event(gst_event_new_stream_start("test"));
    GstCaps* caps = gst_caps_from_string("video/x-raw(memory:DMABuf), width=1");
    // What is upstream posts errors of its own for events that fail, and for any flow but OK and EOS.
    EXPECT_TRUE(pair.push_event(gst_event_new_caps(caps)));
    gst_caps_unref(caps);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    pair.push_event(gst_event_new_segment(&segment));
    for (int i = 0; i < 3; i++) EXPECT_EQ(pair.push(make_buffer(1).release()), GST_FLOW_EOS);
    const MessagePtr error = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_ERROR), 0);
}

}  // namespace
}  // namespace stt::test
