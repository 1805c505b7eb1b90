// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_timers.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace stt {
namespace {

TEST(Deadlines, are_never_until_set) {
    const Deadlines deadlines;
    EXPECT_EQ(deadlines.next().at, time_never);
    EXPECT_EQ(deadlines.at(Timer::pacer), time_never);
}

TEST(Deadlines, name_the_earliest) {
    Deadlines deadlines;
    deadlines.set(Timer::keep_alive, Time{} + 2s);
    deadlines.set(Timer::loss_detection, Time{} + 1s);
    EXPECT_EQ(deadlines.next().timer, Timer::loss_detection);
    EXPECT_EQ(deadlines.next().at, Time{} + 1s);
    deadlines.set(Timer::loss_detection, time_never);
    EXPECT_EQ(deadlines.next().timer, Timer::keep_alive);
}

TEST(Timer, every_one_has_a_name_of_its_own) {
    std::set<std::string> names;
    for (size_t i = 0; i < timer_count; i++) {
        const std::string name = timer_name(static_cast<Timer>(i));
        EXPECT_FALSE(name.empty()) << i;
        EXPECT_TRUE(names.insert(name).second) << name;
    }
    EXPECT_STREQ(timer_name(Timer::resumption), "resumption") << "the last";
    EXPECT_EQ(static_cast<size_t>(Timer::resumption) + 1, timer_count);
}

}  // namespace
}  // namespace stt
