// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_timers.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
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
}

TEST(Timer, every_one_is_in_the_table_of_the_documentation) {
    const char* root = std::getenv("STT_SOURCE_ROOT");
    if (!root) GTEST_SKIP() << "STT_SOURCE_ROOT does not say where the sources are; meson does";
    std::ifstream file(std::string(root) + "/docs/architecture.md");
    std::set<std::string> documented, timers;
    bool in_table = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("|")) {
            in_table = in_table || line.starts_with("| timer of a session | `Timer` |");
        } else {
            in_table = false;
        }
        std::smatch row;
        if (in_table && std::regex_search(line, row, std::regex("^\\| [^|]+ \\| `([a-z_]+)` \\|")))
            documented.insert(row[1]);
    }
    for (size_t i = 0; i < timer_count; i++) timers.insert(timer_name(static_cast<Timer>(i)));
    EXPECT_EQ(documented, timers);
}

}  // namespace
}  // namespace stt
