// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/io/queues.hpp"

namespace stt {
namespace {

constexpr auto patience = 20s;

// `size`: of the payload; the head is 3 bytes.
OutMessage message(size_t size) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(3 + size, 5);
    const Bytes all(*bytes);
    return {std::move(bytes), all.first(3), all.subspan(3)};
}

class SendQueueTest : public testing::Test {
  protected:
    size_t take() {
        taken.clear();
        finished = queue.take(taken, 0, 1 << 20).finished;
        return taken.size();
    }
    // `count` messages of 100 bytes each in the stream.
    void push(int count) {
        for (int i = 0; i < count; i++)
            ASSERT_EQ(queue.push(message(97), Unit::key, 10, patience), QueueStatus::ok);
    }

    std::atomic<int> wakes{0};
    SendQueue queue{10 * (100 + SendQueue::overhead), [this] { wakes++; }};
    std::vector<OutMessage> taken;
    bool finished = false;
};

TEST_F(SendQueueTest, WakesOnceForWhatIsTakenAtOnce) {
    push(5);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(take(), 5u);
    push(1);
    EXPECT_EQ(wakes, 2);
    EXPECT_EQ(take(), 1u);
    EXPECT_EQ(take(), 0u);
}

TEST_F(SendQueueTest, ATimeoutOfZeroDoesNotWait) {
    push(10);
    EXPECT_EQ(queue.push(message(97), Unit::key, 10, Duration::zero()), QueueStatus::timeout);
    EXPECT_EQ(queue.push_state(message(97), 1, Duration::zero()), QueueStatus::timeout);
    EXPECT_EQ(queue.wait_delivered(Duration::zero()), QueueStatus::timeout);
}

TEST_F(SendQueueTest, WithoutATimeoutItWaitsUntilThereIsSpace) {
    push(10);
    std::atomic<bool> pushed{false};
    std::thread pushing([&] {
        EXPECT_EQ(queue.push(message(97), Unit::key, 10, std::nullopt), QueueStatus::ok);
        pushed = true;
    });
    EXPECT_EQ(take(), 10u);
    EXPECT_FALSE(pushed) << "nothing is acknowledged";
    queue.progress(200, 200, false);
    pushing.join();
    EXPECT_TRUE(pushed);
}

TEST_F(SendQueueTest, TakingAppends) {
    push(2);
    finished = queue.take(taken, 0, 1 << 20).finished;
    push(3);
    finished = queue.take(taken, 0, 1 << 20).finished;
    EXPECT_EQ(taken.size(), 5u);
}

TEST_F(SendQueueTest, WhatWasNotTakenYetStaysAndCanBeDiscarded) {
    push(5);
    queue.finish();
    finished = queue.take(taken, 0, 150).finished;
    EXPECT_EQ(taken.size(), 2u) << "whole messages";
    EXPECT_FALSE(finished);
    finished = queue.take(taken, 0, 0).finished;
    EXPECT_EQ(taken.size(), 2u);
    finished = queue.take(taken, 0, 100).finished;
    EXPECT_EQ(taken.size(), 3u);
    EXPECT_EQ(queue.set_flushing(true).buffers, 2u);
    queue.set_flushing(false);
    queue.finish();
    EXPECT_EQ(take(), 0u);
    EXPECT_TRUE(finished);
}

TEST_F(SendQueueTest, AFlushTakesBackAnEndThatWasNotTaken) {
    push(1);
    queue.finish();
    EXPECT_TRUE(queue.finished());
    queue.set_flushing(true);
    EXPECT_FALSE(queue.finished());
    queue.set_flushing(false);
    queue.finish();
    take();
    queue.set_flushing(true);
    EXPECT_TRUE(queue.finished()) << "it is on its way";
}

TEST_F(SendQueueTest, APeerThatDeliversNothingMakesNoRoom) {
    uint64_t count = 0;
    while (count < 10'000 && queue.push(message(97), Unit::key, 10, 1ns) == QueueStatus::ok) {
        take();
        queue.progress(++count * 100, 0, false);
    }
    EXPECT_LT(count, 1000u);
    queue.progress(count * 100, 100 * (count / 2), false);
    EXPECT_EQ(queue.push(message(97), Unit::key, 10, 1ns), QueueStatus::ok);
}

TEST_F(SendQueueTest, BlocksAtItsLimitUntilAcknowledged) {
    push(10);
    EXPECT_EQ(queue.push(message(1), Unit::key, 0, 1ms), QueueStatus::timeout);
    EXPECT_EQ(queue.queued_bytes(), 1000u);
    take();
    EXPECT_EQ(queue.push(message(1), Unit::key, 0, 1ms), QueueStatus::timeout) << "taken is not acknowledged";
    std::thread streaming(
        [&] { EXPECT_EQ(queue.push(message(97), Unit::key, 0, patience), QueueStatus::ok); });
    queue.progress(99, 0, false);
    EXPECT_EQ(queue.queued_bytes(), 1000u) << "a part of a message does not count";
    queue.progress(100, 100, false);
    streaming.join();
    EXPECT_EQ(queue.queued_bytes(), 1000u);
}

TEST_F(SendQueueTest, SmallMessagesCountWithWhatTheyTakeInMemory) {
    int pushed = 0;
    while (pushed < 100 && queue.push(message(1), Unit::key, 0, 1ms) == QueueStatus::ok) pushed++;
    EXPECT_EQ(pushed, 11) << "of 754 bytes, in 8500";
    EXPECT_EQ(queue.queued_bytes(), 44u) << "reported is what was pushed";
}

TEST_F(SendQueueTest, ALargerMessagePassesWhenEmpty) {
    EXPECT_EQ(queue.push(message(50'000), Unit::key, 0, 1ms), QueueStatus::ok);
    EXPECT_EQ(queue.push(message(1), Unit::key, 0, 1ms), QueueStatus::timeout);
}

TEST_F(SendQueueTest, AccountsForWhatWasDelivered) {
    push(3);
    ASSERT_EQ(queue.push(message(40), Unit::event, 99, patience), QueueStatus::ok);
    take();
    EXPECT_EQ(queue.undelivered().buffers, 3u);
    EXPECT_EQ(queue.undelivered().bytes, 291u);
    EXPECT_EQ(queue.undelivered().duration_ns, 30u);
    queue.progress(343, 200, false);
    EXPECT_EQ(queue.queued_bytes(), 0u);
    EXPECT_EQ(queue.undelivered().buffers, 1u);
    EXPECT_EQ(queue.delivered().buffers, 2u);
    EXPECT_EQ(queue.delivered().bytes, 194u);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::timeout);
    queue.progress(343, 343, false);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::ok);
}

TEST_F(SendQueueTest, TheEndComesOnceAndIsWaitedFor) {
    push(1);
    queue.finish();
    EXPECT_EQ(take(), 1u);
    EXPECT_TRUE(finished);
    take();
    EXPECT_FALSE(finished);
    queue.progress(100, 100, false);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::timeout);
    std::thread streaming([&] { EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::ok); });
    queue.progress(100, 100, true);
    streaming.join();
}

TEST_F(SendQueueTest, RestartHandsOutWhatWasNotAcknowledged) {
    push(4);
    take();
    push(1);
    queue.finish();
    queue.progress(250, 100, false);
    const SendQueue::Account lost = queue.give_up_undelivered();
    EXPECT_EQ(lost.buffers, 1u) << "acknowledged, and nobody knows what became of it";
    EXPECT_EQ(lost.bytes, 97u);
    queue.restart({});
    EXPECT_EQ(queue.delivered().buffers, 1u);
    EXPECT_EQ(queue.undelivered().buffers, 3u);
    EXPECT_EQ(take(), 3u);
    EXPECT_TRUE(finished);
    EXPECT_EQ(taken[0].size(), 100u);
    queue.progress(100, 100, false);
    EXPECT_EQ(queue.delivered().buffers, 2u) << "offsets start at 0 again";
    EXPECT_EQ(queue.queued_bytes(), 200u);
    EXPECT_EQ(queue.give_up_undelivered().buffers, 0u);
    queue.restart({OutMessage::copy_of(9, {})});
    EXPECT_EQ(take(), 3u);
    EXPECT_TRUE(finished);
    EXPECT_EQ(taken[0].head[0], 9) << "before anything else";
    queue.progress(203, 203, true);
    EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::ok);
}

TEST_F(SendQueueTest, AFlushLeavesWhatIsToBeSaidOfTheStreamBefore) {
    push(3);
    queue.restart({OutMessage::copy_of(9, {})});
    EXPECT_EQ(queue.set_flushing(true).buffers, 3u);
    queue.set_flushing(false);
    EXPECT_EQ(take(), 1u);
    EXPECT_EQ(taken[0].head[0], 9);
    queue.progress(3, 3, false);
    EXPECT_EQ(queue.queued_bytes(), 0u);
}

TEST_F(SendQueueTest, WhatWasTakenMayHaveArrived) {
    push(4);
    queue.take(taken, 0, 250);
    queue.progress(100, 0, false);
    const SendQueue::GivenUp lost = queue.give_up_all();
    EXPECT_EQ(lost.uncertain.buffers, 3u) << "one acknowledged, two under way";
    EXPECT_EQ(lost.certain.buffers, 1u);
    EXPECT_EQ(queue.give_up_all().certain.buffers, 0u) << "told once";
}

TEST_F(SendQueueTest, SkipsOnlyWhereThereIsNoStream) {
    queue.restart({});
    push(3);
    queue.take(taken, 0, 100);
    EXPECT_FALSE(queue.skip(97, 10));
    EXPECT_EQ(queue.queued_bytes(), 300u);
    queue.end_stream();
    EXPECT_TRUE(queue.skip(97, 10));
    EXPECT_EQ(queue.queued_bytes(), 0u);
    const SendQueue::GivenUp skipped = queue.take_skipped(SendQueue::Taker::newcomer);
    EXPECT_EQ(skipped.uncertain.buffers, 1u);
    EXPECT_EQ(skipped.certain.buffers, 3u);
    EXPECT_FALSE(queue.skip(97, 10)) << "the account of the next stream has been taken";
    queue.restart({});
    push(1);
    EXPECT_EQ(take(), 1u);
    queue.progress(100, 100, false);
    EXPECT_EQ(queue.queued_bytes(), 0u) << "offsets fit the new stream";
}

TEST_F(SendQueueTest, ANewStreamBeginsWithTheStateWhereItTakesUp) {
    const auto state = [](uint8_t value) { return OutMessage::copy_of(value, {}); };
    const auto push_state = [&](uint8_t value, uint64_t key) {
        ASSERT_EQ(queue.push_state(state(value), key, patience), QueueStatus::ok);
    };
    push_state(50, 7);
    push_state(51, 3);
    push(1);            // bytes 6 to 106
    push_state(52, 7);  // to 109
    push(1);            // to 209
    push_state(53, 3);  // to 212, not acknowledged
    take();
    queue.progress(209, 209, false);
    EXPECT_EQ(queue.queued_bytes(), 3u);
    for (int again = 0; again < 2; again++) {
        queue.restart({});
        ASSERT_EQ(take(), 3u);
        EXPECT_EQ(taken[0].head[0], 51) << "of key 3, in force where the next message was pushed";
        EXPECT_EQ(taken[1].head[0], 52) << "of key 7";
        EXPECT_EQ(taken[2].head[0], 53) << "what was not acknowledged";
        EXPECT_EQ(queue.queued_bytes(), 9u);
    }
    queue.progress(9, 9, false);
    EXPECT_EQ(queue.queued_bytes(), 0u);
    queue.restart({});
    ASSERT_EQ(take(), 2u);
    EXPECT_EQ(taken[0].head[0], 53);
    EXPECT_EQ(taken[1].head[0], 52);
}

TEST_F(SendQueueTest, AnInterruptionWakesAndLosesNothing) {
    push(10);
    OutMessage kept = message(97);
    std::thread pushing(
        [&] { EXPECT_EQ(queue.push(std::move(kept), Unit::key, 0, patience), QueueStatus::flushing); });
    queue.set_interrupted(true);
    pushing.join();
    EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::flushing);
    EXPECT_EQ(queue.undelivered().buffers, 10u);
    EXPECT_EQ(kept.size(), 100u) << "not moved from";
    take();
    queue.progress(100, 100, false);
    EXPECT_EQ(queue.push(std::move(kept), Unit::key, 0, patience), QueueStatus::ok) << "there is room";
    queue.set_interrupted(false);
    EXPECT_EQ(queue.push(message(97), Unit::key, 0, 1ms), QueueStatus::timeout);
}

TEST_F(SendQueueTest, FlushingDiscardsWhatWasNotTaken) {
    push(2);
    take();
    push(3);
    queue.finish();
    const auto discarded = queue.set_flushing(true);
    EXPECT_EQ(discarded.buffers, 3u);
    EXPECT_EQ(discarded.bytes, 291u);
    EXPECT_EQ(discarded.duration_ns, 30u);
    EXPECT_EQ(queue.push(message(1), Unit::key, 0, patience), QueueStatus::flushing);
    EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::flushing);
    queue.set_flushing(false);
    EXPECT_EQ(take(), 0u);
    EXPECT_FALSE(finished);
    push(1);
    EXPECT_EQ(take(), 1u);
    EXPECT_EQ(queue.queued_bytes(), 300u);
    queue.progress(300, 300, false);
    EXPECT_EQ(queue.undelivered().buffers, 0u) << "offsets go on where the stream is";
}

TEST_F(SendQueueTest, FailureAndFlushingWakeWhoWaits) {
    push(10);
    std::thread flushed(
        [&] { EXPECT_EQ(queue.push(message(1), Unit::key, 0, patience), QueueStatus::flushing); });
    queue.set_flushing(true);
    flushed.join();
    queue.set_flushing(false);
    push(10);
    std::thread pushing(
        [&] { EXPECT_EQ(queue.push(message(1), Unit::key, 0, patience), QueueStatus::failed); });
    std::thread waiting([&] { EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::failed); });
    queue.fail();
    pushing.join();
    waiting.join();
    EXPECT_EQ(queue.push(message(1), Unit::key, 0, patience), QueueStatus::failed);
    queue.clear();
    push(1);
    EXPECT_EQ(take(), 1u);
    EXPECT_EQ(queue.undelivered().buffers, 1u);
}

TEST_F(SendQueueTest, ProgressBeyondWhatWasTakenIsHarmless) {
    push(1);
    take();
    push(1);
    queue.progress(~uint64_t{0}, ~uint64_t{0}, true);
    EXPECT_EQ(queue.undelivered().buffers, 1u);
    EXPECT_EQ(take(), 1u);
}

TEST_F(SendQueueTest, PayloadsAreDroppedWithoutTheLock) {
    // An owner that looks at the queue when it goes would never return if the lock were held.
    struct Owner {
        SendQueue& queue;
        ~Owner() { queue.queued_bytes(); }
    };
    static const uint8_t bytes[10] = {};
    const auto owned = [&] {
        return OutMessage{std::shared_ptr<Owner>(new Owner{queue}), Bytes(bytes).first(3), bytes};
    };
    ASSERT_EQ(queue.push(owned(), Unit::key, 0, patience), QueueStatus::ok);
    take();
    taken.clear();
    queue.progress(13, 13, false);
    ASSERT_EQ(queue.push(owned(), Unit::key, 0, patience), QueueStatus::ok);
    queue.set_flushing(true);
    queue.set_flushing(false);
    ASSERT_EQ(queue.push(owned(), Unit::key, 0, patience), QueueStatus::ok);
    queue.clear();
}

TEST_F(SendQueueTest, AnotherStreamFollowsTheEndOfOne) {
    push(2);
    ASSERT_EQ(queue.push_state(message(50), 1, patience), QueueStatus::ok);
    queue.finish();
    take();
    ASSERT_TRUE(finished);
    queue.progress(253, 253, true);
    ASSERT_EQ(queue.wait_delivered(patience), QueueStatus::ok);
    queue.begin_next();
    EXPECT_FALSE(queue.finished());
    push(1);
    queue.restart({});
    EXPECT_EQ(take(), 1u) << "what was in force before is not";
    EXPECT_FALSE(finished);
    queue.progress(100, 100, false);
    EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::ok);
    queue.finish();
    take();
    EXPECT_TRUE(finished);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::timeout);
    queue.progress(100, 100, true);
    EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::ok);
    EXPECT_EQ(queue.delivered().buffers, 3u);
}

TEST_F(SendQueueTest, AWaitForTheNextStreamEndsWithAllWaits) {
    push(1);
    queue.limit_waits(std::chrono::steady_clock::now());
    EXPECT_EQ(queue.wait_delivered(patience), QueueStatus::timeout);
}

TEST_F(SendQueueTest, OfSeveralLimitsTheFirstCounts) {
    EXPECT_FALSE(queue.waits_until());
    const SteadyTime first = std::chrono::steady_clock::now() + 20s;
    queue.limit_waits(first);
    queue.limit_waits(first + 10s);
    EXPECT_EQ(queue.waits_until(), first);
    queue.limit_waits({});
    EXPECT_FALSE(queue.waits_until());
}

}  // namespace
}  // namespace stt
