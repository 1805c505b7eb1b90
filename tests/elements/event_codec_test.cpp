// SPDX-License-Identifier: LGPL-2.1-or-later
// Events as messages: those that name streams, those that go upstream; what a peer makes up is refused.
#include <gst/video/video.h>

#include <random>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "gst/event_codec.hpp"
#include "gst/event_message.hpp"
#include "gst/local_ids.hpp"
#include "gst/meta/fields.hpp"
#include "gst/stream_events.hpp"
#include "gst/upstream_events.hpp"
#include "tests/elements/message_ends.hpp"

namespace stt {
namespace {

using test::across;
using test::decoded;
using test::make_buffer;

EventPtr downstream_across(GstEvent* event) {
    const auto out = encode_event(event);
    EXPECT_TRUE(out.ok() && *out);
    if (!out.ok() || !*out) return nullptr;
    return test::decoded_as<EventPtr>(across(**out));
}

/// Takes `event`.
EventPtr event_across(GstEvent* event) { return downstream_across(EventPtr(event).get()); }

void expect_same_structure(GstEvent* a, GstEvent* b) {
    EXPECT_TRUE(gst_structure_is_equal(gst_event_get_structure(a), gst_event_get_structure(b)));
}

GstClockTime two_seconds_earlier(GstClockTime here) {
    return here < 2 * GST_SECOND ? GST_CLOCK_TIME_NONE : here - 2 * GST_SECOND;
}

EventPtr upstream_across(GstEvent* event) {
    const auto out = encode_upstream(event, two_seconds_earlier);
    return out ? decode_upstream(across(*out)) : nullptr;
}

GstStream* make_stream(const char* id) {
    GstCaps* caps = gst_caps_from_string("audio/x-opus, channels=2");
    GstStream* stream = gst_stream_new(id, caps, GST_STREAM_TYPE_AUDIO, GST_STREAM_FLAG_SELECT);
    gst_caps_unref(caps);
    GstTagList* tags = gst_tag_list_new(GST_TAG_LANGUAGE_CODE, "de", nullptr);
    gst_stream_set_tags(stream, tags);
    gst_tag_list_unref(tags);
    return stream;
}

void expect_made_stream(GstStream* stream, const std::string& id) {
    EXPECT_EQ(gst_stream_get_stream_id(stream), id);
    EXPECT_EQ(gst_stream_get_stream_type(stream), GST_STREAM_TYPE_AUDIO);
    EXPECT_EQ(gst_stream_get_stream_flags(stream), GST_STREAM_FLAG_SELECT);
    GstCaps* caps = gst_stream_get_caps(stream);
    ASSERT_NE(caps, nullptr);
    EXPECT_TRUE(gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-opus"));
    gst_caps_unref(caps);
    GstTagList* tags = gst_stream_get_tags(stream);
    ASSERT_NE(tags, nullptr);
    EXPECT_EQ(gst_tag_list_n_tags(tags), 1);
    gst_tag_list_unref(tags);
}

/// A STREAM_START with all that it can have.
EventPtr full_start() {
    EventPtr event(gst_event_new_stream_start("main/audio"));
    gst_event_set_stream_flags(event.get(), GST_STREAM_FLAG_SPARSE);
    gst_event_set_group_id(event.get(), 77);
    const StreamPtr stream(make_stream("main/audio"));
    gst_event_set_stream(event.get(), stream.get());
    return event;
}

TEST(EventCodec, AStreamStartTravelsWhole) {
    const EventPtr sent = full_start();
    const EventPtr got = downstream_across(sent.get());
    ASSERT_TRUE(got);
    const char* id = nullptr;
    GstStreamFlags flags = GST_STREAM_FLAG_NONE;
    unsigned group = 0;
    GstStream* stream = nullptr;
    gst_event_parse_stream_start(got.get(), &id);
    gst_event_parse_stream_flags(got.get(), &flags);
    gst_event_parse_group_id(got.get(), &group);
    gst_event_parse_stream(got.get(), &stream);
    EXPECT_STREQ(id, "main/audio");
    EXPECT_EQ(flags, GST_STREAM_FLAG_SPARSE);
    EXPECT_EQ(group, 77u);
    EXPECT_EQ(gst_event_get_seqnum(got.get()), gst_event_get_seqnum(sent.get()));
    ASSERT_NE(stream, nullptr);
    expect_made_stream(stream, "main/audio");
    gst_object_unref(stream);
}

TEST(EventCodec, ACollectionTravelsWholeAndIsBounded) {
    const auto collection_of = [](unsigned count) {
        const CollectionPtr collection(gst_stream_collection_new("main"));
        for (unsigned i = 0; i < count; i++)
            gst_stream_collection_add_stream(collection.get(), make_stream(std::to_string(i).c_str()));
        return EventPtr(gst_event_new_stream_collection(collection.get()));
    };
    const EventPtr got = downstream_across(collection_of(3).get());
    ASSERT_TRUE(got);
    GstStreamCollection* parsed = nullptr;
    gst_event_parse_stream_collection(got.get(), &parsed);
    const CollectionPtr collection(parsed);
    EXPECT_STREQ(gst_stream_collection_get_upstream_id(parsed), "main");
    ASSERT_EQ(gst_stream_collection_get_size(parsed), 3u);
    for (unsigned i = 0; i < 3; i++)
        expect_made_stream(gst_stream_collection_get_stream(parsed, i), std::to_string(i));
    EXPECT_FALSE(encode_event(collection_of(streams_max + 1).get()).ok());
}

TEST(EventCodec, CollectionsThatClaimTooMuchAreRefused) {
    const auto refused = [](uint64_t count, size_t id_size) {
        std::vector<uint8_t> body;
        FieldWriter out(body);
        out.text("");
        out.number(count);
        out.text(std::string(id_size, 'x'));
        for (int i = 0; i < 2; i++) out.number(0);
        for (int i = 0; i < 2; i++) out.text("");
        const EventPtr number(gst_event_new_eos());
        return !decoded(across(event_message(MessageKind::stream_collection, number.get(), {}, body))).ok();
    };
    EXPECT_FALSE(refused(1, 10));
    EXPECT_TRUE(refused(2, 10)) << "one is missing";
    EXPECT_TRUE(refused(streams_max + 1, 10));
    EXPECT_TRUE(refused(1, stream_id_max + 1));
    EXPECT_TRUE(refused(1, 0));
}

TEST(EventCodec, ALongStreamIdIsHashed) {
    const EventPtr event(gst_event_new_stream_start(std::string(5000, 'x').c_str()));
    const EventPtr got = downstream_across(event.get());
    ASSERT_TRUE(got);
    const char* id = nullptr;
    gst_event_parse_stream_start(got.get(), &id);
    EXPECT_EQ(std::string(id).size(), 64u);
}

TEST(EventCodec, CapsTravel) {
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

TEST(EventCodec, EventsTravel) {
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

TEST(EventCodec, ATagLargerThanAHeaderTravels) {
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

TEST(EventCodec, TablesOfContentsTravel) {
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

TEST(EventCodec, WhatCannotBeReadBackIsNotSent) {
    const EventPtr event(gst_event_new_custom(
        GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new("bad", "p", G_TYPE_POINTER, &event, nullptr)));
    EXPECT_FALSE(encode_event(event.get()).ok());
    const EventPtr flush(gst_event_new_flush_start());
    const auto none = encode_event(flush.get());
    ASSERT_TRUE(none.ok());
    EXPECT_FALSE(none.value().has_value());
}

TEST(EventCodec, NestingThatWouldOverflowTheStackIsRefused) {
    for (const char opening : {'{', '[', '<'}) {
        const std::string text = "a/b, c=" + std::string(900000, opening);
        EXPECT_FALSE(decoded(test::text_message_of(MessageKind::caps, text)).ok());
    }
}

TEST(EventCodec, DamagedTextNeverHarms) {
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
    const MessageKind kinds[] = {MessageKind::caps, MessageKind::tag, MessageKind::custom, MessageKind::toc};
    MessageDecoder decoder(nullptr);
    for (int i = 0; i < 50000; i++) {
        std::string text = texts[random() % std::size(texts)];
        for (unsigned changes = random() % 4; changes > 0; changes--) {
            const size_t at = random() % text.size();
            if (random() % 2)
                text[at] = static_cast<char>(random() % 128);
            else
                text.insert(at, text.substr(random() % text.size(), random() % 20));
        }
        (void)decoder.decode(test::text_message_of(kinds[random() % std::size(kinds)], text)).ok();
        if (i % 1000 == 0) decoder.start();  // else the names were soon too many
    }
    g_log_set_default_handler(loud, nullptr);
    g_log_set_always_fatal(fatal);
}

TEST(EventCodec, OtherEventsTravel) {
    const EventPtr done = downstream_across(EventPtr(gst_event_new_segment_done(GST_FORMAT_TIME, 5)).get());
    ASSERT_TRUE(done);
    GstFormat format;
    gint64 position = 0;
    gst_event_parse_segment_done(done.get(), &format, &position);
    EXPECT_EQ(format, GST_FORMAT_TIME);
    EXPECT_EQ(position, 5);
    const EventPtr rate =
        downstream_across(EventPtr(gst_event_new_instant_rate_change(2.5, GST_SEGMENT_FLAG_TRICKMODE)).get());
    ASSERT_TRUE(rate);
    double multiplier = 0;
    GstSegmentFlags flags;
    gst_event_parse_instant_rate_change(rate.get(), &multiplier, &flags);
    EXPECT_EQ(multiplier, 2.5);
    EXPECT_EQ(flags, GST_SEGMENT_FLAG_TRICKMODE);
    for (const GstEventType type :
         {GST_EVENT_CUSTOM_DOWNSTREAM, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, GST_EVENT_CUSTOM_BOTH,
          GST_EVENT_CUSTOM_DOWNSTREAM_OOB, GST_EVENT_CUSTOM_BOTH_OOB}) {
        const EventPtr custom =
            downstream_across(EventPtr(gst_event_new_custom(type, gst_structure_new_empty("mine"))).get());
        ASSERT_TRUE(custom);
        EXPECT_EQ(GST_EVENT_TYPE(custom.get()), type);
    }
}

TEST(EventCodec, ForceKeyUnitsAreShifted) {
    const EventPtr got =
        upstream_across(EventPtr(gst_video_event_new_upstream_force_key_unit(5 * GST_SECOND, TRUE, 9)).get());
    ASSERT_TRUE(got);
    GstClockTime when = 0;
    gst_structure_get_clock_time(gst_event_get_structure(got.get()), "running-time", &when);
    EXPECT_EQ(when, 3 * GST_SECOND);
}

TEST(EventCodec, QosIsShifted) {
    const EventPtr sent(gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 0.5, -300, 5 * GST_SECOND));
    const EventPtr got = upstream_across(sent.get());
    ASSERT_TRUE(got);
    GstQOSType type;
    double proportion = 0;
    GstClockTimeDiff difference = 0;
    GstClockTime running_time = 0;
    gst_event_parse_qos(got.get(), &type, &proportion, &difference, &running_time);
    EXPECT_EQ(type, GST_QOS_TYPE_OVERFLOW);
    EXPECT_EQ(proportion, 0.5);
    EXPECT_EQ(difference, -300);
    EXPECT_EQ(running_time, 3 * GST_SECOND);
    EXPECT_FALSE(upstream_across(EventPtr(gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 1, 0, 1)).get()))
        << "the sender's stream had not begun";
}

TEST(EventCodec, NavigationAndCustomEventsGoUp) {
    const EventPtr navigation = upstream_across(
        EventPtr(gst_event_new_navigation(gst_structure_new("application/x-gst-navigation", "event",
                                                            G_TYPE_STRING, "key-press", nullptr)))
            .get());
    ASSERT_TRUE(navigation);
    EXPECT_EQ(GST_EVENT_TYPE(navigation.get()), GST_EVENT_NAVIGATION);
    EXPECT_STREQ(gst_structure_get_string(gst_event_get_structure(navigation.get()), "event"), "key-press");
    for (const GstEventType type : {GST_EVENT_CUSTOM_UPSTREAM, GST_EVENT_CUSTOM_BOTH}) {
        const EventPtr custom =
            upstream_across(EventPtr(gst_event_new_custom(type, gst_structure_new_empty("mine"))).get());
        ASSERT_TRUE(custom);
        EXPECT_EQ(GST_EVENT_TYPE(custom.get()), type);
    }
    const std::string long_text(100000, 'x');
    EXPECT_FALSE(upstream_across(EventPtr(gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM,
                                                               gst_structure_new("big", "text", G_TYPE_STRING,
                                                                                 long_text.c_str(), nullptr)))
                                     .get()));
}

TEST(EventCodec, OfOtherKindsNothingIsReadThatComesUp) {
    const std::string name = "upstream-name-of-caps";
    const std::string text = "a/b, " + name + "=1";
    for (const MessageKind kind : {MessageKind::caps, MessageKind::tag, MessageKind::custom})
        EXPECT_FALSE(decode_upstream(test::text_message_of(kind, text)));
    EXPECT_EQ(g_quark_try_string(name.c_str()), 0u) << "the text was not parsed";
}

TEST(EventCodec, WhatComesUpIsBounded) {
    // Structures have fields that readers step over, at their end.
    const auto of_size = [](size_t size) {
        std::vector<uint8_t> body;
        FieldWriter out(body);
        out.number(0);
        out.text("application/x-gst-navigation;");
        out.number(0);
        body.resize(size - 4);
        const EventPtr number(gst_event_new_eos());
        return decode_upstream(across(event_message(MessageKind::upstream, number.get(), {}, body), 65536));
    };
    EXPECT_TRUE(of_size(upstream_message_max));
    EXPECT_FALSE(of_size(upstream_message_max + 1));
    EXPECT_FALSE(of_size(1 << 20));
    const BufferPtr large = make_buffer(upstream_message_max);
    const EventPtr event(gst_event_new_custom(
        GST_EVENT_CUSTOM_UPSTREAM, gst_structure_new("mine", "data", GST_TYPE_BUFFER, large.get(), nullptr)));
    EXPECT_FALSE(encode_upstream(event.get(), two_seconds_earlier)) << "what would be refused is not sent";
}

TEST(EventCodec, NothingElseGoesUp) {
    for (GstEvent* event : {gst_event_new_eos(), gst_event_new_flush_start(), gst_event_new_reconfigure(),
                            gst_event_new_latency(5),
                            gst_event_new_seek(1, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                                               GST_SEEK_TYPE_NONE, 0)})
        EXPECT_FALSE(upstream_across(EventPtr(event).get()));
    std::mt19937 random(5);
    for (int i = 0; i < 100000; i++) {
        InMessage message;
        message.kind = static_cast<uint8_t>(random() % 24);
        message.header.resize(random() % 48);
        for (uint8_t& byte : message.header)
            byte = static_cast<uint8_t>(random() % 4 ? random() % 12 : random());
        const EventPtr event = decode_upstream(message);
        if (!event) continue;
        const GstEventType type = GST_EVENT_TYPE(event.get());
        EXPECT_TRUE(type == GST_EVENT_QOS || type == GST_EVENT_NAVIGATION ||
                    type == GST_EVENT_CUSTOM_UPSTREAM || type == GST_EVENT_CUSTOM_BOTH ||
                    type == GST_EVENT_CUSTOM_BOTH_OOB);
    }
    // What goes up cannot come down.
    for (const MessageKind kind :
         {MessageKind::force_key_unit, MessageKind::qos, MessageKind::upstream, MessageKind::discarded}) {
        InMessage message;
        message.kind = static_cast<uint8_t>(kind);
        EXPECT_FALSE(decoded(message).ok());
    }
}

TEST(EventCodec, IdsAreOfTheRunAndStableWithinIt) {
    const auto id_of = [](LocalIds& ids) {
        const EventPtr event = ids.local(full_start());
        const char* id = nullptr;
        gst_event_parse_stream_start(event.get(), &id);
        return std::string(id);
    };
    LocalIds one, other;
    one.begin(1);
    other.begin(2);
    const std::string first = id_of(one);
    EXPECT_EQ(id_of(one), first);
    EXPECT_NE(id_of(other), first);
    one.begin(1);
    EXPECT_EQ(id_of(one), first);
    EXPECT_EQ(one.seqnum(5), one.seqnum(5));
    EXPECT_NE(one.seqnum(5), one.seqnum(6));
}

TEST(EventCodec, OfTooManyQosTheNewestGoes) {
    UpstreamEvents events;
    std::vector<OutMessage> sent;
    const auto send = [&](OutMessage message) {
        sent.push_back(std::move(message));
        return true;
    };
    const auto qos = [&](GstClockTime time) {
        const EventPtr event(gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 1, 0, time));
        return events.take(
            event.get(), [](GstClockTime here) { return here; }, send);
    };
    EXPECT_TRUE(qos(1));
    const size_t before = sent.size();
    EXPECT_EQ(before, 1u);
    for (GstClockTime time = 2; time <= 50; time++) EXPECT_TRUE(qos(time));
    EXPECT_TRUE(test::eventually([&] {
        events.send_due(send);
        const EventPtr last = decode_upstream(across(sent.back()));
        GstClockTime time = 0;
        gst_event_parse_qos(last.get(), nullptr, nullptr, nullptr, &time);
        return time == 50;
    }));
}

TEST(EventCodec, ALimitHoldsInTheLongRun) {
    RateLimit limit(std::chrono::milliseconds(10), 20);
    RateLimit::Clock::time_point now{std::chrono::hours(1)};
    int taken = 0;
    for (int ms = 0; ms < 10000; ms++) {
        taken += limit.take(now);
        now += std::chrono::milliseconds(1);
    }
    EXPECT_GE(taken, 1000);
    EXPECT_LE(taken, 1020);
}

}  // namespace
}  // namespace stt
