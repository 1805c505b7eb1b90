// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_window.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr uint64_t window = 1000;

TEST(SessionWindow, permits_nothing_before_the_peer_does) {
    SessionWindow session(window);
    EXPECT_EQ(session.credit(), 0u);
    session.on_limit(300);
    EXPECT_EQ(session.credit(), 300u);
}

TEST(SessionWindow, what_is_sent_uses_credit_up) {
    SessionWindow session(window);
    session.on_limit(300);
    session.on_sent(300);
    EXPECT_EQ(session.credit(), 0u);
    session.on_limit(200);  // an old frame that comes late
    EXPECT_EQ(session.credit(), 0u);
    session.on_limit(350);
    EXPECT_EQ(session.credit(), 50u);
}

TEST(SessionWindow, the_peer_may_use_the_window_and_no_more) {
    SessionWindow session(window);
    EXPECT_TRUE(session.on_received(window - 1));
    EXPECT_TRUE(session.on_received(1));
    EXPECT_FALSE(session.on_received(1));
}

TEST(SessionWindow, what_is_taken_opens_it_again) {
    SessionWindow session(window);
    EXPECT_TRUE(session.on_received(window));
    session.on_taken(400);
    EXPECT_EQ(session.limit(), window + 400);
    EXPECT_TRUE(session.on_received(400));
    EXPECT_FALSE(session.on_received(1));
}

TEST(SessionWindow, a_frame_is_due_once_a_quarter_has_opened) {
    SessionWindow session(window);
    EXPECT_TRUE(session.on_received(window));
    session.on_taken(window / 4 - 1);
    EXPECT_FALSE(session.frame_due());
    session.on_taken(1);
    EXPECT_TRUE(session.frame_due());
    session.on_frame_sent();
    EXPECT_FALSE(session.frame_due());
    session.on_taken(window / 4 - 1);
    EXPECT_FALSE(session.frame_due()) << "counted from the last frame";
    session.on_frame_lost();
    EXPECT_TRUE(session.frame_due());
}

TEST(SessionWindow, is_twice_the_largest_window_of_a_stream) {
    SessionWindow session(window);
    session.grow(window / 2);
    EXPECT_EQ(session.limit(), window);
    EXPECT_FALSE(session.frame_due());
    session.grow(window);
    EXPECT_EQ(session.limit(), 2 * window);
    EXPECT_TRUE(session.frame_due()) << "it has doubled";
    session.grow(window / 2);
    EXPECT_EQ(session.limit(), 2 * window) << "it does not shrink";
}

}  // namespace
}  // namespace stt
