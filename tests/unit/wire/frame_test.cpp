// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/frame.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "describe.hpp"

namespace stt {
namespace {

using namespace std::string_literals;

TEST(SafeText, KeepsWhatPeopleRead) {
    const auto texts = {""s, "plain text"s, "Gr\u00fc\u00dfe, \u00a0"s, "\u20ac \ud7ff \ue000 \uffff"s,
                        "\U0001f4f7\U0010ffff"s};
    for (const std::string& text : texts) EXPECT_EQ(safe_text(text), text);
}

TEST(SafeText, EndsBeforeTheFirstBadCharacter) {
    const auto bad = {
        "\x80"s,          // a continuation alone
        "\xc3"s,          // cut short
        "\xc3("s,         // not continued
        "\xc0\xaf"s,      // overlong
        "\xe0\x9f\xbf"s,  // overlong
        "\xf0\x8f\xbf\xbf"s,
        "\xed\xa0\x80"s,      // surrogate
        "\xf4\x90\x80\x80"s,  // beyond U+10FFFF
        "\xf5\x80\x80\x80"s,  // no such lead
        "\xe2\x82"s,          // cut short
        "\n"s,
        "\x1b[2J"s,   // escape
        "\x7f"s,      // delete
        "\xc2\x9b"s,  // a C1 control
        "\0"s,
    };
    for (const std::string& text : bad) {
        EXPECT_EQ(safe_text("good" + text + "more"), "good")
            << hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    }
}

TEST(SafeText, IsCutBetweenCharacters) {
    EXPECT_EQ(safe_text(std::string(300, 'a')).size(), frame_text_max);
    EXPECT_EQ(safe_text(std::string(255, 'a') + "\u00fc").size(), 255u);
    EXPECT_EQ(safe_text(std::string(254, 'a') + "\u00fc").size(), 256u);
}

TEST(WriteFrame, WritesAllOrNothing) {
    for (const Frame& frame : {Frame(KeepAliveFrame{1}), Frame(StreamOpenFrame{4, 1, {}}),
                               Frame(StreamCloseFrame{4, 1, 2, 3, "text"}), Frame(StreamSkipFrame{4, 5, 6}),
                               Frame(UnknownFrame{40})}) {
        const size_t size = encoded(frame).size();
        std::vector<uint8_t> buffer(size);
        for (size_t room = 0; room < size; room++) {
            ByteWriter out(MutableBytes(buffer).first(room));
            EXPECT_FALSE(write_frame(out, frame));
            EXPECT_EQ(out.size(), 0u);
            EXPECT_TRUE(out.ok()) << "a smaller frame may still follow";
        }
        ByteWriter out(buffer);
        EXPECT_TRUE(write_frame(out, frame));
        EXPECT_EQ(out.size(), size);
    }
    std::vector<uint8_t> none;
    ByteWriter out(none);
    EXPECT_FALSE(write_frame(out, PaddingFrame{}));
}

TEST(WriteFrame, LargestFramesFitAMinimalPacket) {
    constexpr size_t room = datagram_min - session_overhead;
    AckFrame ack;
    ack.delay_us = microseconds_max;
    uint64_t last = varint_max;
    // Steps so wide that gaps take 8 bytes; the lengths take 8 as far as there are numbers enough.
    for (size_t i = 0; i < ranges_max; i++) {
        ack.ranges.add({last - (uint64_t{1} << 30), last});
        last -= uint64_t{1} << 55;
    }
    EXPECT_FALSE(ack.ranges.add({0, 0}));
    EXPECT_LE(encoded(ack).size(), room);
    EXPECT_GT(encoded(ack).size(), ranges_max * 16);
    EXPECT_LE(encoded(StreamOpenFrame{no_stream - 1, 255, std::vector<uint8_t>(stream_header_max)}).size(),
              room);
    EXPECT_LE(
        encoded(StreamCloseFrame{no_stream - 1, varint_max, 1, 1, std::string(frame_text_max, 'x')}).size(),
        room);
}

TEST(WriteFrame, AckAloneAndInAFrameAreTheSame) {
    AckFrame ack;
    ack.delay_us = 7;
    ack.ranges.add({5, 9});
    ack.ranges.add({1, 3});
    std::vector<uint8_t> buffer(100);
    ByteWriter out(buffer);
    ASSERT_TRUE(write_frame(out, ack));
    EXPECT_EQ(hex(out.written()), hex(encoded(ack)));
    EXPECT_EQ(hex(out.written()),
              "03060907010400"
              "02");
}

TEST(WriteFrame, CutsTextsToSafeOnes) {
    const auto bytes = encoded(FinalFrame{1, 2, false, "bad\nline"});
    EXPECT_EQ(hex(bytes), "0e0700010200626164");
}

struct DataCase {
    StreamId stream;
    uint64_t offset;
};

class WriteDataHeader : public testing::TestWithParam<DataCase> {};

// Whatever room there is: header and data fit it, hardly any of it is wasted, and what is read is what was
// written.
TEST_P(WriteDataHeader, UsesTheRoomThereIs) {
    const auto [stream, offset] = GetParam();
    std::vector<uint8_t> data(20'000);
    std::iota(data.begin(), data.end(), uint8_t{0});
    const size_t fixed = varint_size(stream) + varint_size(offset);
    for (size_t room = 0; room < 20'000; room += room < 300 || (room > 16'300 && room < 16'500) ? 1 : 97) {
        for (size_t size :
             {size_t{0}, size_t{1}, size_t{40}, size_t{63}, size_t{64}, size_t{1316}, data.size()}) {
            std::vector<uint8_t> buffer(room);
            ByteWriter out(buffer);
            const size_t count = write_data_header(out, stream, offset, size);
            ASSERT_LE(count, size);
            if (count == 0) {
                EXPECT_EQ(out.size(), 0u);
                EXPECT_TRUE(size == 0 || room <= fixed + 2) << "room " << room;
                continue;
            }
            out.bytes(Bytes(data).first(count));
            ASSERT_TRUE(out.ok()) << "room " << room << " size " << size;
            if (count < size && count + fixed < 16'383) {
                EXPECT_LE(out.remaining(), 1u) << "room " << room;
            }

            FrameReader in(out.written());
            Frame frame;
            ASSERT_TRUE(in.next(frame));
            const auto& read = std::get<DataFrame>(frame);
            EXPECT_EQ(read.stream, stream);
            EXPECT_EQ(read.offset, offset);
            EXPECT_TRUE(std::ranges::equal(read.data, Bytes(data).first(count)));
            EXPECT_FALSE(in.next(frame));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Streams, WriteDataHeader,
                         testing::Values(DataCase{0, 0}, DataCase{64, 20'000}, DataCase{20'000, 1 << 30},
                                         DataCase{no_stream - 1, varint_max - 20'000}));

TEST(FrameName, KnowsEveryType) {
    EXPECT_EQ(frame_name(0), "PADDING");
    EXPECT_EQ(frame_name(static_cast<uint64_t>(FrameType::final)), "FINAL");
    EXPECT_EQ(frame_name(21), "unknown");
}

}  // namespace
}  // namespace stt
