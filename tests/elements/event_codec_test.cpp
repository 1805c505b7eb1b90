// SPDX-License-Identifier: LGPL-2.1-or-later
// Events as messages: those that name streams, those that go upstream; what a peer makes up is refused.
#include <gst/video/video.h>

#include <random>

#include "gst/event_message.hpp"
#include "gst/local_ids.hpp"
#include "gst/meta/fields.hpp"
#include "gst/stream_events.hpp"
#include "gst/upstream_events.hpp"
#include "tests/elements/support.hpp"

namespace stt {
namespace {

InMessage across(const OutMessage& out) {
    std::vector<uint8_t> bytes(out.head.begin(), out.head.end());
    bytes.insert(bytes.end(), out.payload.begin(), out.payload.end());
    MessageReader reader;
    reader.push(Chunk::copy_of(bytes));
    InMessage message;
    EXPECT_TRUE(reader.next(message));
    return message;
}

EventPtr downstream_across(GstEvent* event) {
    const auto out = encode_event(event);
    EXPECT_TRUE(out.ok() && *out);
    if (!out.ok() || !*out) return nullptr;
    Result<Decoded> decoded = decode(across(**out));
    EXPECT_TRUE(decoded.ok());
    return decoded.ok() ? std::move(std::get<EventPtr>(*decoded)) : nullptr;
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
        return !decode(across(event_message(MessageKind::stream_collection, number.get(), {}, body))).ok();
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
        EXPECT_FALSE(decode(message).ok());
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
