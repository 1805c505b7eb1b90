// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors of frames and packets, each by its real cause: 0x04.. but the handshake's.
#include "tests/elements/error_log.hpp"
#include "tests/lib/line.hpp"
#include "tests/lib/rogue_peer.hpp"
#include "tests/lib/wire_code.hpp"

namespace stt::test {
namespace {

uint16_t port_of(const std::unique_ptr<Playing>& end) { return static_cast<uint16_t>(end->port()); }

/// STREAM_OPEN whose body is cut off.
const std::vector<uint8_t> malformed{static_cast<uint8_t>(FrameType::stream_open), 32, 0};

TEST(ErrorProtocol, AMalformedFrameIsNotedAndTheSessionStands) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    ASSERT_TRUE(rogue.call(port_of(src)));
    rogue.send_plain(malformed);
    EXPECT_EQ(src->errors->wait(ErrorCode::invalid_frame),
              "0x0401/0 INVALID_FRAME protocol malformed-frame MESSAGE origin=peer authenticated can-retry");
    rogue.send_frames({KeepAliveFrame{1}});
    EXPECT_TRUE(rogue.wait_frame<KeepAliveAnswerFrame>());
    EXPECT_EQ(src->errors->count(ErrorCode::invalid_frame), 1u) << src->errors->lines();
}

TEST(ErrorProtocol, APeerThatSendsNothingButMalformedFramesIsSentAway) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    ASSERT_TRUE(rogue.call(port_of(src)));
    for (int i = 0; i < 16; i++) rogue.send_plain(malformed);
    EXPECT_TRUE(rogue.wait_frame([](const Frame& frame) {
        const auto* close = std::get_if<SessionCloseFrame>(&frame);
        return close && close->reason == CloseReason::error &&
               close->code == wire_code(ErrorCode::invalid_frame);
    }));
    EXPECT_TRUE(src->errors->wait_state("reconnecting"));
    EXPECT_LE(src->errors->count(ErrorCode::invalid_frame), 16u);
}

TEST(ErrorProtocol, AnAcknowledgementOfWhatWasNeverSentEndsTheSession) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    ASSERT_TRUE(rogue.call(port_of(src)));
    AckFrame ack{.delay_us = 0, .ranges = {}};
    ack.ranges.add({1'000'000, 1'000'000});
    rogue.send_frames({ack});
    EXPECT_EQ(
        src->errors->wait(ErrorCode::invalid_frame),
        "0x0401/0 INVALID_FRAME protocol ack-of-unsent WARNING READ origin=peer authenticated can-retry "
        "retried");
}

TEST(ErrorProtocol, AForgedPacketIsTold) {
    auto src = listening_src();
    Line line(port_of(src));
    int forged = 0;
    line.set_weather([&](bool from_caller, std::vector<uint8_t>& datagram) {
        if (!from_caller || packet_type(datagram) != PacketType::session_even || forged >= 5) return true;
        datagram.back() ^= 1;
        seal_checksum(datagram);
        forged++;
        return true;
    });
    auto sink = calling_sink(line.port());
    sink->start();
    EXPECT_EQ(sink->push(1000), GST_FLOW_OK);
    EXPECT_EQ(src->errors->wait(ErrorCode::encryption_error),
              "0x0402/0 ENCRYPTION_ERROR protocol forged-packet MESSAGE origin=network");
    const BufferPtr arrived(gst_harness_pull(src->harness));
    EXPECT_TRUE(arrived) << "the session stands";
    EXPECT_EQ(src->errors->count(ErrorCode::encryption_error), 1u);
}

TEST(ErrorProtocol, ANoisyLineIsTold) {
    auto src = listening_src();
    Line line(port_of(src));
    unsigned count = 0;
    line.set_weather([&](bool from_caller, std::vector<uint8_t>& datagram) {
        // Behind the header, so that it still finds its session.
        if (from_caller && packet_type(datagram) == PacketType::session_even && ++count % 8 == 0)
            datagram[session_header_size] ^= 1;
        return true;
    });
    // Small packets: some hundreds make a rate.
    auto sink =
        calling_sink(line.port(), [](GstElement* element) { g_object_set(element, "mtu", 1248u, nullptr); });
    sink->start();
    constexpr int buffers = 100;
    for (int i = 0; i < buffers; i++) EXPECT_EQ(sink->push(10'000), GST_FLOW_OK);
    EXPECT_EQ(src->errors->wait(ErrorCode::checksum_mismatch),
              "0x0403/0 CHECKSUM_MISMATCH protocol line-noise MESSAGE origin=network can-retry");
    for (int i = 0; i < buffers; i++) EXPECT_TRUE(BufferPtr(gst_harness_pull(src->harness))) << i;
    EXPECT_EQ(src->errors->count(ErrorCode::checksum_mismatch), 1u);
}

TEST(ErrorProtocol, APathThatLosesMuchIsToldAtBothEnds) {
    auto src = listening_src();
    Line line(port_of(src));
    unsigned count = 0;
    line.set_weather([&](bool from_caller, std::vector<uint8_t>& datagram) {
        return !from_caller || packet_type(datagram) != PacketType::session_even || ++count % 4 != 0;
    });
    // Some hundreds of packets a second, for longer than it takes to notice.
    auto sink = calling_sink(line.port(), [](GstElement* element) {
        g_object_set(element, "mtu", 1248u, "pacing-rate", guint64{5'000'000}, nullptr);
    });
    sink->start();
    // A busy machine that stops for a second begins to count anew.
    const auto told = [&] {
        return sink->errors->count(ErrorCode::path_loss) > 0 && src->errors->count(ErrorCode::path_loss) > 0;
    };
    for (int i = 0; i < 5000 && !told(); i++) EXPECT_EQ(sink->push(10'000), GST_FLOW_OK);
    EXPECT_EQ(sink->errors->wait(ErrorCode::path_loss),
              "0x0580/0 PATH_LOSS transport outgoing WARNING WRITE origin=network can-retry");
    EXPECT_EQ(src->errors->wait(ErrorCode::path_loss),
              "0x0580/0 PATH_LOSS transport incoming WARNING READ origin=network can-retry");
}

TEST(ErrorProtocol, AnUnknownFrameIsToldOnceForEachType) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    ASSERT_TRUE(rogue.call(port_of(src)));
    for (int i = 0; i < 20; i++) rogue.send_plain(std::vector<uint8_t>{50, 1, 9, 51, 0});
    EXPECT_EQ(
        src->errors->wait(ErrorCode::unknown_frame_type),
        "0x0404/0 UNKNOWN_FRAME_TYPE protocol unknown-frame MESSAGE origin=peer authenticated can-retry");
    EXPECT_NE(src->errors->wait(ErrorCode::unknown_frame_type, 1), "");
    rogue.send_frames({KeepAliveFrame{1}});
    EXPECT_TRUE(rogue.wait_frame<KeepAliveAnswerFrame>()) << "the session stands";
    EXPECT_EQ(src->errors->count(ErrorCode::unknown_frame_type), 2u) << src->errors->lines();
}

}  // namespace
}  // namespace stt::test
