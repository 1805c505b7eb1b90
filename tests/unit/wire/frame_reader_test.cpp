// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

#include "core/wire/frame.hpp"
#include "describe.hpp"

namespace stt {
namespace {

// What a payload, given in hex, holds: the frames, then "malformed" if it is.
std::string read(std::string_view payload) {
    const std::vector<uint8_t> bytes = from_hex(payload);
    FrameReader in(bytes);
    std::string text;
    for (Frame frame; in.next(frame);) text += describe(frame) + ";";
    return in.error() != nullptr ? text + "malformed" : text;
}

TEST(FrameReader, ReadsOneAfterTheOther) {
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(
        read("010105"
             "0804040a6162"
             "02010600ffff"),
        "KEEP_ALIVE sequence=5;DATA stream=4 offset=10 data=6162;KEEP_ALIVE_ANSWER sequence=6;PADDING;");
    EXPECT_EQ(read("010105"
                   "01"),
              "KEEP_ALIVE sequence=5;malformed");
}

TEST(FrameReader, StepsOverUnknownFrames) {
    EXPECT_EQ(read("1503ffffff"
                   "7fff00"
                   "010105"),
              "UNKNOWN type=21;UNKNOWN type=16383;KEEP_ALIVE sequence=5;");
    EXPECT_EQ(read("1503ffff"), "malformed") << "its length must fit all the same";
}

TEST(FrameReader, TypesAreInTheirShortestFormAndOtherNumbersInAny) {
    EXPECT_EQ(read("40010105"), "malformed");
    EXPECT_EQ(read("40080304"
                   "0a61"),
              "malformed");
    EXPECT_EQ(read("4000"), "malformed");
    EXPECT_EQ(read("40"), "malformed");
    EXPECT_EQ(read("014002"
                   "4005"),
              "KEEP_ALIVE sequence=5;");
    EXPECT_EQ(read("0840054004"
                   "40"
                   "0a61"),
              "DATA stream=4 offset=10 data=61;");
}

TEST(FrameReader, BodiesEndWithTheirLastField) {
    EXPECT_EQ(read("01020500"), "malformed");
    EXPECT_EQ(read("03050a0000"
                   "0000"),
              "malformed");
    EXPECT_EQ(read("0d09010203040506070809"), "malformed");
    EXPECT_EQ(read("0d0701020304050607"), "malformed");
}

TEST(FrameReader, AckRangesDescendWithoutTouching) {
    EXPECT_EQ(read("03060a0001020001"), "ACK delay_us=0 ranges=8-10,5-6;");
    EXPECT_EQ(read("03040a00000a"), "ACK delay_us=0 ranges=0-10;");
    EXPECT_EQ(read("03040a00000b"), "malformed") << "a first range longer than its largest number";
    EXPECT_EQ(read("03060a0001020700"), "malformed") << "a gap below zero";
    EXPECT_EQ(read("03060a0001020600"), "ACK delay_us=0 ranges=8-10,0-0;");
    EXPECT_EQ(read("03060a0001020601"), "malformed") << "a range below zero";
    EXPECT_EQ(read("03060a000102"
                   "3f00"),
              "malformed");
    EXPECT_EQ(read("030d0a000102"
                   "ffffffffffffffff00"),
              "malformed")
        << "a gap that would overflow";
}

TEST(FrameReader, TakesAsManyRangesAsThereAreAndNoMore) {
    for (size_t count : {ranges_max, ranges_max + 1}) {
        std::string body =
            "43e8"
            "00" +
            hex(std::vector<uint8_t>{uint8_t(0x40), uint8_t(count - 1)}) + "00";
        for (size_t i = 1; i < count; i++) body += "0000";
        const auto size = static_cast<uint8_t>(body.size() / 2);
        const std::string text = read("0340" + hex(std::vector<uint8_t>{size}) + body);
        EXPECT_EQ(text.starts_with("ACK delay_us=0 ranges=1000-1000,998-998"), count == ranges_max) << text;
        EXPECT_EQ(text == "malformed", count != ranges_max);
    }
    EXPECT_EQ(read("030c0affffffffffffffff0000"), "malformed") << "and no count is believed";
}

TEST(FrameReader, TimesStayWithinADuration) {
    EXPECT_EQ(read("030b0a"
                   "c01fffffffffffff"
                   "0000"),
              "ACK delay_us=9007199254740991 ranges=10-10;");
    EXPECT_EQ(read("030b0a"
                   "c020000000000000"
                   "0000"),
              "malformed");
}

TEST(FrameReader, DataStaysWithinTheStream) {
    EXPECT_EQ(read("080204"
                   "0a"),
              "malformed")
        << "no data";
    EXPECT_EQ(read("080a04"
                   "fffffffffffffffe"
                   "61"),
              "DATA stream=4 offset=4611686018427387902 data=61;");
    EXPECT_EQ(read("080b04"
                   "fffffffffffffffe"
                   "6161"),
              "malformed");
    EXPECT_EQ(read("080b"
                   "ffffffffffffffff"
                   "0a6161"),
              "malformed")
        << "no_stream";
}

TEST(FrameReader, StreamFramesNameAStream) {
    const std::string none = "ffffffffffffffff";
    EXPECT_EQ(read("060a" + none + "0100"), "malformed");
    EXPECT_EQ(read("0709" + none + "01"), "malformed");
    EXPECT_EQ(read("0909" + none + "01"), "malformed");
    EXPECT_EQ(read("0a0c" + none + "01000000"), "malformed");
    EXPECT_EQ(read("120a" + none + "0102"), "malformed");
    EXPECT_EQ(read("130a" + none + "0201"), "malformed");
}

TEST(FrameReader, DeliveredIsWithinTheWindow) {
    EXPECT_EQ(read("0603040506"), "STREAM_WINDOW stream=4 limit=5 delivered=6;")
        << "all five bytes and the end";
    EXPECT_EQ(read("0603040507"), "malformed");
}

TEST(FrameReader, RefusesReasonsAndIdsThatDoNotExist) {
    EXPECT_EQ(read("0b0403000000"), "SESSION_CLOSE reason=3 code=0 sub_code=0 text=;");
    EXPECT_EQ(read("0b0404000000"), "malformed");
    EXPECT_EQ(read("0f09010000000000000000"), "malformed") << "session id zero";
    EXPECT_EQ(read("1203040505"), "malformed") << "an empty range";
    EXPECT_EQ(read("1203040604"), "malformed") << "backwards";
    EXPECT_EQ(read("1303040506"), "malformed") << "more kept than skipped to";
}

TEST(FrameReader, BoundsHeadersAndTexts) {
    const auto open = [](size_t size) { return encoded(StreamOpenFrame{4, 1, std::vector<uint8_t>(size)}); };
    Frame frame;
    EXPECT_TRUE(FrameReader(open(stream_header_max)).next(frame));
    EXPECT_FALSE(FrameReader(open(stream_header_max + 1)).next(frame));

    const std::string text(257, 'a');
    std::string body = "00000000";
    for (char c : text) body += hex(std::vector<uint8_t>{static_cast<uint8_t>(c)});
    EXPECT_EQ(read("0e4105" + body), "malformed");
    EXPECT_TRUE(read("0e4104" + body.substr(0, body.size() - 2)).starts_with("FINAL"));
    EXPECT_EQ(read("0e070000000061"
                   "1b62"),
              "FINAL resumed=0 code=0 sub_code=0 text=a;")
        << "texts are made safe";
    EXPECT_EQ(read("0f0400000002"), "malformed") << "resumed is a truth";
}

TEST(FrameReader, SaysWhatWasWrongAndStops) {
    const std::vector<uint8_t> bytes = from_hex(
        "0802040a"
        "010105");
    FrameReader in(bytes);
    Frame frame;
    EXPECT_FALSE(in.next(frame));
    ASSERT_NE(in.error(), nullptr);
    EXPECT_EQ(in.error()->code, ErrorCode::invalid_frame);
    EXPECT_EQ(in.error()->origin, ErrorOrigin::peer);
    EXPECT_EQ(in.error()->text, "the peer sent a malformed frame of type 8 (DATA)");
    EXPECT_FALSE(in.next(frame)) << "nothing after it is read";
}

// --- Random frames of every type

class FrameMaker {
  public:
    explicit FrameMaker(uint64_t seed) : random_(seed) {}

    Frame make() {
        switch (static_cast<FrameType>(1 + random_() % 21)) {
            case FrameType::keep_alive:
                return KeepAliveFrame{number()};
            case FrameType::keep_alive_answer:
                return KeepAliveAnswerFrame{number()};
            case FrameType::ack: {
                AckFrame frame;
                frame.delay_us = number() & microseconds_max;
                fill(frame.ranges);
                return frame;
            }
            case FrameType::nack: {
                NackFrame frame;
                fill(frame.ranges);
                return frame;
            }
            case FrameType::session_window:
                return SessionWindowFrame{number()};
            case FrameType::stream_window: {
                const uint64_t limit = number();
                return StreamWindowFrame{stream(), limit, number() % (limit + 2)};
            }
            case FrameType::stream_open:
                return StreamOpenFrame{stream(), byte(), bytes(stream_header_max)};
            case FrameType::data: {
                const Bytes data = bytes(5000);
                return DataFrame{stream(), number() >> 1, data.empty() ? bytes_.emplace_back(1) : data};
            }
            case FrameType::stream_fin:
                return StreamFinFrame{stream(), number()};
            case FrameType::stream_close:
                return StreamCloseFrame{stream(), number(), code(), byte(), text()};
            case FrameType::session_close:
                return SessionCloseFrame{CloseReason{static_cast<uint8_t>(random_() % 4)}, code(), byte(),
                                         text()};
            case FrameType::path_challenge:
                return PathChallengeFrame{{byte(), byte(), byte(), byte(), byte(), byte(), byte(), byte()}};
            case FrameType::path_response:
                return PathResponseFrame{{byte(), byte(), byte(), byte(), byte(), byte(), byte(), byte()}};
            case FrameType::final:
                return FinalFrame{code(), byte(), byte() % 2 == 1, text()};
            case FrameType::new_session_id:
                return NewSessionIdFrame{number(), random_() | 1};
            case FrameType::clock_request:
                return ClockRequestFrame{number()};
            case FrameType::clock_response: {
                const uint64_t sent = number();
                return ClockResponseFrame{number(), sent - std::min(sent, number()), sent};
            }
            case FrameType::stream_skip: {
                const uint64_t to = number() | 1;
                return StreamSkipFrame{stream(), number() % to, to};
            }
            case FrameType::stream_skipped: {
                const uint64_t to = number();
                return StreamSkippedFrame{stream(), to, number() % (to + 1)};
            }
            default:
                return UnknownFrame{20 + (number() >> 1)};
        }
    }
    uint64_t below(uint64_t bound) { return random_() % bound; }

  private:
    uint64_t number() { return (random_() & varint_max) >> random_() % 62; }
    StreamId stream() { return number() >> 1; }
    uint8_t byte() { return static_cast<uint8_t>(random_()); }
    uint16_t code() { return static_cast<uint16_t>(random_()); }
    Bytes bytes(size_t size_max) {
        auto& made = bytes_.emplace_back(random_() % (size_max + 1));
        for (uint8_t& b : made) b = byte();
        return made;
    }
    std::string_view text() {
        auto& made = bytes_.emplace_back(random_() % (frame_text_max + 1));
        for (uint8_t& b : made) b = static_cast<uint8_t>(' ' + random_() % 90);
        return {reinterpret_cast<const char*>(made.data()), made.size()};
    }
    void fill(PacketRanges& ranges) {
        uint64_t last = number();
        for (size_t count = 1 + random_() % ranges_max; count > 0; count--) {
            const uint64_t first = last - std::min(last, number() >> random_() % 60);
            ranges.add({first, last});
            const uint64_t step = 2 + random_() % 1000;
            if (first < step) return;
            last = first - step;
        }
    }

    std::mt19937_64 random_;
    std::deque<std::vector<uint8_t>> bytes_;  // what views in frames point to
};

TEST(FrameReader, RandomPayloadsRoundTrip) {
    FrameMaker maker(4);
    for (int round = 0; round < 2000; round++) {
        std::vector<uint8_t> buffer(64'000);
        ByteWriter out(buffer);
        std::vector<Frame> frames;
        for (uint64_t count = maker.below(8); count > 0; count--) {
            frames.push_back(maker.make());
            ASSERT_TRUE(write_frame(out, frames.back()));
        }
        FrameReader in(out.written());
        Frame read;
        for (const Frame& frame : frames) {
            ASSERT_TRUE(in.next(read)) << describe(frame);
            EXPECT_EQ(describe(read), describe(frame));
        }
        EXPECT_FALSE(in.next(read));
        EXPECT_EQ(in.error(), nullptr);
    }
}

TEST(FrameReader, RandomDamageIsRefusedOrYieldsValidFrames) {
    FrameMaker maker(5);
    for (int round = 0; round < 5000; round++) {
        std::vector<uint8_t> bytes = encoded(maker.make());
        for (uint64_t count = 1 + maker.below(4); count > 0; count--) {
            bytes[maker.below(std::min<size_t>(bytes.size(), 24))] = static_cast<uint8_t>(maker.below(256));
        }
        FrameReader in(bytes);
        for (Frame frame; in.next(frame);) {
            // Valid means: it can be written, and comes back the same.
            const std::vector<uint8_t> again = encoded(frame);
            FrameReader second(again);
            Frame read;
            ASSERT_TRUE(second.next(read)) << describe(frame);
            EXPECT_EQ(describe(read), describe(frame));
        }
    }
}

}  // namespace
}  // namespace stt
