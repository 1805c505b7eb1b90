// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/paths.hpp"

#include <gtest/gtest.h>

#include "tests/lib/seeded_random.hpp"
#include "tests/lib/transports.hpp"

namespace stt {
namespace {

const Address home = Address::v4({192, 0, 2, 1}, 7600);
const Address moved = Address::v4({192, 0, 2, 1}, 9999);
const Address elsewhere = Address::v4({198, 51, 100, 7}, 7600);
const Time start = Time{} + 1s;

struct PathsTest : ::testing::Test {
    SeededRandom random{7};
    SessionConfig config;
    TransportTable transports = datagram_transport(64);
    Paths paths{home, config, transports, random};
    Recovery::Outcome outcome;  // of the latest change of the path
    Time now = start;

    /// The token of the PATH_CHALLENGE that leaves now, if one does, and where to.
    std::optional<PathValidation::Token> challenge(const Address& to = moved) {
        const auto due = paths.take_frame(now, TransportKind::udp);
        if (!due) return std::nullopt;
        EXPECT_EQ(due->to, to);
        return std::get<PathChallengeFrame>(due->frame).data;
    }
    uint64_t send(uint32_t size = 1200) {
        Recovery& recovery = paths.active().recovery();
        const uint64_t number = recovery.next_number();
        recovery.on_sent(now,
                         {.number = number, .sent = now, .size = size, .ack_eliciting = true, .frames = {}});
        return number;
    }
    AckFrame ack_of(uint64_t first, uint64_t last) {
        AckFrame ack;
        ack.delay_us = 0;
        ack.ranges.add({first, last});
        return ack;
    }
    void move(const Address& to) {
        paths.on_newest_from(now, to, 1200);
        const auto token = challenge(to);
        ASSERT_TRUE(token);
        ASSERT_TRUE(paths.validates(to, *token));
        outcome = paths.move(now);
    }
};

TEST_F(PathsTest, are_quiet_while_nobody_moves) {
    paths.on_newest_from(now, home, 1200);
    EXPECT_EQ(paths.active().peer(), home);
    EXPECT_EQ(paths.next_timeout(), time_never);
    EXPECT_FALSE(paths.take_frame(now, TransportKind::udp));
    EXPECT_FALSE(paths.validates(home, {}));
}

TEST_F(PathsTest, move_only_after_the_response_to_the_challenge) {
    paths.on_newest_from(now, moved, 1200);
    EXPECT_EQ(paths.next_timeout(), now);
    const auto token = challenge();
    ASSERT_TRUE(token);
    EXPECT_EQ(paths.active().peer(), home);
    ASSERT_TRUE(paths.validates(moved, *token));
    outcome = paths.move(now);
    EXPECT_EQ(paths.active().peer(), moved);
    EXPECT_EQ(paths.next_timeout(), time_never);
    EXPECT_FALSE(paths.validates(moved, *token)) << "the response came twice";
}

TEST_F(PathsTest, believe_no_response_from_elsewhere_or_with_another_token) {
    paths.on_newest_from(now, moved, 1200);
    const auto token = *challenge();
    EXPECT_FALSE(paths.validates(elsewhere, token));
    EXPECT_FALSE(paths.validates(home, token));
    PathValidation::Token wrong = token;
    wrong[3] ^= 1;
    EXPECT_FALSE(paths.validates(moved, wrong));
    EXPECT_TRUE(paths.validates(moved, token));
}

TEST_F(PathsTest, a_newer_candidate_voids_the_challenge_to_the_older) {
    paths.on_newest_from(now, moved, 1200);
    const auto first = *challenge();
    paths.on_newest_from(now, elsewhere, 1200);
    const auto second = *challenge(elsewhere);
    EXPECT_NE(first, second);
    EXPECT_FALSE(paths.validates(moved, first));
    EXPECT_FALSE(paths.validates(elsewhere, first));
    EXPECT_TRUE(paths.validates(elsewhere, second));
}

TEST_F(PathsTest, repeat_the_challenge_every_two_round_trips_and_give_up) {
    const Duration apart = 2 * RttEstimator::initial;
    paths.on_newest_from(now, moved, 6000);
    unsigned challenges = 0;
    for (unsigned round = 0; round < 20 && paths.next_timeout() != time_never; round++) {
        now = paths.next_timeout();
        if (!challenge()) continue;
        challenges++;
        EXPECT_EQ(paths.next_timeout(), now + apart);
        now += apart - 1ns;
        EXPECT_FALSE(challenge());
        paths.on_newest_from(now, moved, 1200);  // more packets from there change nothing
    }
    EXPECT_EQ(challenges, PathValidation::challenges_max);
    EXPECT_EQ(now, start + PathValidation::challenges_max * apart);
    EXPECT_EQ(paths.active().peer(), home);
    paths.on_newest_from(now, moved, 1200);
    EXPECT_TRUE(challenge()) << "a candidate given up may try again";
}

TEST_F(PathsTest, send_an_address_at_most_three_times_what_came_from_it) {
    paths.on_newest_from(now, moved, 100);
    const auto small = paths.take_frame(now, TransportKind::udp);
    ASSERT_TRUE(small);
    EXPECT_EQ(small->pad_to, 0u) << "300 bytes are too few for a padded one";
    paths.on_newest_from(now, elsewhere, 400);
    const auto padded = paths.take_frame(now, TransportKind::udp);
    ASSERT_TRUE(padded);
    EXPECT_EQ(padded->pad_to, datagram_min);
    paths.on_newest_from(now, moved, 1);
    EXPECT_FALSE(paths.take_frame(now, TransportKind::udp)) << "three bytes are too few for any";
}

TEST_F(PathsTest, owe_a_response_once_to_where_the_challenge_came_from) {
    const PathValidation::Token token{1, 2, 3, 4, 5, 6, 7, 8};
    paths.owe_response(elsewhere, token);
    const auto response = paths.take_frame(now, TransportKind::udp);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->to, elsewhere);
    EXPECT_EQ(std::get<PathResponseFrame>(response->frame).data, token);
    EXPECT_EQ(response->pad_to, datagram_min);
    EXPECT_FALSE(paths.take_frame(now, TransportKind::udp));
}

TEST_F(PathsTest, nothing_learnt_of_one_path_holds_for_another) {
    paths.active().recovery().seed_rtt(20ms);
    send();
    send();
    move(moved);
    EXPECT_EQ(outcome.lost.size(), 2u) << "what was in flight on the path before is sent again";
    Recovery& recovery = paths.active().recovery();
    EXPECT_FALSE(recovery.rtt().measured());
    EXPECT_FALSE(recovery.anything_in_flight());
    EXPECT_EQ(recovery.next_number(), 2u) << "the numbers go on";
}

TEST_F(PathsTest, what_the_path_before_carried_may_yet_be_acknowledged) {
    const uint64_t number = send();
    EXPECT_FALSE(paths.on_late_ack(now, ack_of(number, number))) << "there is no path before";
    move(moved);
    const Recovery::Outcome* const late = paths.on_late_ack(now + 10ms, ack_of(number, number));
    ASSERT_TRUE(late);
    EXPECT_EQ(late->acked.size(), 1u);
}

TEST_F(PathsTest, the_path_before_is_let_go_after_a_second) {
    const uint64_t number = send();
    move(moved);
    EXPECT_FALSE(paths.on_late_ack(now + Paths::previous_kept + 1ns, ack_of(number, number)));
}

TEST_F(PathsTest, statistics_sum_up_what_all_paths_have_carried) {
    send();
    move(moved);
    send();
    send();
    move(elsewhere);
    send();
    SessionStats stats;
    paths.add_to(stats);
    EXPECT_EQ(stats.packets_sent, 4u);
    EXPECT_EQ(stats.in_flight, 1200u);
}

TEST_F(PathsTest, start_over_at_the_same_address) {
    send();
    paths.active().recovery().seed_rtt(20ms);
    outcome = paths.start_over(now);
    EXPECT_EQ(outcome.lost.size(), 1u);
    EXPECT_EQ(paths.active().peer(), home);
    EXPECT_FALSE(paths.active().recovery().rtt().measured());
}

TEST_F(PathsTest, go_on_counting_what_is_lost_when_one_replaces_another) {
    std::vector<Error> notes;
    uint64_t number = 0;
    const auto lose_half_for = [&](Duration time) {
        for (const Time end = now + time; now < end; now += 5ms)
            paths.active().on_arrival(now, number += 2, 1200, notes);
    };
    for (int second = 0; second < 6; second++) {
        lose_half_for(1s);
        if (second % 2 == 0)
            outcome = paths.start_over(now);
        else
            move(second % 4 == 1 ? moved : home);
    }
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_EQ(notes[0].code, ErrorCode::path_loss);
}

TEST_F(PathsTest, a_limit_of_the_peers_holds_for_later_paths_too) {
    config.mtu = 1500;
    Paths limited(home, config, transports, random);
    EXPECT_EQ(limited.active().datagram(), 1472u);
    limited.limit_datagram(1300);
    EXPECT_EQ(limited.active().datagram(), 1300u);
    outcome = limited.start_over(now);
    EXPECT_EQ(limited.active().datagram(), 1300u);
}

TEST(PathValidation, challenges_keep_a_distance_on_the_shortest_paths) {
    SeededRandom random{7};
    PathValidation validation(start, random);
    EXPECT_TRUE(validation.take_challenge(start, 0ns));
    EXPECT_GE(validation.next_timeout(), start + PathValidation::interval_min);
}

}  // namespace
}  // namespace stt
