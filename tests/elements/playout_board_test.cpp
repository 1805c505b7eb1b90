// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/playout_board.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr GstClockTime ms = GST_MSECOND;

TEST(PlayoutBoard, KnowsNothingBeforeTheFirstTiming) {
    const PlayoutBoard board;
    EXPECT_EQ(board.live(), std::nullopt);
    EXPECT_EQ(board.added_latency(), 0u);
    EXPECT_EQ(board.sender_running_time_at(5), 5u);
}

TEST(PlayoutBoard, ReportsWhatChangesTheAnswerToLatency) {
    PlayoutBoard board;
    EXPECT_TRUE(board.set_timing(false, 0)) << "that the stream is not live is new";
    EXPECT_FALSE(board.set_timing(false, 0));
    EXPECT_TRUE(board.set_timing(true, 0));
    EXPECT_TRUE(board.set_timing(true, 30 * ms));
    EXPECT_FALSE(board.set_timing(true, 30 * ms));
    EXPECT_EQ(board.live(), true);
    EXPECT_EQ(board.added_latency(), 30 * ms);
}

TEST(PlayoutBoard, AppliesOnlySignificantChangesOfTheBaseDelay) {
    PlayoutBoard board;
    EXPECT_FALSE(board.set_base_delay(5 * ms));
    EXPECT_EQ(board.added_latency(), 0u);
    EXPECT_TRUE(board.set_base_delay(20 * ms));
    EXPECT_FALSE(board.set_base_delay(25 * ms));
    EXPECT_FALSE(board.set_base_delay(10 * ms)) << "a shorter delay does no harm";
    EXPECT_EQ(board.added_latency(), 20 * ms);
    EXPECT_TRUE(board.set_base_delay(9 * ms));
    EXPECT_TRUE(board.set_base_delay(15 * ms));
    EXPECT_EQ(board.added_latency(), 15 * ms);
}

TEST(PlayoutBoard, MapsToTheSendersRunningTime) {
    PlayoutBoard board;
    board.set_to_sender({0, -10, 0});
    EXPECT_EQ(board.sender_running_time_at(15), 5u);
    EXPECT_EQ(board.sender_running_time_at(10), 0u);
    EXPECT_EQ(board.sender_running_time_at(9), GST_CLOCK_TIME_NONE) << "before its start";
    EXPECT_EQ(board.sender_running_time_at(GST_CLOCK_TIME_NONE), GST_CLOCK_TIME_NONE);
}

TEST(PlayoutBoard, ForgetsThePreviousStream) {
    PlayoutBoard board;
    board.set_timing(true, 30 * ms);
    board.set_base_delay(20 * ms);
    board.set_to_sender({0, -10, 0});
    board.reset();
    EXPECT_EQ(board.live(), std::nullopt);
    EXPECT_EQ(board.added_latency(), 0u);
    EXPECT_EQ(board.sender_running_time_at(5), 5u);
}

}  // namespace
}  // namespace stt
