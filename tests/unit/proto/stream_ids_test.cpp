// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/stream_ids.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

TEST(StreamIds, the_callers_are_even_and_the_responders_odd) {
    StreamIds caller(true), responder(false);
    EXPECT_TRUE(caller.is_ours(0));
    EXPECT_FALSE(caller.is_ours(3));
    EXPECT_FALSE(responder.is_ours(0));
    EXPECT_TRUE(responder.is_ours(3));
    EXPECT_EQ(caller.next(), 0u);
    EXPECT_EQ(responder.next(), 1u);
}

TEST(StreamIds, the_next_one_is_the_lowest_that_is_not_used) {
    StreamIds ids(true);
    ids.use(0);
    ids.use(4);
    ids.use(1);  // the peer's
    EXPECT_EQ(ids.next(), 2u);
    EXPECT_EQ(ids.next(), 2u) << "it is not used yet";
    ids.use(2);
    EXPECT_EQ(ids.next(), 6u);
    EXPECT_TRUE(ids.is_used(4));
    EXPECT_FALSE(ids.is_used(6));
    EXPECT_FALSE(ids.is_used(3));
}

TEST(StreamIds, ids_of_one_side_in_a_row_are_one_range) {
    StreamIds ids(true);
    for (StreamId id = 0; id < 2000; id++) ids.use(id);
    EXPECT_EQ(ids.ranges(), 2u);
    ids.use(3000);
    EXPECT_EQ(ids.ranges(), 3u);
}

}  // namespace
}  // namespace stt
