// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/liveness.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

const Time start = Time{} + 1s;

struct LivenessTest : ::testing::Test {
    Liveness liveness{start, 10s, 30s};

    LivenessTest() { liveness.start(start); }
};

TEST_F(LivenessTest, sends_a_keep_alive_when_nothing_was_heard_for_the_interval) {
    EXPECT_EQ(liveness.next_keep_alive(false), start + 10s);
    liveness.on_received(start + 4s);
    EXPECT_EQ(liveness.next_keep_alive(false), start + 14s);
    liveness.ask(start + 14s);
    EXPECT_TRUE(liveness.keep_alive_due());
    EXPECT_EQ(liveness.next_keep_alive(false), start + 24s);
    liveness.on_keep_alive_sent();
    EXPECT_FALSE(liveness.keep_alive_due());
}

TEST_F(LivenessTest, sends_three_before_either_side_loses_patience) {
    liveness.set_peer_timeout(6s);
    EXPECT_EQ(liveness.next_keep_alive(false), start + 2s);
    Liveness impatient{start, 10s, 3s};
    impatient.start(start);
    EXPECT_EQ(impatient.next_keep_alive(false), start + 1s);
}

TEST_F(LivenessTest, does_not_let_a_peer_ask_for_a_storm) {
    liveness.set_peer_timeout(1ms);
    EXPECT_EQ(liveness.next_keep_alive(false), start + Liveness::interval_min);
}

TEST_F(LivenessTest, is_silent_only_when_something_is_unanswered) {
    EXPECT_FALSE(liveness.silent(start + 5s, false));
    EXPECT_FALSE(liveness.silent(start + silence_probe_fast, true));
    EXPECT_TRUE(liveness.silent(start + silence_probe_fast + 1ns, true));
}

TEST_F(LivenessTest, probes_a_silence_often_for_a_minute_and_then_at_leisure) {
    Time now = start;
    unsigned fast = 0;
    while (now < start + silence_fast_for) {
        EXPECT_EQ(liveness.next_keep_alive(true), now + silence_probe_fast);
        now = liveness.next_keep_alive(true);
        liveness.ask(now);
        fast++;
    }
    EXPECT_EQ(fast, 600u);
    EXPECT_EQ(liveness.next_keep_alive(true), now + silence_probe_slow);
}

TEST_F(LivenessTest, is_lost_after_the_timeout) {
    EXPECT_EQ(liveness.timeout_deadline(), start + 30s);
    EXPECT_FALSE(liveness.lost(start + 30s - 1ns));
    const std::optional<Error> lost = liveness.lost(start + 30s);
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->code, ErrorCode::session_timeout);
    EXPECT_EQ(lost->reason, Reason::keepalive_timeout);
    EXPECT_TRUE(lost->terminal);
    EXPECT_EQ(liveness.on_received(start + 29s), start);
    EXPECT_FALSE(liveness.lost(start + 30s));
}

TEST_F(LivenessTest, a_doubted_peer_has_to_show_itself) {
    liveness.doubt(start + 1s, 2s);
    EXPECT_TRUE(liveness.keep_alive_due()) << "it is asked to";
    liveness.doubt(start + 2s, 2s);
    EXPECT_EQ(liveness.doubt_deadline(), start + 3s) << "another claim gives it no more time";
    const std::optional<Error> lost = liveness.lost(start + 3s);
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->reason, Reason::doubted);
    liveness.on_received(start + 2s);
    EXPECT_FALSE(liveness.lost(start + 3s));
    EXPECT_EQ(liveness.doubt_deadline(), time_never);
}

TEST_F(LivenessTest, believes_that_nobody_is_there_only_of_a_doubted_peer) {
    liveness.on_refused(start + 1s);
    EXPECT_FALSE(liveness.lost(start + 1s));
    liveness.doubt(start + 1s, 2s);
    liveness.on_refused(start + 1500ms);
    EXPECT_TRUE(liveness.lost(start + 1500ms));
}

TEST_F(LivenessTest, numbers_its_keep_alives_and_answers_the_peers) {
    EXPECT_EQ(liveness.make_keep_alive().sequence, 0u);
    EXPECT_EQ(liveness.make_keep_alive().sequence, 1u);
    EXPECT_FALSE(liveness.answer_due());
    liveness.on_keep_alive({7});
    EXPECT_EQ(liveness.answer_due(), 7u);
    liveness.on_answer_sent();
    EXPECT_FALSE(liveness.answer_due());
}

}  // namespace
}  // namespace stt
