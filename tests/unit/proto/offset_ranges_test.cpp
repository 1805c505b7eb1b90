// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/offset_ranges.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace stt {
namespace {

using Range = OffsetRanges::Range;
using List = std::vector<Range>;

TEST(OffsetRanges, starts_empty) {
    OffsetRanges ranges;
    EXPECT_TRUE(ranges.empty());
    EXPECT_FALSE(ranges.contains(0));
}

TEST(OffsetRanges, ignores_empty_and_inverted_ranges) {
    OffsetRanges ranges;
    ranges.add(5, 5);
    ranges.add(6, 5);
    EXPECT_TRUE(ranges.empty());
    ranges.add(0, 10);
    ranges.remove(5, 5);
    ranges.remove(6, 5);
    EXPECT_EQ(ranges.list(), (List{{0, 10}}));
}

TEST(OffsetRanges, joins_ranges_that_touch_or_overlap) {
    OffsetRanges ranges;
    ranges.add(0, 10);
    ranges.add(20, 30);
    ranges.add(40, 50);
    EXPECT_EQ(ranges.list(), (List{{0, 10}, {20, 30}, {40, 50}}));
    ranges.add(10, 20);
    EXPECT_EQ(ranges.list(), (List{{0, 30}, {40, 50}}));
    ranges.add(25, 60);
    EXPECT_EQ(ranges.list(), (List{{0, 60}}));
}

TEST(OffsetRanges, removal_splits_trims_and_erases) {
    OffsetRanges ranges;
    ranges.add(0, 100);
    ranges.remove(40, 60);
    EXPECT_EQ(ranges.list(), (List{{0, 40}, {60, 100}}));
    ranges.remove(30, 70);
    EXPECT_EQ(ranges.list(), (List{{0, 30}, {70, 100}}));
    ranges.remove(0, 30);
    EXPECT_EQ(ranges.list(), (List{{70, 100}}));
    ranges.remove(0, 1000);
    EXPECT_TRUE(ranges.empty());
}

TEST(OffsetRanges, contains_half_open) {
    OffsetRanges ranges;
    ranges.add(10, 20);
    EXPECT_FALSE(ranges.contains(9));
    EXPECT_TRUE(ranges.contains(10));
    EXPECT_TRUE(ranges.contains(19));
    EXPECT_FALSE(ranges.contains(20));
}

/// Against a set of single numbers.
TEST(OffsetRanges, behaves_like_a_set) {
    constexpr uint64_t universe = 64;
    for (unsigned seed = 1; seed <= 50; seed++) {
        std::mt19937 random(seed);
        OffsetRanges ranges;
        std::set<uint64_t> model;
        for (int step = 0; step < 300; step++) {
            const uint64_t begin = random() % universe;
            const uint64_t end = begin + random() % 12;
            if (random() % 2) {
                ranges.add(begin, end);
                for (uint64_t i = begin; i < end; i++) model.insert(i);
            } else {
                ranges.remove(begin, end);
                for (uint64_t i = begin; i < end; i++) model.erase(i);
            }
            std::set<uint64_t> listed;
            uint64_t previous_end = 0;
            bool first = true;
            for (const Range& range : ranges.list()) {
                ASSERT_LT(range.begin, range.end);
                ASSERT_TRUE(first || range.begin > previous_end) << "ranges touch, seed " << seed;
                first = false;
                previous_end = range.end;
                for (uint64_t i = range.begin; i < range.end; i++) listed.insert(i);
            }
            ASSERT_EQ(listed, model) << "seed " << seed << " step " << step;
            for (uint64_t i = 0; i < universe + 16; i++) ASSERT_EQ(ranges.contains(i), model.contains(i));
        }
    }
}

}  // namespace
}  // namespace stt
