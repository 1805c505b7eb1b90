// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/window_schedule.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

const Time start = Time{} + 1s;

TEST(WindowSchedule, has_nothing_due_at_first) {
    WindowSchedule schedule;
    EXPECT_EQ(schedule.next(), time_never);
    EXPECT_FALSE(schedule.due(start));
    EXPECT_FALSE(schedule.due(time_never));
    schedule.set(2, time_never);
    EXPECT_EQ(schedule.next(), time_never);
}

TEST(WindowSchedule, the_earliest_frame_comes_first) {
    WindowSchedule schedule;
    schedule.set(0, start + 2s);
    schedule.set(2, start + 1s);
    schedule.set(4, start + 3s);
    EXPECT_EQ(schedule.next(), start + 1s);
    EXPECT_FALSE(schedule.due(start));
    EXPECT_EQ(schedule.due(start + 1s), 2u);
    schedule.set(2, time_never);
    EXPECT_FALSE(schedule.due(start + 1s));
    EXPECT_EQ(schedule.due(start + 9s), 0u);
}

TEST(WindowSchedule, a_stream_has_one_time) {
    WindowSchedule schedule;
    schedule.set(0, start + 2s);
    schedule.set(0, start + 1s);
    EXPECT_EQ(schedule.next(), start + 1s);
    schedule.set(0, start + 3s);
    EXPECT_EQ(schedule.next(), start + 3s);
    EXPECT_FALSE(schedule.due(start + 2s));
    schedule.set(0, start + 3s);
    schedule.set(0, time_never);
    EXPECT_EQ(schedule.next(), time_never);
}

}  // namespace
}  // namespace stt
