// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/metadata.hpp"

#include <random>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "gst/upstream_events.hpp"
#include "tests/elements/support.hpp"

namespace stt {
namespace {

using test::make_buffer;

/// Through the wire's own reader, cut into pieces of `step` bytes.
InMessage across(const OutMessage& out, size_t step = 7) {
    std::vector<uint8_t> bytes(out.head.begin(), out.head.end());
    bytes.insert(bytes.end(), out.payload.begin(), out.payload.end());
    MessageReader reader;
    for (size_t at = 0; at < bytes.size(); at += step)
        reader.push(Chunk::copy_of(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at))));
    InMessage message;
    EXPECT_TRUE(reader.next(message));
    return message;
}

/// Header of a message that consists of a sequence number, a fixed byte and text.
std::vector<uint8_t> text_header(const std::string& text) {
    std::vector<uint8_t> header(5 + text.size());
    std::copy(text.begin(), text.end(), header.begin() + 5);
    return header;
}

template <class T>
T decoded_as(const InMessage& message) {
    Result<Decoded> decoded = decode(message);
    EXPECT_TRUE(decoded.ok());
    if (!decoded.ok()) return T{};
    auto* value = std::get_if<T>(&*decoded);
    EXPECT_NE(value, nullptr);
    return value ? std::move(*value) : T{};
}

EventPtr event_across(GstEvent* event) {
    const EventPtr owned(event);
    Result<std::optional<OutMessage>> out = encode_event(event);
    EXPECT_TRUE(out.ok() && *out);
    if (!out.ok() || !*out) return nullptr;
    return decoded_as<EventPtr>(across(**out));
}

void expect_same_structure(GstEvent* a, GstEvent* b) {
    EXPECT_TRUE(gst_structure_is_equal(gst_event_get_structure(a), gst_event_get_structure(b)));
}

TEST(Metadata, BuffersKeepEverything) {
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

TEST(Metadata, EveryFlagThatMeansSomethingElsewhereTravels) {
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

TEST(Metadata, ALiveBufferCostsLessThan30Bytes) {
    const BufferPtr buffer(make_buffer(1316).release());
    GST_BUFFER_PTS(buffer.get()) = 100 * 3600 * GST_SECOND + 123456789;
    GST_BUFFER_DTS(buffer.get()) = 100 * 3600 * GST_SECOND + 83456789;
    GST_BUFFER_DURATION(buffer.get()) = 33366667;
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    const auto out = encode_buffer(buffer.get());
    ASSERT_TRUE(out.ok());
    EXPECT_LT(out.value().head.size(), 30u);
}

TEST(Metadata, PayloadIsReferencedAndReleased) {
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

TEST(Metadata, SegmentsTravelWhole) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.rate = -1.5;
    segment.applied_rate = 2;
    segment.start = 3;
    segment.stop = 99;
    segment.base = 5;
    segment.offset = 1;
    segment.time = 7;
    segment.position = 8;
    segment.duration = 1000;
    segment.flags = GST_SEGMENT_FLAG_RESET;
    const auto back = decoded_as<DecodedSegment>(across(encode_segment(segment, 42)));
    EXPECT_TRUE(gst_segment_is_equal(&segment, &back.segment));
    EXPECT_EQ(back.seqnum, 42u);
}

TEST(Metadata, TimingTravels) {
    const Timing timing{0x1122334455667788, true, 77, 2 * GST_SECOND, {-5, 1234567890123, 0.0001}};
    EXPECT_EQ(decoded_as<Timing>(across(encode_timing(timing))), timing);
    for (const double skew : {0.0 / 0.0, 1.0 / 0.0, 0.5, -1.0}) {
        Timing insane = timing;
        insane.clock.skew = skew;
        EXPECT_FALSE(decode(across(encode_timing(insane))).ok());
    }
    Timing insane = timing;
    insane.base_time = GST_CLOCK_TIME_NONE;
    EXPECT_FALSE(decode(across(encode_timing(insane))).ok());
}

TEST(Metadata, InsaneSegmentsAreRefused) {
    GstSegment good;
    gst_segment_init(&good, GST_FORMAT_TIME);
    GstSegment segment = good;
    segment.rate = 0;
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.applied_rate = 0.0 / 0.0;
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.start = 10;
    segment.stop = 9;
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.format = static_cast<GstFormat>(GST_FORMAT_PERCENT + 1);
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.format = GST_FORMAT_UNDEFINED;
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.rate = -1;
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok()) << "backwards from nowhere";
    segment.stop = 99;
    EXPECT_TRUE(decode(across(encode_segment(segment, 1))).ok());
    segment.offset = 100;
    EXPECT_FALSE(decode(across(encode_segment(segment, 1))).ok());
}

TEST(Metadata, CapsTravel) {
    for (const char* text :
         {"video/x-h264, stream-format=avc, codec_data=(buffer)01640028ffe1, framerate=30000/1001",
          "audio/x-opus, streamheader=(buffer)< 4f707573, 54616773 >",
          "application/x-weird, a=(string)\"quoted \\\"text\\\" { [ <\", b=(fraction)1/3",
          "video/x-raw(meta:GstVideoMeta), format=NV12, width=16, height=16"}) {
        GstCaps* caps = gst_caps_from_string(text);
        ASSERT_NE(caps, nullptr) << text;
        const EventPtr back = event_across(gst_event_new_caps(caps));
        ASSERT_TRUE(back) << text;
        GstCaps* got = nullptr;
        gst_event_parse_caps(back.get(), &got);
        EXPECT_TRUE(gst_caps_is_equal(caps, got)) << text;
        gst_caps_unref(caps);
    }
}

TEST(Metadata, EventsTravel) {
    GstTagList* tags =
        gst_tag_list_new(GST_TAG_TITLE, "Tête-à-tête; \"quoted\", \\", GST_TAG_BITRATE, 4711u, nullptr);
    gst_tag_list_set_scope(tags, GST_TAG_SCOPE_GLOBAL);
    const EventPtr tag = event_across(gst_event_new_tag(gst_tag_list_ref(tags)));
    GstTagList* got = nullptr;
    ASSERT_TRUE(tag);
    gst_event_parse_tag(tag.get(), &got);
    EXPECT_TRUE(gst_tag_list_is_equal(tags, got));
    EXPECT_EQ(gst_tag_list_get_scope(got), GST_TAG_SCOPE_GLOBAL);
    gst_tag_list_unref(tags);

    GstEvent* gap = gst_event_new_gap(5 * GST_SECOND, GST_CLOCK_TIME_NONE);
    gst_event_set_gap_flags(gap, GST_GAP_FLAG_MISSING_DATA);
    const EventPtr gap_kept(gst_event_ref(gap));
    const EventPtr gap_back = event_across(gap);
    ASSERT_TRUE(gap_back);
    expect_same_structure(gap_kept.get(), gap_back.get());

    const BufferPtr data(make_buffer(300).release());
    const EventPtr protection = event_across(gst_event_new_protection("system", data.get(), "dash/mpd"));
    ASSERT_TRUE(protection);
    const char *id = nullptr, *origin = nullptr;
    GstBuffer* got_data = nullptr;
    gst_event_parse_protection(protection.get(), &id, &got_data, &origin);
    EXPECT_STREQ(id, "system");
    EXPECT_STREQ(origin, "dash/mpd");
    EXPECT_TRUE(test::same_bytes(data.get(), got_data));

    for (const GstEventType type : {GST_EVENT_CUSTOM_DOWNSTREAM, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY}) {
        GstEvent* custom =
            gst_event_new_custom(type, gst_structure_new("my-event", "n", G_TYPE_INT64, gint64{-5}, "s",
                                                         G_TYPE_STRING, "a, b; \"c\"", nullptr));
        const EventPtr kept(gst_event_ref(custom));
        const EventPtr back = event_across(custom);
        ASSERT_TRUE(back);
        EXPECT_EQ(GST_EVENT_TYPE(back.get()), type);
        expect_same_structure(kept.get(), back.get());
    }
}

TEST(Metadata, ATagLargerThanAHeaderTravels) {
    const std::string text(3 << 20, 'x');
    const EventPtr back =
        event_across(gst_event_new_tag(gst_tag_list_new(GST_TAG_COMMENT, text.c_str(), nullptr)));
    ASSERT_TRUE(back);
    GstTagList* got = nullptr;
    gst_event_parse_tag(back.get(), &got);
    const char* value = nullptr;
    ASSERT_TRUE(gst_tag_list_peek_string_index(got, GST_TAG_COMMENT, 0, &value));
    EXPECT_EQ(text, value);
}

TEST(Metadata, TablesOfContentsTravel) {
    GstToc* toc = gst_toc_new(GST_TOC_SCOPE_GLOBAL);
    GstTocEntry* edition = gst_toc_entry_new(GST_TOC_ENTRY_TYPE_EDITION, "edition");
    GstTocEntry* chapter = gst_toc_entry_new(GST_TOC_ENTRY_TYPE_CHAPTER, "chapter-1");
    gst_toc_entry_set_start_stop_times(chapter, 5, 10 * GST_SECOND);
    gst_toc_entry_set_loop(chapter, GST_TOC_LOOP_FORWARD, 3);
    gst_toc_entry_set_tags(chapter, gst_tag_list_new(GST_TAG_TITLE, "One", nullptr));
    gst_toc_entry_append_sub_entry(edition, chapter);
    gst_toc_append_entry(toc, edition);
    const EventPtr back = event_across(gst_event_new_toc(toc, TRUE));
    gst_toc_unref(toc);
    ASSERT_TRUE(back);
    GstToc* got = nullptr;
    gboolean updated = FALSE;
    gst_event_parse_toc(back.get(), &got, &updated);
    EXPECT_TRUE(updated);
    GstTocEntry* found = gst_toc_find_entry(got, "chapter-1");
    ASSERT_NE(found, nullptr);
    gint64 start = 0, stop = 0;
    GstTocLoopType loop = GST_TOC_LOOP_NONE;
    int repeat = 0;
    gst_toc_entry_get_start_stop_times(found, &start, &stop);
    gst_toc_entry_get_loop(found, &loop, &repeat);
    EXPECT_EQ(start, 5);
    EXPECT_EQ(stop, static_cast<gint64>(10 * GST_SECOND));
    EXPECT_EQ(loop, GST_TOC_LOOP_FORWARD);
    EXPECT_EQ(repeat, 3);
    char* title = nullptr;
    ASSERT_TRUE(gst_tag_list_get_string(gst_toc_entry_get_tags(found), GST_TAG_TITLE, &title));
    EXPECT_STREQ(title, "One");
    g_free(title);
    gst_toc_unref(got);
}

TEST(Metadata, WhatCannotBeReadBackIsNotSent) {
    const EventPtr event(gst_event_new_custom(
        GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new("bad", "p", G_TYPE_POINTER, &event, nullptr)));
    EXPECT_FALSE(encode_event(event.get()).ok());
    const EventPtr flush(gst_event_new_flush_start());
    const auto none = encode_event(flush.get());
    ASSERT_TRUE(none.ok());
    EXPECT_FALSE(none.value().has_value());
}

TEST(Metadata, NestingThatWouldOverflowTheStackIsRefused) {
    for (const char opening : {'{', '[', '<'}) {
        InMessage message;
        message.kind = static_cast<uint8_t>(MessageKind::caps);
        const std::string text = "a/b, c=" + std::string(900000, opening);
        message.header = text_header(text);
        EXPECT_FALSE(decode(message).ok());
    }
}

TEST(Metadata, RandomBytesNeverHarm) {
    std::mt19937 random(20260101);
    const auto bytes = [&](size_t size) {
        std::vector<uint8_t> made(size);
        for (uint8_t& byte : made) byte = static_cast<uint8_t>(random());
        return made;
    };
    for (int i = 0; i < 200000; i++) {
        InMessage message;
        message.kind = static_cast<uint8_t>(random() % 24);
        message.header = bytes(random() % 64);
        const size_t size = random() % 32;
        if (size) message.payload.push_back(Chunk::copy_of(bytes(size)));
        message.payload_size = size;
        (void)decode(message).ok();
        (void)decode_upstream(message);
        (void)decode_stream_header(message.header).has_value();
    }
}

TEST(Metadata, DamagedTextNeverHarms) {
#if defined(__SANITIZE_ADDRESS__)
    const __lsan::ScopedDisabler parser_leaks;  // GStreamer's parser, when it gives up inside of a list
#endif
    // GStreamer's parser calls bad names inside of nested structures critical, and goes on.
    const GLogLevelFlags fatal = g_log_set_always_fatal(static_cast<GLogLevelFlags>(G_LOG_FATAL_MASK));
    GLogFunc quiet = [](const gchar*, GLogLevelFlags, const gchar*, gpointer) {};
    const GLogFunc loud = g_log_set_default_handler(quiet, nullptr);
    const std::string texts[] = {
        "video/x-raw(memory:SystemMemory), format=(string){ NV12, I420 }, framerate=(fraction)[ 0/1, 30/1 ]",
        "taglist, title=(string)\"a\", image=(sample)[ \"AAAA:bbbb\" ];",
        "my-event, s=(structure)[inner, a=(int)1], t=(taglist)[taglist, title=(string)x], l=(int)< 1, 2 >;",
    };
    std::mt19937 random(7);
    const uint8_t kinds[] = {static_cast<uint8_t>(MessageKind::caps), static_cast<uint8_t>(MessageKind::tag),
                             static_cast<uint8_t>(MessageKind::custom),
                             static_cast<uint8_t>(MessageKind::toc)};
    for (int i = 0; i < 50000; i++) {
        std::string text = texts[random() % std::size(texts)];
        for (unsigned changes = random() % 4; changes > 0; changes--) {
            const size_t at = random() % text.size();
            if (random() % 2)
                text[at] = static_cast<char>(random() % 128);
            else
                text.insert(at, text.substr(random() % text.size(), random() % 20));
        }
        InMessage message;
        message.kind = kinds[random() % std::size(kinds)];
        message.header = text_header(text);
        (void)decode(message).ok();
    }
    g_log_set_default_handler(loud, nullptr);
    g_log_set_always_fatal(fatal);
}

TEST(Metadata, StreamHeadersTravel) {
    const StreamHeader header{0x1122334455667788, true, "Kamera 1 – Bühne", true};
    const auto back = decode_stream_header(encode(header));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->instance, header.instance);
    EXPECT_TRUE(back->bytes);
    EXPECT_EQ(back->label, header.label);
    EXPECT_TRUE(back->serializes);
    EXPECT_FALSE(decode_stream_header(Bytes(encode(header)).first(5)));
}

}  // namespace
}  // namespace stt
