// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/result.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace stt {
namespace {

TEST(Result, HoldsAValue) {
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(**result, 7);
    const std::unique_ptr<int> taken = std::move(result.value());
    EXPECT_EQ(*taken, 7);
}

TEST(Result, HoldsAnError) {
    Error error;
    error.code = ErrorCode::timeout;
    const Result<int> result(error);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
}

TEST(Result, ReachesIntoItsValue) {
    const Result<std::string> result(std::string("text"));
    EXPECT_EQ(result->size(), 4u);
    EXPECT_TRUE(success().ok());
}

}  // namespace
}  // namespace stt
