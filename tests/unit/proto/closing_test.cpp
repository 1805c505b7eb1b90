// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/closing.hpp"

#include <gtest/gtest.h>

#include "tests/lib/wire_code.hpp"

namespace stt {
namespace {

const Time start = Time{} + 1s;
constexpr Duration probe_timeout = 100ms;
const Error failure = make_error(ErrorCode::timeout, Reason::none, ErrorOrigin::local, "it took too long");

struct ClosingTest : ::testing::Test {
    Closing closing;

    /// Sends what is due until nothing is any more; when each frame left.
    std::vector<Time> send_all() {
        std::vector<Time> sent;
        Time now = start;
        while (true) {
            if (closing.due()) {
                closing.make_frame(now, probe_timeout);
                sent.push_back(now);
            }
            if (closing.next_repetition() == time_never || sent.size() > 100) return sent;
            now = closing.next_repetition();
            closing.on_repetition();
        }
    }
};

TEST_F(ClosingTest, says_nothing_before_an_end) {
    EXPECT_FALSE(closing.due());
    EXPECT_EQ(closing.next_repetition(), time_never);
    EXPECT_EQ(closing.lingers_until(), time_never);
}

TEST_F(ClosingTest, tells_the_peer_why) {
    closing.close(CloseReason::error, failure);
    ASSERT_TRUE(closing.due());
    const SessionCloseFrame frame = closing.make_frame(start, probe_timeout);
    EXPECT_EQ(frame.reason, CloseReason::error);
    EXPECT_EQ(frame.code, static_cast<uint16_t>(failure.code));
    EXPECT_EQ(frame.text, failure.text);
    EXPECT_FALSE(closing.due());
}

TEST_F(ClosingTest, repeats_itself_at_doubling_intervals_six_times_and_for_five_seconds) {
    closing.close(CloseReason::graceful, {});
    closing.linger(start);
    const std::vector<Time> sent = send_all();
    ASSERT_GE(sent.size(), Closing::sent_max);
    EXPECT_EQ(sent[1] - sent[0], probe_timeout);
    EXPECT_EQ(sent[2] - sent[1], 2 * probe_timeout);
    EXPECT_EQ(sent[3] - sent[2], 4 * probe_timeout);
    EXPECT_GE(sent.back() - sent.front(), Closing::insistence);
    EXPECT_GE(closing.lingers_until(), sent.back()) << "it lingers until the last";
}

TEST_F(ClosingTest, lingers_until_the_last_repetition) {
    closing.close(CloseReason::graceful, {});
    closing.linger(start + 1ms);
    closing.make_frame(start, probe_timeout);
    EXPECT_EQ(closing.lingers_until(), closing.next_repetition());
}

TEST_F(ClosingTest, does_not_repeat_itself_to_a_peer_that_was_not_heard) {
    closing.close(CloseReason::timeout, failure);
    EXPECT_EQ(send_all().size(), 1u);
}

TEST_F(ClosingTest, falls_silent_when_the_peer_has_closed_too) {
    closing.close(CloseReason::graceful, {});
    closing.make_frame(start, probe_timeout);
    closing.on_late_packet(start + 1ms, true);
    EXPECT_EQ(closing.next_repetition(), time_never);
    EXPECT_FALSE(closing.due()) << "two sides that close at once take each other's word for the answer";
    closing.on_late_packet(start + 1s, false);
    EXPECT_FALSE(closing.due()) << "the peer knows";
}

TEST_F(ClosingTest, answers_late_packets_but_not_each) {
    closing.close(CloseReason::graceful, {});
    closing.make_frame(start, probe_timeout);
    closing.on_late_packet(start + 1ms, false);
    ASSERT_TRUE(closing.due());
    closing.make_frame(start + 1ms, probe_timeout);
    closing.on_late_packet(start + 2ms, false);
    EXPECT_FALSE(closing.due());
    closing.on_late_packet(start + 1ms + Closing::answer_interval, false);
    EXPECT_TRUE(closing.due());
}

TEST_F(ClosingTest, answers_the_peer_once_for_each_close_of_its) {
    closing.answer();
    ASSERT_TRUE(closing.due());
    const SessionCloseFrame frame = closing.make_frame(start, probe_timeout);
    EXPECT_EQ(frame.reason, CloseReason::graceful);
    EXPECT_EQ(frame.code, 0);
    EXPECT_EQ(closing.next_repetition(), time_never);
    closing.on_late_packet(start + 1s, false);
    EXPECT_FALSE(closing.due());
    closing.on_late_packet(start + 1s, true);
    EXPECT_TRUE(closing.due());
}

TEST_F(ClosingTest, stops_when_told_to) {
    closing.close(CloseReason::graceful, {});
    closing.make_frame(start, probe_timeout);
    closing.stop();
    EXPECT_EQ(closing.next_repetition(), time_never);
    EXPECT_FALSE(closing.due());
}

TEST(ClosedByPeer, says_what_the_peer_said) {
    const Error stopped = closed_by_peer({CloseReason::graceful, 0, 0, {}});
    EXPECT_EQ(stopped.code, ErrorCode::session_closed);
    EXPECT_EQ(stopped.reason, Reason::graceful);
    EXPECT_EQ(stopped.origin, ErrorOrigin::peer);
    EXPECT_TRUE(stopped.authenticated);
    const Error broken =
        closed_by_peer({CloseReason::error, wire_code(ErrorCode::checksum_mismatch), 0, "why"});
    EXPECT_EQ(broken.reason, Reason::error);
    EXPECT_NE(broken.text.find("(why)"), std::string::npos) << broken.text;
    const Error lost = closed_by_peer({CloseReason::timeout, 0, 0, {}});
    EXPECT_EQ(lost.reason, Reason::timeout);
}

TEST(ClosedByPeer, names_a_sender_that_no_longer_waits_for_the_rest_to_be_taken) {
    const Error ended = closed_by_peer({CloseReason::error, static_cast<uint16_t>(ErrorCode::stream_closed),
                                        static_cast<uint8_t>(StreamSubCode::ended), "why"});
    EXPECT_EQ(ended.code, ErrorCode::stream_closed);
    EXPECT_EQ(ended.sub_code, static_cast<uint8_t>(StreamSubCode::ended));
    EXPECT_EQ(ended.reason, Reason::drain_timeout);
}

TEST(ClosedByPeer, names_a_listener_that_has_another_caller) {
    const Error busy =
        closed_by_peer({CloseReason::error, static_cast<uint16_t>(ErrorCode::too_many_sessions), 0, {}});
    EXPECT_EQ(busy.code, ErrorCode::too_many_sessions);
    EXPECT_EQ(busy.reason, Reason::busy);
}

}  // namespace
}  // namespace stt
