// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/message_decoder.hpp"

#include <random>

#include "gst/receiver_report.hpp"
#include "gst/stream_header_codec.hpp"
#include "gst/upstream_events.hpp"
#include "tests/elements/interned_names.hpp"
#include "tests/elements/message_ends.hpp"

namespace stt::test {
namespace {

TEST(MessageDecoder, SegmentsTravelWhole) {
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

TEST(MessageDecoder, TimingTravels) {
    const Timing timing{0x1122334455667788, true, 77, 2 * GST_SECOND, {-5, 1234567890123, 0.0001}};
    EXPECT_EQ(decoded_as<Timing>(across(encode_timing(timing))), timing);
    for (const double skew : {0.0 / 0.0, 1.0 / 0.0, 0.5, -1.0}) {
        Timing insane = timing;
        insane.clock.skew = skew;
        EXPECT_FALSE(decoded(across(encode_timing(insane))).ok());
    }
    Timing insane = timing;
    insane.base_time = GST_CLOCK_TIME_NONE;
    EXPECT_FALSE(decoded(across(encode_timing(insane))).ok());
}

TEST(MessageDecoder, InsaneSegmentsAreRefused) {
    GstSegment good;
    gst_segment_init(&good, GST_FORMAT_TIME);
    GstSegment segment = good;
    segment.rate = 0;
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.applied_rate = 0.0 / 0.0;
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.start = 10;
    segment.stop = 9;
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.format = static_cast<GstFormat>(GST_FORMAT_PERCENT + 1);
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.format = GST_FORMAT_UNDEFINED;
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok());
    segment = good;
    segment.rate = -1;
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok()) << "backwards from nowhere";
    segment.stop = 99;
    EXPECT_TRUE(decoded(across(encode_segment(segment, 1))).ok());
    segment.offset = 100;
    EXPECT_FALSE(decoded(across(encode_segment(segment, 1))).ok());
}

TEST(MessageDecoder, GapsTravelInEitherDirection) {
    const Gap gap{3, 4000, 120 * GST_MSECOND, true};
    const Gap down = decoded_as<Gap>(across(encode_given_up(gap)));
    const std::optional<Gap> up = decode_discarded(across(encode_discarded(gap)));
    ASSERT_TRUE(up);
    for (const Gap& got : {down, *up}) {
        EXPECT_EQ(got.buffers, gap.buffers);
        EXPECT_EQ(got.bytes, gap.bytes);
        EXPECT_EQ(got.duration, gap.duration);
        EXPECT_TRUE(got.uncertain);
    }
    EXPECT_FALSE(decode_discarded(across(encode_given_up(gap)))) << "it is of the other direction";
    EXPECT_FALSE(decode_given_up(across(encode_discarded(gap))));
}

TEST(MessageDecoder, ReportsOfTheReceiverTravel) {
    EXPECT_EQ(decode_playout(across(encode_playout(200 * GST_MSECOND))), 200 * GST_MSECOND);
    for (const bool reads : {false, true})
        EXPECT_EQ(decode_reads_serialized(across(encode_reads_serialized(reads))), reads);
    EXPECT_FALSE(decode_playout(across(encode_reads_serialized(true))));
    EXPECT_FALSE(decode_reads_serialized(across(encode_playout(1))));
}

TEST(MessageDecoder, WhatGoesUpCannotComeDown) {
    for (const OutMessage& out : {encode_discarded({}), encode_playout(1), encode_reads_serialized(true)})
        EXPECT_FALSE(decoded(across(out)).ok());
}

TEST(MessageDecoder, SkipsKindsOfLaterVersions) {
    InMessage message;
    message.kind = 200;
    decoded_as<DecodedUnknown>(message);
    decoded_as<DecodedUnknown>(across(encode_ended()));
    decoded_as<DecodedFlush>(across(encode_flush()));
}

TEST(MessageDecoder, ReusesTheMemoryOfPayloads) {
    MessageDecoder decoder(nullptr);
    const BufferPtr sent = make_buffer(40'000);
    const auto memory_of_next = [&] {
        Result<Decoded> decoded = decoder.decode(across(*encode_buffer(sent.get()), 4096));
        return gst_buffer_peek_memory(std::get<BufferPtr>(*decoded).get(), 0)->maxsize;
    };
    EXPECT_EQ(memory_of_next(), 64u << 10) << "a block of the pool";
}

TEST(MessageDecoder, NewNamesAreBounded) {
    MessageDecoder decoder(nullptr);
    const std::string filler(100, 'x');
    const auto name = [&](int i) { return "decoder-name-" + std::to_string(i) + filler; };
    const auto send = [&](int i) {
        return decoder.decode(text_message_of(MessageKind::custom, "ev, " + name(i) + "=1"));
    };
    int taken = 0;
    while (send(taken).ok() && taken < 100'000) taken++;
    EXPECT_GT(taken, 1000);
    EXPECT_LT(static_cast<size_t>(taken) * filler.size(), NameBudget::bytes_max);
    EXPECT_EQ(g_quark_try_string(name(taken - 1).c_str()) != 0, parser_interns_names());
    EXPECT_EQ(g_quark_try_string(name(taken).c_str()), 0u) << "the refused name is unknown to GLib";
    const Result<Decoded> refused = send(taken);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().text.find("too many new names"), std::string::npos) << refused.error().text;
    EXPECT_TRUE(send(0).ok()) << "what is known costs nothing";
    decoder.start();
    EXPECT_TRUE(send(taken).ok()) << "another run";
}

/// A PROTECTION event without an origin and without data. `system_id` has less than 64 KiB.
InMessage protection_of(const std::string& system_id) {
    const std::string size{static_cast<char>(system_id.size() >> 8), static_cast<char>(system_id.size())};
    const std::string header = std::string("\0\0\0\1\2", 5) + size + system_id + std::string(2, '\0');
    InMessage message;
    message.kind = static_cast<uint8_t>(MessageKind::protection);
    message.header.assign(header.begin(), header.end());
    return message;
}

TEST(MessageDecoder, TheNamesOfProtectionEventsAreBoundedToo) {
    MessageDecoder decoder(nullptr);
    int taken = 0;
    const auto next = [&] { return protection_of(std::to_string(taken) + std::string(500, 'x')); };
    while (taken < 10'000 && decoder.decode(next()).ok()) taken++;
    EXPECT_GT(taken, 100);
    EXPECT_LT(taken, 2100) << "1 MiB of names of more than 500 bytes";
}

TEST(MessageDecoder, AProtectionEventNeedsAnIdThatIsAName) {
    EXPECT_TRUE(decoded(protection_of("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")).ok());
    EXPECT_FALSE(decoded(protection_of("a b")).ok()) << "GStreamer would make an event without content";
}

TEST(MessageDecoder, RandomBytesNeverHarm) {
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
        (void)decoded(message).ok();
        (void)decode_upstream(message);
        (void)decode_stream_header(message.header).has_value();
    }
}

TEST(MessageDecoder, StreamHeadersTravel) {
    const StreamHeader header{0x1122334455667788, true, "Kamera 1 – Bühne", true};
    const auto back = decode_stream_header(encode(header));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->instance, header.instance);
    EXPECT_TRUE(back->bytes);
    EXPECT_EQ(back->label, header.label);
    EXPECT_TRUE(back->serializes);
    EXPECT_FALSE(decode_stream_header(Bytes(encode(header)).first(5)));
}

TEST(MessageDecoder, LabelsHoldNoControlCharacters) {
    StreamHeader header;
    header.label = "good";
    std::vector<uint8_t> bytes = encode(header);
    for (const char c : std::string("\x1b[2J")) bytes.push_back(static_cast<uint8_t>(c));
    const auto back = decode_stream_header(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->label, "good");
    header.label = "good\nbad";
    EXPECT_EQ(decode_stream_header(encode(header))->label, "good") << "of this end, too";
    bytes.resize(10 + label_max + 1, 'x');
    EXPECT_FALSE(decode_stream_header(bytes)) << "too long";
}

}  // namespace
}  // namespace stt::test
