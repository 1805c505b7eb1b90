// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/retry_question.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

RetryQuestion::Subject about(ErrorCode code, bool retried = true) {
    return {make_error(code, Reason::none, ErrorOrigin::network, "it failed"), retried, 1s};
}

TEST(RetryQuestion, is_answered_once) {
    RetryQuestion question;
    EXPECT_FALSE(question.open());
    const uint64_t number = question.ask(about(ErrorCode::connection_refused));
    EXPECT_TRUE(question.open());
    const auto asked = question.answer(number);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->error.code, ErrorCode::connection_refused);
    EXPECT_EQ(asked->delay, 1s);
    EXPECT_FALSE(question.open());
    EXPECT_FALSE(question.answer(number));
}

TEST(RetryQuestion, an_answer_to_an_earlier_one_does_not_count) {
    RetryQuestion question;
    const uint64_t first = question.ask(about(ErrorCode::connection_refused));
    EXPECT_TRUE(question.withdraw());
    EXPECT_FALSE(question.withdraw());
    EXPECT_FALSE(question.answer(first));
    const uint64_t second = question.ask(about(ErrorCode::connection_timeout));
    EXPECT_FALSE(question.answer(first));
    EXPECT_TRUE(question.open());
    EXPECT_EQ(question.answer(second)->error.code, ErrorCode::connection_timeout);
}

TEST(RetryQuestion, the_standard_answer_is_what_was_meant_by_default) {
    EXPECT_FALSE(about(ErrorCode::timeout, true).ended_by(RetryDecision::standard));
    EXPECT_TRUE(about(ErrorCode::timeout, false).ended_by(RetryDecision::standard));
    EXPECT_FALSE(about(ErrorCode::timeout, false).ended_by(RetryDecision::retry));
    EXPECT_TRUE(about(ErrorCode::timeout, true).ended_by(RetryDecision::stop));
}

}  // namespace
}  // namespace stt
