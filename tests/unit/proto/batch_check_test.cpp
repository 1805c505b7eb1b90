// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/batch_check.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

struct BatchCheckTest : testing::Test {
    SentPacket packet(bool batched) const {
        SentPacket made;
        made.sent = now;
        made.ack_eliciting = true;
        made.batched = batched;
        return made;
    }
    void acked(bool batched) {
        Recovery::Outcome outcome;
        outcome.acked.push_back(packet(batched));
        check.on_outcome(now, outcome);
        now += 1ms;
    }
    void lost(bool batched) {
        Recovery::Outcome outcome;
        outcome.lost.push_back(packet(batched));
        check.on_outcome(now, outcome);
        now += 1ms;
    }
    BatchCheck check;
    Time now{1s};
};

TEST_F(BatchCheckTest, BatchesThatNeverArriveAreGivenUp) {
    for (unsigned round = 0; round < BatchCheck::rounds_max; round++) {
        EXPECT_TRUE(check.allowed());
        acked(false);
        lost(true);
    }
    EXPECT_FALSE(check.allowed());
}

TEST_F(BatchCheckTest, AnOutageTakesEverything) {
    for (int i = 0; i < 100; i++) lost(true);
    EXPECT_TRUE(check.allowed());
}

TEST_F(BatchCheckTest, LossIsNotAlways) {
    for (int i = 0; i < 100; i++) {
        acked(false);
        lost(true);
        if (i % 2) acked(true);
    }
    EXPECT_TRUE(check.allowed());
}

TEST_F(BatchCheckTest, OneLossIsOneRound) {
    acked(false);
    Recovery::Outcome outcome;
    for (int i = 0; i < 10; i++) outcome.lost.push_back(packet(true));
    now += 1ms;
    for (int i = 0; i < 10; i++) check.on_outcome(now, outcome);
    EXPECT_TRUE(check.allowed());
}

}  // namespace
}  // namespace stt
