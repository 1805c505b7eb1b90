// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/sender_runs.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

using Next = SenderRuns::Next;

TEST(SenderRuns, AResumedStreamIsOfTheSameRun) {
    SenderRuns runs;
    runs.opened(7);
    runs.opened(7);
    EXPECT_EQ(runs.read(0), Next::first_run);
    EXPECT_EQ(runs.instance(), 7u);
    EXPECT_EQ(runs.read(0), Next::same_stream);
    EXPECT_EQ(runs.read(1), Next::same_run);
    EXPECT_EQ(runs.instance(), 7u);
}

TEST(SenderRuns, AnotherInstanceIsAnotherRun) {
    SenderRuns runs;
    runs.opened(7);
    EXPECT_EQ(runs.read(0), Next::first_run);
    runs.opened(8);
    EXPECT_EQ(runs.instance(), 7u) << "nothing of it has been read";
    EXPECT_EQ(runs.read(1), Next::another_run);
    EXPECT_EQ(runs.instance(), 8u);
}

TEST(SenderRuns, StreamsMayEndUnread) {
    SenderRuns runs;
    runs.opened(7);
    runs.opened(8);
    runs.opened(9);
    EXPECT_EQ(runs.read(2), Next::first_run);
    EXPECT_EQ(runs.instance(), 9u);
    runs.opened(9);
    EXPECT_EQ(runs.read(3), Next::same_run);
}

TEST(SenderRuns, ASenderMayNameNoRun) {
    SenderRuns runs;
    EXPECT_EQ(runs.read(0), Next::first_run);
    EXPECT_EQ(runs.instance(), 0u);
    EXPECT_EQ(runs.read(1), Next::same_run);
}

TEST(SenderRuns, NumbersCountFromTheStart) {
    SenderRuns runs;
    runs.opened(7);
    runs.opened(8);
    runs.read(0);
    runs.start();
    EXPECT_EQ(runs.instance(), 0u);
    runs.opened(9);
    EXPECT_EQ(runs.read(0), Next::first_run);
    EXPECT_EQ(runs.instance(), 9u);
}

}  // namespace
}  // namespace stt
