// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/send_scheduler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace stt {
namespace {

using Pending = SendStream::Pending;

struct SendSchedulerTest : ::testing::Test {
    SendScheduler scheduler;

    /// Serves the stream whose turn it is, which has more to send after that.
    std::optional<StreamId> serve(uint8_t priority, bool credit = true) {
        const auto id = scheduler.next(credit);
        if (id) scheduler.on_served(*id, priority);
        return id;
    }
    std::vector<StreamId> serve_times(size_t count, uint8_t priority) {
        std::vector<StreamId> served;
        for (size_t i = 0; i < count; i++) served.push_back(serve(priority).value_or(no_stream));
        return served;
    }
};

TEST_F(SendSchedulerTest, is_empty_at_first) {
    EXPECT_FALSE(scheduler.pending(true));
    EXPECT_FALSE(scheduler.next(true));
    EXPECT_FALSE(scheduler.next(false));
}

TEST_F(SendSchedulerTest, streams_of_one_priority_take_turns) {
    for (const StreamId id : {4u, 0u, 2u}) scheduler.set(id, 1, Pending::new_data);
    EXPECT_EQ(serve_times(5, 1), (std::vector<StreamId>{0, 2, 4, 0, 2}));
}

TEST_F(SendSchedulerTest, the_highest_priority_is_served_first) {
    scheduler.set(0, 1, Pending::new_data);
    scheduler.set(2, 200, Pending::new_data);
    scheduler.set(4, 3, Pending::new_data);
    EXPECT_EQ(serve_times(2, 200), (std::vector<StreamId>{2, 2}));
    scheduler.set(2, 200, Pending::nothing);
    EXPECT_EQ(scheduler.next(true), 4u);
}

TEST_F(SendSchedulerTest, a_turn_outlasts_an_interruption_by_a_higher_priority) {
    for (const StreamId id : {0u, 2u, 4u}) scheduler.set(id, 1, Pending::new_data);
    std::vector<StreamId> served;
    for (int i = 0; i < 6; i++) {
        served.push_back(*serve(1));
        scheduler.set(8, 9, Pending::new_data);
        EXPECT_EQ(serve(9), 8u);
        scheduler.set(8, 9, Pending::nothing);
    }
    EXPECT_EQ(served, (std::vector<StreamId>{0, 2, 4, 0, 2, 4}));
}

TEST_F(SendSchedulerTest, without_credit_only_lost_data_is_sent) {
    scheduler.set(0, 9, Pending::new_data);
    EXPECT_TRUE(scheduler.pending(true));
    EXPECT_FALSE(scheduler.pending(false));
    scheduler.set(2, 1, Pending::lost_data);
    EXPECT_TRUE(scheduler.pending(false));
    EXPECT_EQ(scheduler.next(false), 2u);
    EXPECT_EQ(scheduler.next(true), 0u) << "lost data has no precedence over a higher priority";
    scheduler.set(2, 1, Pending::new_data);
    EXPECT_FALSE(scheduler.pending(false));
    scheduler.set(2, 1, Pending::nothing);
    scheduler.set(0, 9, Pending::nothing);
    EXPECT_FALSE(scheduler.pending(true));
}

TEST_F(SendSchedulerTest, a_stream_that_returns_waits_for_its_turn) {
    for (const StreamId id : {0u, 2u, 4u}) scheduler.set(id, 1, Pending::new_data);
    EXPECT_EQ(serve(1), 0u);
    scheduler.set(0, 1, Pending::nothing);
    scheduler.set(0, 1, Pending::lost_data);
    EXPECT_EQ(serve_times(3, 1), (std::vector<StreamId>{2, 4, 0}));
}

/// Whatever streams come and go, none is served twice while another of its priority has waited all the time.
TEST_F(SendSchedulerTest, is_fair_to_all_that_wait) {
    std::mt19937 random(3);
    constexpr StreamId streams = 21, priorities = 3;
    const auto priority = [](StreamId id) { return static_cast<uint8_t>(id % priorities); };
    std::map<StreamId, size_t> passed_over;  // of each waiting stream: turns of others since its own
    for (int step = 0; step < 20000; step++) {
        const StreamId id = random() % streams;
        if (random() % 3 == 0) {
            scheduler.set(id, priority(id), Pending::nothing);
            passed_over.erase(id);
        } else {
            scheduler.set(id, priority(id), random() % 2 ? Pending::new_data : Pending::lost_data);
            passed_over.try_emplace(id, 0);
        }
        const auto next = scheduler.next(true);
        ASSERT_EQ(next.has_value(), !passed_over.empty());
        if (!next) continue;
        ASSERT_TRUE(passed_over.contains(*next));
        scheduler.on_served(*next, priority(*next));
        for (auto& [other, turns] : passed_over) {
            if (other == *next) continue;
            ASSERT_LE(priority(other), priority(*next));
            if (priority(other) == priority(*next)) {
                ASSERT_LT(++turns, streams / priorities) << "stream " << other << " starves";
            }
        }
        passed_over[*next] = 0;
    }
}

}  // namespace
}  // namespace stt
