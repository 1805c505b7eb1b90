// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_schedule.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

const Time start = Time{} + 1s;
using Handles = std::vector<SessionHandle>;

constexpr TransportKind udp = TransportKind::udp, websocket = TransportKind::websocket;

TransportSet both_transports() {
    TransportSet set;
    set.add(udp);
    set.add(websocket);
    return set;
}

struct SessionScheduleTest : ::testing::Test {
    SessionSchedule schedule{both_transports()};

    void sent_all(SessionHandle session) {
        schedule.on_sent_all(session, udp);
        schedule.on_sent_all(session, websocket);
    }
    void rest(SessionHandle session, Time until) {
        sent_all(session);
        schedule.rest(session, until);
    }
    Handles awake() const {
        Handles found;
        for (auto next = schedule.next_awake(0); next; next = schedule.next_awake(*next))
            found.push_back(*next);
        return found;
    }
};

TEST_F(SessionScheduleTest, is_empty_at_first) {
    EXPECT_FALSE(schedule.next_awake(0));
    EXPECT_FALSE(schedule.next_to_send(0, udp));
    EXPECT_TRUE(schedule.idle().empty());
    EXPECT_EQ(schedule.next(), time_never);
    schedule.wake_due(start);
    EXPECT_FALSE(schedule.next_awake(0));
}

TEST_F(SessionScheduleTest, goes_round_those_that_may_send) {
    for (const SessionHandle session : {3u, 1u, 2u}) schedule.wake(session);
    EXPECT_EQ(schedule.next_to_send(0, udp), 1u);
    EXPECT_EQ(schedule.next_to_send(1, udp), 2u);
    EXPECT_EQ(schedule.next_to_send(3, udp), 1u);
    sent_all(1);
    EXPECT_EQ(schedule.next_to_send(3, udp), 2u);
    EXPECT_EQ(schedule.idle(), (Handles{1}));
    EXPECT_EQ(awake(), (Handles{1, 2, 3})) << "it may have events";
}

TEST_F(SessionScheduleTest, wakes_each_when_its_time_has_come) {
    for (const SessionHandle session : {1u, 2u, 3u}) {
        schedule.wake(session);
        rest(session, start + session * 1s);
    }
    EXPECT_EQ(schedule.next(), start + 1s);
    schedule.wake_due(start + 1s);
    EXPECT_EQ(awake(), (Handles{1}));
    schedule.wake_due(start + 5s);
    EXPECT_EQ(awake(), (Handles{1, 2, 3}));
    EXPECT_EQ(schedule.next(), time_never);
}

TEST_F(SessionScheduleTest, one_that_is_woken_has_no_deadline_any_more) {
    schedule.wake(1);
    rest(1, start + 1s);
    schedule.wake(1);
    EXPECT_EQ(schedule.next(), time_never);
    EXPECT_EQ(schedule.next_to_send(0, udp), 1u);
    rest(1, start + 9s);
    EXPECT_EQ(schedule.next(), start + 9s);
}

TEST_F(SessionScheduleTest, one_that_has_sent_all_may_be_woken_again) {
    schedule.wake(1);
    schedule.wake(1);
    schedule.on_sent_all(1, udp);
    EXPECT_FALSE(schedule.next_to_send(0, udp));
    schedule.wake(1);
    EXPECT_EQ(schedule.next_to_send(0, udp), 1u);
    EXPECT_TRUE(schedule.idle().empty());
}

TEST_F(SessionScheduleTest, each_transport_has_its_own_list) {
    for (const SessionHandle session : {1u, 2u}) schedule.wake(session);
    schedule.on_sent_all(1, udp);
    EXPECT_EQ(schedule.next_to_send(0, udp), 2u);
    EXPECT_EQ(schedule.next_to_send(0, websocket), 1u);
    EXPECT_TRUE(schedule.idle().empty());
    schedule.on_sent_all(1, websocket);
    EXPECT_EQ(schedule.idle(), (Handles{1}));
}

TEST_F(SessionScheduleTest, a_blocked_transport_keeps_no_session_awake) {
    schedule.wake(1);
    schedule.block(websocket);
    schedule.on_sent_all(1, udp);
    EXPECT_EQ(schedule.idle(), (Handles{1}));
    schedule.rest(1, start + 1s);
    EXPECT_TRUE(awake().empty());
    schedule.unblock(websocket);
    EXPECT_EQ(schedule.next_to_send(0, websocket), 1u) << "it is asked afterwards";
    EXPECT_EQ(awake(), (Handles{1}));
    EXPECT_EQ(schedule.next(), time_never);
}

TEST_F(SessionScheduleTest, who_is_awake_while_a_transport_is_blocked_is_asked_afterwards) {
    schedule.wake(1);
    sent_all(1);
    schedule.wake(2);
    rest(2, start + 1s);
    schedule.block(websocket);
    schedule.rest(1, start + 5s);
    schedule.wake_due(start + 1s);
    EXPECT_EQ(schedule.next_to_send(0, udp), 2u);
    schedule.on_sent_all(2, udp);
    schedule.rest(2, start + 5s);
    schedule.unblock(websocket);
    EXPECT_EQ(schedule.next_to_send(0, websocket), 1u);
    EXPECT_EQ(schedule.next_to_send(1, websocket), 2u);
}

TEST_F(SessionScheduleTest, who_is_asked_while_another_transport_is_blocked_is_asked_again_afterwards) {
    schedule.wake(1);
    schedule.block(websocket);
    schedule.on_sent_all(1, udp);
    schedule.rest(1, start + 1s);
    schedule.block(udp);
    schedule.unblock(websocket);
    EXPECT_EQ(schedule.next_to_send(0, websocket), 1u);
    schedule.on_sent_all(1, websocket);
    schedule.rest(1, start + 9s);
    schedule.unblock(udp);
    EXPECT_EQ(schedule.next_to_send(0, udp), 1u);
}

TEST_F(SessionScheduleTest, forgets_whether_awake_or_at_rest) {
    for (const SessionHandle session : {1u, 2u}) schedule.wake(session);
    rest(1, start);
    schedule.forget(1);
    schedule.forget(2);
    EXPECT_FALSE(schedule.next_awake(0));
    EXPECT_FALSE(schedule.next_to_send(0, udp));
    EXPECT_EQ(schedule.next(), time_never);
}

}  // namespace
}  // namespace stt
