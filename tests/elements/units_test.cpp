// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/units.hpp"

#include <gtest/gtest.h>

#include "gst/owned.hpp"

namespace stt {
namespace {

BufferPtr buffer(unsigned flags, GstClockTime pts = GST_SECOND) {
    BufferPtr made(gst_buffer_new());
    GST_BUFFER_FLAG_SET(made.get(), flags);
    GST_BUFFER_PTS(made.get()) = pts;
    return made;
}

TEST(Units, FollowTheFlags) {
    EXPECT_EQ(unit_of(buffer(0).get()), Unit::key);
    EXPECT_EQ(unit_of(buffer(GST_BUFFER_FLAG_DELTA_UNIT).get()), Unit::delta);
    EXPECT_EQ(unit_of(buffer(GST_BUFFER_FLAG_HEADER, GST_CLOCK_TIME_NONE).get()), Unit::header);
    EXPECT_EQ(unit_of(buffer(GST_BUFFER_FLAG_HEADER).get()), Unit::key) << "it has parameter sets only";
}

TEST(Units, AnUnknownDurationCountsAsNone) {
    const BufferPtr made = buffer(0);
    EXPECT_EQ(known_duration(made.get()), 0u);
    GST_BUFFER_DURATION(made.get()) = 5;
    EXPECT_EQ(known_duration(made.get()), 5u);
}

TEST(KeyUnitWait, EndsWithAKeyUnit) {
    KeyUnitWait wait;
    EXPECT_FALSE(wait.holds_back(Unit::delta, 1000)) << "nothing has begun it";
    wait.begin(1000);
    EXPECT_TRUE(wait.waiting());
    EXPECT_TRUE(wait.holds_back(Unit::delta, 1000));
    EXPECT_FALSE(wait.holds_back(Unit::header, 1000));
    EXPECT_TRUE(wait.waiting()) << "a header is not what is awaited";
    EXPECT_FALSE(wait.holds_back(Unit::key, 1000));
    EXPECT_FALSE(wait.waiting());
    EXPECT_FALSE(wait.holds_back(Unit::delta, 1000));
}

TEST(KeyUnitWait, EndsAfterAWhile) {
    KeyUnitWait wait;
    wait.begin(1000);
    EXPECT_TRUE(wait.holds_back(Unit::delta, 1000 + KeyUnitWait::patience - 1));
    EXPECT_FALSE(wait.holds_back(Unit::delta, 1000 + KeyUnitWait::patience));
    EXPECT_FALSE(wait.waiting());
}

TEST(KeyUnitWait, BeginsAnewWhileThereIsNoReceiver) {
    KeyUnitWait wait;
    wait.begin(1000);
    wait.begin(2000);
    EXPECT_TRUE(wait.holds_back(Unit::delta, 1000 + KeyUnitWait::patience));
    wait.clear();
    EXPECT_FALSE(wait.holds_back(Unit::delta, 2000));
}

}  // namespace
}  // namespace stt
