// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_exchange.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr Time begin{1000s};

struct ClockExchangeTest : ::testing::Test {
    ClockRequester requester;

    /// Requests in the `duration` after `from`, none of which is answered.
    unsigned count(Time from, Duration duration) {
        unsigned requests = 0;
        while (requester.next_timeout() < from + duration) {
            requester.make_request(std::max(from, requester.next_timeout()));
            requests++;
        }
        return requests;
    }
    std::optional<ClockSample> answer(Time at, uint64_t sequence) {
        return requester.on_response(at, {sequence, 5'000'000, 5'000'100});
    }
};

TEST_F(ClockExchangeTest, nothing_is_asked_before_the_start) {
    EXPECT_EQ(requester.next_timeout(), time_never);
    EXPECT_FALSE(requester.due(begin + 1000s));
}

TEST_F(ClockExchangeTest, it_asks_often_at_first_and_then_once_a_second) {
    requester.start(begin);
    EXPECT_TRUE(requester.due(begin));
    EXPECT_EQ(count(begin, 60ms), 3u) << "three in quick succession";
    EXPECT_NEAR(count(begin + 60ms, 1940ms), 20, 1) << "then ten a second";
    EXPECT_NEAR(count(begin + 2s, 58s), 232, 2) << "then four until a minute";
    EXPECT_NEAR(count(begin + 60s, 3600s), 3600, 5) << "then one";
}

TEST_F(ClockExchangeTest, it_asks_more_often_after_a_jump_or_a_silence) {
    requester.start(begin);
    count(begin, 600s);
    requester.hasten(begin + 600s);
    EXPECT_TRUE(requester.due(begin + 600s));
    EXPECT_NEAR(count(begin + 600s, 2s), 22, 1);
    EXPECT_NEAR(count(begin + 602s, 100s), 100, 2);
    const auto request = requester.make_request(begin + 710s);
    ASSERT_TRUE(answer(begin + 710s + 10ms, request.sequence));
    EXPECT_TRUE(requester.due(begin + 710s + 10ms)) << "the first answer after a silence";
}

TEST_F(ClockExchangeTest, a_noisy_path_is_worth_two_a_second) {
    requester.start(begin);
    count(begin, 100s);
    requester.set_often(true);
    EXPECT_NEAR(count(begin + 100s, 100s), 200, 2);
    requester.set_often(false);
    EXPECT_NEAR(count(begin + 200s, 100s), 100, 2);
}

TEST_F(ClockExchangeTest, however_often_it_is_hastened_the_rate_has_a_ceiling) {
    requester.start(begin);
    unsigned requests = 0;
    for (int second = 0; second < 3600; second++) {
        requester.hasten(begin + std::chrono::seconds(second));
        requests += count(begin + std::chrono::seconds(second), 1s);
    }
    EXPECT_LE(requests, 2 * 3600u + 260 + 60);
}

TEST_F(ClockExchangeTest, an_answer_makes_a_sample) {
    requester.start(begin);
    const auto request = requester.make_request(begin + 1ms);
    const auto sample = requester.on_response(begin + 21ms, {request.sequence, 77, 99});
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->sent, 1'000'001'000'000);
    EXPECT_EQ(sample->peer_received, 77);
    EXPECT_EQ(sample->peer_sent, 99);
    EXPECT_EQ(sample->received, 1'000'021'000'000);
}

TEST_F(ClockExchangeTest, answers_nobody_asked_for_and_repeated_ones_count_for_nothing) {
    EXPECT_FALSE(answer(begin, 0));
    requester.start(begin);
    const auto first = requester.make_request(begin);
    EXPECT_FALSE(answer(begin + 1ms, first.sequence + 1)) << "not asked yet";
    EXPECT_FALSE(answer(begin + 1ms, first.sequence + 64)) << "in the same place";
    EXPECT_FALSE(answer(begin + 1ms, varint_max));
    EXPECT_TRUE(answer(begin + 1ms, first.sequence));
    EXPECT_FALSE(answer(begin + 2ms, first.sequence)) << "a duplicate";
    const auto old = requester.make_request(begin + 3ms);
    for (int i = 0; i < 64; i++) requester.make_request(begin + 4ms);
    EXPECT_FALSE(answer(begin + 5ms, old.sequence)) << "forgotten";
}

TEST(ClockResponder, it_answers_with_its_times) {
    ClockResponder responder;
    EXPECT_FALSE(responder.due());
    responder.on_request(begin, {7});
    ASSERT_TRUE(responder.due());
    const auto response = responder.make_response(begin + 1us);
    EXPECT_EQ(response.sequence, 7u);
    EXPECT_EQ(response.received, 1'000'000'000'000u);
    EXPECT_EQ(response.sent, 1'000'000'001'000u);
    EXPECT_FALSE(responder.due());
}

TEST(ClockResponder, a_flood_is_answered_fifty_times_a_second_and_holds_no_memory) {
    ClockResponder responder;
    unsigned answers = 0;
    for (uint64_t i = 0; i < 100'000; i++) {
        const Time now = begin + i * 100us;
        responder.on_request(now, {i});
        for (; responder.due(); answers++) responder.make_response(now);
    }
    EXPECT_LE(answers, 10 * ClockResponder::answers_per_second + ClockResponder::answers_burst + 1);
    EXPECT_GE(answers, 10 * ClockResponder::answers_per_second);
    for (uint64_t i = 0; i < 1000; i++) responder.on_request(begin + 100s, {i});
    unsigned waiting = 0;
    for (; responder.due(); waiting++) responder.make_response(begin + 100s);
    EXPECT_EQ(waiting, ClockResponder::waiting_max);
}

}  // namespace
}  // namespace stt
