// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/batch_check.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace stt {
namespace {

constexpr Duration round_trip = 20ms;

struct BatchCheckTest : testing::Test {
    SentPacket packet(bool batched) {
        SentPacket made;
        made.sent = now += 1ms;
        made.ack_eliciting = true;
        made.batched = batched;
        return made;
    }
    void outcome_of(std::vector<SentPacket> acked, std::vector<SentPacket> lost) {
        Recovery::Outcome outcome;
        outcome.acked = std::move(acked);
        outcome.lost = std::move(lost);
        check.on_outcome(now += round_trip, round_trip, outcome);
    }
    void acked(bool batched) { outcome_of({packet(batched)}, {}); }
    void lost(bool batched) { outcome_of({}, {packet(batched)}); }
    BatchCheck check;
    Time now{1s};
};

TEST_F(BatchCheckTest, ABatchLostBetweenSingleOnesIsTheLastForAWhile) {
    acked(true);
    acked(false);
    EXPECT_TRUE(check.allowed(now));
    lost(true);
    for (Duration pause : {1s, 8s, 64s, 300s, 300s}) {
        EXPECT_FALSE(check.allowed(now + pause - 1ms));
        EXPECT_TRUE(check.allowed(now + pause));
        acked(false);
        now += pause;
        lost(true);
    }
    now += BatchCheck::pause_max;
    acked(true);
    acked(false);
    lost(true);
    EXPECT_TRUE(check.allowed(now + BatchCheck::pause_initial)) << "one had got through";
}

TEST_F(BatchCheckTest, AfterAnOutageTheFirstRoundTripGoesSingly) {
    const SentPacket batched = packet(true), probe = packet(false);
    outcome_of({probe}, {batched});
    EXPECT_FALSE(check.allowed(now));
    EXPECT_TRUE(check.allowed(now + round_trip));
    // What was sent before the decision says nothing new about it.
    outcome_of({probe}, {batched});
    EXPECT_TRUE(check.allowed(now));
}

TEST_F(BatchCheckTest, ALossOfEverythingTellsNothing) {
    for (int i = 0; i < 100; i++) lost(true);
    EXPECT_TRUE(check.allowed(now));
}

TEST_F(BatchCheckTest, WherePartsOfABatchGetThroughItIsCommonLoss) {
    for (int i = 0; i < 100; i++) {
        acked(false);
        const SentPacket part = packet(true);
        outcome_of({part, packet(false)}, {part, part});
        EXPECT_TRUE(check.allowed(now));
    }
}

}  // namespace
}  // namespace stt
