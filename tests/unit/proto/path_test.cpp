// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stt {
namespace {

class SeededRandom : public Random {
  public:
    void fill(MutableBytes out) override {
        for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_());
    }

  private:
    std::mt19937 engine_{7};
};

const Address home = Address::v4({192, 0, 2, 1}, 7600);
const Address moved = Address::v4({192, 0, 2, 1}, 9999);
const Address elsewhere = Address::v4({198, 51, 100, 7}, 7600);
constexpr Duration rtt = 100ms;
const Time start = Time{} + 1s;

struct PathTest : ::testing::Test {
    SeededRandom random;
    Path path{home};
};

TEST_F(PathTest, is_quiet_while_nobody_moves) {
    EXPECT_EQ(path.remote(), home);
    EXPECT_EQ(path.next_timeout(), time_never);
    EXPECT_FALSE(path.challenge_due(start, rtt));
    EXPECT_FALSE(path.take_response());
    EXPECT_FALSE(path.on_response(home, {}));
}

TEST_F(PathTest, moves_only_after_the_response_to_its_challenge) {
    path.suspect(start, moved, 1200, random);
    EXPECT_EQ(path.next_timeout(), start);
    const auto token = path.challenge_due(start, rtt);
    ASSERT_TRUE(token);
    EXPECT_EQ(path.candidate(), moved);
    EXPECT_EQ(path.remote(), home);
    EXPECT_TRUE(path.on_response(moved, *token));
    EXPECT_EQ(path.remote(), moved);
    EXPECT_EQ(path.next_timeout(), time_never);
    EXPECT_FALSE(path.on_response(moved, *token)) << "the response came twice";
}

TEST_F(PathTest, believes_no_response_from_elsewhere_or_with_another_token) {
    path.suspect(start, moved, 1200, random);
    auto token = *path.challenge_due(start, rtt);
    EXPECT_FALSE(path.on_response(elsewhere, token));
    EXPECT_FALSE(path.on_response(home, token));
    Path::Token wrong = token;
    wrong[3] ^= 1;
    EXPECT_FALSE(path.on_response(moved, wrong));
    EXPECT_EQ(path.remote(), home);
    EXPECT_TRUE(path.on_response(moved, token));
}

TEST_F(PathTest, a_newer_candidate_voids_the_challenge_to_the_older) {
    path.suspect(start, moved, 1200, random);
    const auto first = *path.challenge_due(start, rtt);
    path.suspect(start, elsewhere, 1200, random);
    const auto second = *path.challenge_due(start, rtt);
    EXPECT_NE(first, second);
    EXPECT_FALSE(path.on_response(moved, first));
    EXPECT_FALSE(path.on_response(elsewhere, first));
    EXPECT_TRUE(path.on_response(elsewhere, second));
}

TEST_F(PathTest, repeats_the_challenge_every_two_round_trips_and_gives_up) {
    path.suspect(start, moved, 1200, random);
    Time now = start;
    unsigned challenges = 0;
    while (path.next_timeout() != time_never && challenges <= Path::challenges_max) {
        now = path.next_timeout();
        if (!path.challenge_due(now, rtt)) continue;
        challenges++;
        EXPECT_EQ(path.next_timeout(), now + 2 * rtt);
        EXPECT_FALSE(path.challenge_due(now + 2 * rtt - 1ns, rtt));
        path.suspect(now, moved, 1200, random);  // more packets from there change nothing
    }
    EXPECT_EQ(challenges, Path::challenges_max);
    EXPECT_EQ(now, start + Path::challenges_max * 2 * rtt);
    EXPECT_EQ(path.remote(), home);
    path.suspect(now, moved, 1200, random);
    EXPECT_TRUE(path.challenge_due(now, rtt)) << "a candidate given up may try again";
}

TEST_F(PathTest, challenges_keep_a_distance_on_the_shortest_paths) {
    path.suspect(start, moved, 1200, random);
    path.challenge_due(start, 0ns);
    EXPECT_GE(path.next_timeout(), start + 10ms);
}

TEST_F(PathTest, a_response_is_owed_once_to_where_the_challenge_came_from) {
    const Path::Token token{1, 2, 3, 4, 5, 6, 7, 8};
    path.owe_response(elsewhere, token);
    const auto response = path.take_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->to, elsewhere);
    EXPECT_EQ(response->token, token);
    EXPECT_FALSE(path.take_response());
}

}  // namespace
}  // namespace stt
