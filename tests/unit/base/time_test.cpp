// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/time.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

TEST(Time, TheLargestTimeFromTheWireFitsADuration) {
    const auto largest = std::chrono::microseconds(microseconds_max);
    EXPECT_EQ(std::chrono::duration_cast<std::chrono::microseconds>(Duration(largest)), largest);
    EXPECT_LE(microseconds_max, static_cast<uint64_t>(Duration::max().count()) / 1000);
}

TEST(Time, NeverIsLaterThanAnything) {
    EXPECT_GT(time_never, Time(Duration(std::chrono::hours(24 * 365 * 200))));
}

}  // namespace
}  // namespace stt
