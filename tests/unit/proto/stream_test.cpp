// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/stream.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

using Opening = Stream::Opening;
using State = Stream::State;
using Pending = SendStream::Pending;

constexpr StreamId id = 6;
constexpr Stream::Windows windows{.send = 1000, .receive = 1000, .receive_max = 1000};
const Time now = Time{} + 1s;

OutMessage message(size_t size) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(size);
    const Bytes view(*bytes);
    return {std::move(bytes), view, {}};
}

Stream ours() { return Stream(id, windows, 3, {1, 2}); }
Stream theirs() { return Stream(id, windows); }

/// Lets `stream` write its control frames into `size` bytes and returns their types.
std::vector<FrameType> filled(Stream& stream, size_t size = 1000) {
    std::vector<uint8_t> body(size);
    ByteWriter out(body);
    SentFrames sent;
    stream.fill_control(out, sent);
    std::vector<FrameType> types;
    for (const ControlRecord& record : sent.control()) types.push_back(record.type);
    return types;
}

void send_all(Stream& stream) {
    const auto piece = stream.send.next(1000);
    stream.send.on_sent(piece, piece.size);
}

/// The peer's half arrives with its end, and the application delivers it.
void deliver(Stream& stream) {
    EXPECT_TRUE(stream.receive.on_fin(0).ok());
    stream.receive.read();
    stream.receive.consumed(now, 0, 0, true, 20ms);
}

TEST(Stream, is_opened_until_the_peer_has_stream_open) {
    Stream stream = ours();
    EXPECT_TRUE(stream.ours());
    EXPECT_TRUE(stream.known());
    EXPECT_TRUE(stream.control_due());
    EXPECT_EQ(filled(stream, 2), std::vector<FrameType>{}) << "it does not fit";
    EXPECT_EQ(filled(stream), std::vector{FrameType::stream_open});
    EXPECT_EQ(stream.opening(), Opening::sent);
    EXPECT_FALSE(stream.control_due());
    stream.on_lost({FrameType::stream_open, id});
    EXPECT_EQ(stream.opening(), Opening::due);
    filled(stream);
    stream.on_acked({FrameType::stream_open, id});
    EXPECT_EQ(stream.opening(), Opening::acked);
    stream.on_lost({FrameType::stream_open, id});  // the first copy
    EXPECT_EQ(stream.opening(), Opening::acked);
}

TEST(Stream, of_the_peer_is_known_from_stream_open_on) {
    Stream stream = theirs();
    EXPECT_FALSE(stream.ours());
    EXPECT_FALSE(stream.known());
    EXPECT_FALSE(stream.control_due());
    stream.on_open(7, std::vector<uint8_t>{4, 5});
    EXPECT_EQ(stream.opening(), Opening::received);
    EXPECT_TRUE(stream.known());
    EXPECT_EQ(stream.priority(), 7);
    EXPECT_EQ(stream.header(), (std::vector<uint8_t>{4, 5}));
}

TEST(Stream, ends_when_both_halves_are_delivered_and_is_done_when_both_sides_know) {
    Stream stream = ours();
    stream.send.write(message(100));
    stream.send.finish();
    EXPECT_EQ(filled(stream), std::vector{FrameType::stream_open});
    send_all(stream);
    EXPECT_EQ(filled(stream), std::vector{FrameType::stream_fin});
    EXPECT_EQ(stream.send.state(), SendStream::State::data_sent);
    deliver(stream);
    EXPECT_FALSE(stream.end_if_delivered()) << "the peer has not delivered anything";
    stream.send.on_window(1000, 101);
    EXPECT_TRUE(stream.end_if_delivered());
    EXPECT_EQ(stream.state(), State::ended);
    EXPECT_FALSE(stream.end_if_delivered()) << "once";

    EXPECT_FALSE(stream.done());
    stream.send.on_acked({.stream = id, .offset = 0, .size = 100});
    stream.on_acked({FrameType::stream_fin, id});
    EXPECT_EQ(stream.send.state(), SendStream::State::data_recvd);
    EXPECT_FALSE(stream.done()) << "the peer does not know that its end was delivered";
    stream.on_acked({FrameType::stream_window, id, 0});
    EXPECT_FALSE(stream.done()) << "that frame was older";
    stream.on_acked({FrameType::stream_window, id, 1});
    EXPECT_TRUE(stream.done());
}

TEST(Stream, a_reset_repeats_stream_close_until_the_peer_has_it) {
    Stream stream = ours();
    stream.send.write(message(100));
    EXPECT_EQ(stream.pending(), Pending::new_data);
    filled(stream);
    stream.reset({.code = ErrorCode::timeout, .reason = Reason::none, .text = "late"});
    EXPECT_EQ(stream.pending(), Pending::nothing);
    EXPECT_EQ(stream.state(), State::reset_due);
    EXPECT_EQ(filled(stream), std::vector{FrameType::stream_close});
    EXPECT_EQ(stream.state(), State::reset_sent);
    stream.on_lost({FrameType::stream_close, id});
    EXPECT_TRUE(stream.control_due());
    EXPECT_EQ(filled(stream), std::vector{FrameType::stream_close});
    stream.on_acked({FrameType::stream_close, id});
    EXPECT_EQ(stream.state(), State::reset_recvd);
    stream.on_lost({FrameType::stream_close, id});  // the first copy
    EXPECT_EQ(stream.state(), State::reset_recvd);
    EXPECT_FALSE(stream.done()) << "how much the peer had sent is not known";
    EXPECT_TRUE(stream.receive.on_fin(50).ok());
    EXPECT_TRUE(stream.done());
}

TEST(Stream, a_reset_may_follow_an_end_that_the_peer_does_not_know) {
    Stream stream = theirs();
    stream.on_open(0, {});
    stream.send.finish();
    filled(stream);
    deliver(stream);
    stream.send.on_window(1000, 1);
    ASSERT_TRUE(stream.end_if_delivered());
    EXPECT_FALSE(stream.is_reset());
    stream.reset({});
    EXPECT_EQ(stream.state(), State::reset_due);
}

TEST(Stream, everything_in_flight_is_due_again_when_all_is_lost) {
    Stream stream = ours();
    stream.send.write(message(100));
    stream.send.finish();
    filled(stream);
    send_all(stream);
    filled(stream);
    EXPECT_EQ(stream.pending(), Pending::nothing);
    stream.on_all_lost();
    EXPECT_EQ(stream.pending(), Pending::lost_data);
    EXPECT_LE(stream.receive.window_frame_due(), now);
    EXPECT_EQ(filled(stream), (std::vector{FrameType::stream_open, FrameType::stream_fin}));
    stream.reset({});
    filled(stream);
    stream.on_all_lost();
    EXPECT_EQ(stream.state(), State::reset_due);
}

/// What a comment promises is asserted.
TEST(StreamDeathTest, states_do_not_go_back) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    Stream stream = ours();
    stream.reset({});
    EXPECT_DEBUG_DEATH(stream.reset({}), "may_follow");
    Stream sending = ours();
    EXPECT_DEBUG_DEATH(sending.send.on_fin_sent(), "fin_due");
    EXPECT_DEBUG_DEATH(sending.send.on_fin_acked(), "fin_sent");
}

}  // namespace
}  // namespace stt
