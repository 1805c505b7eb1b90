// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stats_board.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace stt {
namespace {

LinkStats stats_of(uint64_t sessions) {
    LinkStats stats;
    stats.sessions = sessions;
    return stats;
}

TEST(StatsBoard, a_thread_that_asks_gets_what_is_posted_after) {
    StatsBoard board;
    board.post(stats_of(1), false);
    // As the I/O thread: whenever it is wanted.
    std::jthread io([&](const std::stop_token& over) {
        while (!over.stop_requested()) {
            if (board.wanted()) board.post(stats_of(2), false);
            std::this_thread::yield();
        }
    });
    // The thread may not get its turn in time on a busy machine.
    uint64_t sessions = 0;
    for (int tries = 0; sessions != 2 && tries < 200; tries++) sessions = board.ask([] {}).sessions;
    EXPECT_EQ(sessions, 2u);
}

TEST(StatsBoard, without_an_answer_the_latest_will_do) {
    StatsBoard board;
    board.post(stats_of(3), false);
    int wakes = 0;
    EXPECT_EQ(board.ask([&] { wakes++; }).sessions, 3u);
    EXPECT_EQ(board.latest().sessions, 3u);
    EXPECT_EQ(wakes, 1);
    EXPECT_TRUE(board.wanted());
    EXPECT_FALSE(board.wanted()) << "until the next thread asks";
}

TEST(StatsBoard, after_the_last_ones_nothing_is_waited_for) {
    StatsBoard board;
    board.post(stats_of(4), true);
    for (int i = 0; i < 1000; i++) ASSERT_EQ(board.ask([] {}).sessions, 4u);  // would take most of a minute
}

}  // namespace
}  // namespace stt
