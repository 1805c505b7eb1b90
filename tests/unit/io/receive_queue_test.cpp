// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/io/queues.hpp"

namespace stt {
namespace {

constexpr auto patience = 20s;

// The bytes of one message as they come from the stream.
std::vector<uint8_t> wire(size_t payload, uint8_t kind = 1) {
    std::vector<uint8_t> bytes = encode_head(kind, {}, payload);
    bytes.resize(bytes.size() + payload, kind);
    return bytes;
}

std::vector<Chunk> one(const std::vector<uint8_t>& bytes) { return {Chunk::copy_of(bytes)}; }

class ReceiveQueueTest : public testing::Test {
  protected:
    QueueStatus pop(size_t max = 64, Duration timeout = 1ms) { return queue.pop(messages, max, timeout); }

    std::atomic<int> wakes{0};
    ReceiveQueue queue{[this] { wakes++; }};
    std::vector<InMessage> messages;
};

TEST_F(ReceiveQueueTest, ATimeoutOfZeroDoesNotWait) {
    EXPECT_EQ(queue.pop(messages, 64, Duration::zero()), QueueStatus::timeout);
    queue.push(one(wire(100)), false);
    EXPECT_EQ(queue.pop(messages, 64, Duration::zero()), QueueStatus::ok);
}

TEST_F(ReceiveQueueTest, CutsMessagesAcrossChunks) {
    std::vector<uint8_t> bytes = wire(100, 1);
    const auto more = wire(200, 2);
    bytes.insert(bytes.end(), more.begin(), more.end());
    EXPECT_EQ(pop(), QueueStatus::timeout);
    const Chunk all = Chunk::copy_of(bytes);
    queue.push({all.sub(0, 50), all.sub(50, 100)}, false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].payload_size, 100u);
    queue.push({all.sub(150, bytes.size() - 150)}, false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].kind, 2);
    EXPECT_EQ(messages[0].end_offset, bytes.size());
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_TRUE(messages.empty());
    EXPECT_EQ(queue.held_bytes(), 0u);
}

TEST_F(ReceiveQueueTest, MessagesKnowWhenTheLastOfThemArrived) {
    const Chunk all = Chunk::copy_of(wire(100));
    queue.push({all}, false, {}, Time(1s));
    queue.push({all, all.sub(0, 50)}, false, {}, Time(2s));
    ASSERT_EQ(pop(1), QueueStatus::ok);
    EXPECT_EQ(messages[0].arrived, Time(1s));
    queue.push({all.sub(50, all.size() - 50)}, false, {}, Time(3s));
    queue.push({}, false, {}, Time(4s));
    queue.push({all}, true, {}, Time(5s));
    for (const Time at : {Time(2s), Time(3s), Time(5s)}) {
        ASSERT_EQ(pop(1), QueueStatus::ok);
        EXPECT_EQ(messages[0].arrived, at);
    }
    queue.clear();
    queue.push({all}, false, {}, Time(6s));
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(messages[0].arrived, Time(6s));
}

TEST_F(ReceiveQueueTest, HandsOutNoMoreThanAskedFor) {
    for (int i = 0; i < 5; i++) queue.push(one(wire(10)), false);
    ASSERT_EQ(pop(2), QueueStatus::ok);
    EXPECT_EQ(messages.size(), 2u);
    ASSERT_EQ(pop(2), QueueStatus::ok);
    ASSERT_EQ(pop(2), QueueStatus::ok);
    EXPECT_EQ(messages.size(), 1u);
}

TEST_F(ReceiveQueueTest, PoppingSaysThatTheLastOnesWerePassedOn) {
    const auto bytes = wire(100);
    for (int i = 0; i < 3; i++) queue.push(one(bytes), false);
    EXPECT_EQ(queue.held_bytes(), 3 * bytes.size());
    EXPECT_FALSE(queue.take_consumed());
    ASSERT_EQ(pop(1), QueueStatus::ok);
    auto consumed = queue.take_consumed();
    ASSERT_TRUE(consumed);
    EXPECT_EQ(consumed->taken, bytes.size()) << "what is not needed yet stays out of the account";
    EXPECT_EQ(consumed->delivered, 0u);
    EXPECT_FALSE(queue.take_consumed());
    ASSERT_EQ(pop(1), QueueStatus::ok);
    consumed = queue.take_consumed();
    ASSERT_TRUE(consumed);
    EXPECT_EQ(consumed->delivered, bytes.size());
    EXPECT_EQ(consumed->taken, 2 * bytes.size());
    EXPECT_FALSE(consumed->finished);
    EXPECT_EQ(queue.held_bytes(), 2 * bytes.size());
}

TEST_F(ReceiveQueueTest, TheEndComesAfterEverything) {
    queue.push(one(wire(10)), true);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(pop(), QueueStatus::eos);
    EXPECT_FALSE(queue.take_consumed()->finished);
    const int before = wakes;
    queue.eos_passed();
    EXPECT_GT(wakes, before);
    const auto consumed = queue.take_consumed();
    ASSERT_TRUE(consumed);
    EXPECT_TRUE(consumed->finished);
    EXPECT_EQ(consumed->delivered, 13u);
}

TEST_F(ReceiveQueueTest, AnEmptyStreamEnds) {
    queue.push({}, true);
    EXPECT_EQ(pop(), QueueStatus::eos);
}

TEST_F(ReceiveQueueTest, WakesForWhatOpensTheWindowAndBeforeItSleeps) {
    for (int i = 0; i < 40; i++) queue.push(one(wire(4096)), false);
    int pops = 0;
    while (pop(1) == QueueStatus::ok) pops++;
    EXPECT_EQ(pops, 40);
    EXPECT_GE(wakes, 2);
    EXPECT_LE(wakes, 8);
    EXPECT_EQ(queue.take_consumed()->delivered, 40u * wire(4096).size());
}

TEST_F(ReceiveQueueTest, WakesForTheLastBitBeforeItSleeps) {
    queue.push(one(wire(10)), false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(wakes, 0) << "not worth it yet";
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(wakes, 1) << "nothing new";
}

TEST_F(ReceiveQueueTest, AHugeMessageIsTakenWhileItArrives) {
    constexpr size_t size = 1 << 20;
    const Chunk all = Chunk::copy_of(wire(size));
    std::thread streaming([&] { EXPECT_EQ(queue.pop(messages, 1, patience), QueueStatus::ok); });
    // As the I/O thread does: it pushes what the window admits, and looks at it again once it is woken.
    constexpr size_t window = 128 << 10;
    uint64_t taken = 0;
    size_t pushed = 0;
    int seen = 0;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const auto admitted = [&] {
        return std::min({all.size() - pushed, size_t{1200}, window - (pushed - taken)});
    };
    for (;;) {
        for (size_t step = admitted(); step > 0; step = admitted()) {
            queue.push({all.sub(pushed, step)}, false);
            pushed += step;
        }
        if (pushed == all.size()) break;
        while (wakes == seen && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
        if (wakes == seen) break;
        seen = wakes;
        if (const auto consumed = queue.take_consumed()) taken = consumed->taken;
    }
    EXPECT_EQ(pushed, all.size()) << "nobody was woken for what had been taken";
    streaming.join();
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].payload_size, size);
}

TEST_F(ReceiveQueueTest, BytesThatAreNoMessagesFail) {
    queue.push(one(wire(10)), false);
    queue.push(one(std::vector<uint8_t>(32, 0xff)), false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    const int before = wakes;
    EXPECT_EQ(pop(), QueueStatus::failed);
    EXPECT_GT(wakes, before);
    EXPECT_TRUE(queue.take_error());
    EXPECT_FALSE(queue.take_error());
    EXPECT_EQ(pop(), QueueStatus::failed);
}

TEST_F(ReceiveQueueTest, AnEndWithinAMessageFails) {
    auto bytes = wire(10);
    bytes.pop_back();
    queue.push(one(bytes), true);
    EXPECT_EQ(pop(), QueueStatus::failed);
    EXPECT_EQ(queue.take_error()->code, ErrorCode::invalid_frame);
}

TEST_F(ReceiveQueueTest, AnotherStreamTakesOverBehindTheMessagesOfTheFirst) {
    const auto bytes = wire(10, 1);
    queue.push(one(bytes), false);
    queue.push(one({bytes.begin(), bytes.end() - 1}), false);
    queue.restart();
    EXPECT_TRUE(queue.behind());
    EXPECT_FALSE(queue.finished());
    queue.push(one(wire(20, 2)), true);
    EXPECT_TRUE(queue.finished());
    ASSERT_EQ(pop(1), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 1);
    EXPECT_EQ(queue.stream(), 0u) << "although another has begun";
    EXPECT_FALSE(queue.take_consumed()) << "of a stream that is gone";
    ASSERT_EQ(pop(1), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 2);
    EXPECT_EQ(messages[0].end_offset, 23u) << "offsets start at 0 again";
    EXPECT_EQ(queue.stream(), 1u);
    EXPECT_FALSE(queue.behind());
    EXPECT_EQ(queue.take_consumed()->taken, 23u);
    ASSERT_EQ(pop(1), QueueStatus::eos);
    EXPECT_EQ(queue.held_bytes(), 0u);
}

TEST_F(ReceiveQueueTest, AnEndIsReportedBeforeAnotherStream) {
    queue.push(one(wire(10)), true);
    queue.restart();
    queue.push(one(wire(10, 2)), false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(pop(), QueueStatus::eos);
    queue.eos_passed();
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 2);
}

TEST_F(ReceiveQueueTest, ClearingKeepsTheStreamThatTookOver) {
    queue.push(one(wire(10, 1)), true);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(pop(), QueueStatus::eos);
    queue.restart();
    queue.push(one(wire(10, 2)), false);
    queue.clear();
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 2);
    queue.push(one({1, 0}), false);
    EXPECT_EQ(pop(), QueueStatus::timeout);
    queue.clear();
    queue.push(one(wire(10, 3)), false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 3);
    EXPECT_EQ(queue.held_bytes(), 13u);
}

TEST_F(ReceiveQueueTest, FlushingAndFailureWakeWhoWaits) {
    std::thread flushed([&] { EXPECT_EQ(queue.pop(messages, 1, patience), QueueStatus::flushing); });
    queue.set_flushing(true);
    flushed.join();
    queue.push(one(wire(10)), false);
    EXPECT_EQ(pop(), QueueStatus::flushing);
    queue.set_flushing(false);
    EXPECT_EQ(pop(), QueueStatus::ok) << "flushing discards nothing";
    std::thread failed([&] {
        std::vector<InMessage> mine;
        EXPECT_EQ(queue.pop(mine, 1, patience), QueueStatus::failed);
    });
    queue.fail();
    failed.join();
    queue.clear();
    EXPECT_EQ(pop(), QueueStatus::timeout);
}

TEST_F(ReceiveQueueTest, GoesOnBehindACutWithAWholeMessage) {
    const auto whole = wire(100, 1), next = wire(100, 2);
    const std::vector<uint8_t> part(next.begin(), next.begin() + 50);
    std::vector<Chunk> chunks{Chunk::copy_of(whole), Chunk::copy_of(part), Chunk::copy_of(wire(10, 3))};
    queue.push(std::move(chunks), false, {{.before = 2, .size = 500}});
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_FALSE(messages[0].after_cut);
    EXPECT_EQ(messages[1].kind, 3);
    EXPECT_TRUE(messages[1].after_cut);
    EXPECT_EQ(messages[1].end_offset, whole.size() + 50 + 500 + wire(10).size());
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(queue.take_consumed()->delivered, whole.size() + 50 + 500 + wire(10).size());
    EXPECT_EQ(queue.held_bytes(), 0u);
}

TEST_F(ReceiveQueueTest, CutsAddUpAndCountAsPassedOn) {
    queue.push(one(wire(10)), false);
    queue.push({}, false, {{.before = 0, .size = 100}});
    queue.push({}, false, {{.before = 0, .size = 200}});
    ASSERT_EQ(pop(1), QueueStatus::ok);
    EXPECT_EQ(queue.take_consumed()->delivered, 0u) << "the message is still on its way";
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(queue.take_consumed()->delivered, 313u);
    queue.push({}, true, {{.before = 0, .size = 7}});
    EXPECT_EQ(pop(), QueueStatus::eos) << "the end may follow";
    queue.eos_passed();
    EXPECT_EQ(queue.take_consumed()->delivered, 320u);
    EXPECT_EQ(queue.held_bytes(), 0u);
}

TEST_F(ReceiveQueueTest, ACutWithinAHugeMessageFreesIt) {
    auto bytes = wire(1 << 20);
    bytes.resize(1 << 19);
    auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
    queue.push({Chunk(owner, *owner)}, false);
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(owner.use_count(), 2);
    queue.push({}, false, {{.before = 0, .size = 1 << 19}});
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(owner.use_count(), 1);
    queue.push(one(wire(5, 9)), false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 9);
}

TEST_F(ReceiveQueueTest, TwoThreads) {
    constexpr int count = 20'000;
    const Chunk chunk = Chunk::copy_of(wire(100));
    std::thread io([&] {
        uint64_t delivered = 0;
        for (int i = 0; i < count; i++) {
            queue.push({chunk}, i == count - 1);
            if (const auto consumed = queue.take_consumed()) {
                EXPECT_GE(consumed->delivered, delivered);
                EXPECT_GE(consumed->taken, consumed->delivered);
                delivered = consumed->delivered;
            }
        }
    });
    int got = 0;
    QueueStatus status;
    while ((status = queue.pop(messages, 16, patience)) == QueueStatus::ok)
        got += static_cast<int>(messages.size());
    io.join();
    EXPECT_EQ(status, QueueStatus::eos);
    EXPECT_EQ(got, count);
}

TEST_F(ReceiveQueueTest, WaitsForAnotherStreamOnceTheEndWasPassedOn) {
    queue.push(one(wire(10)), true);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(pop(), QueueStatus::eos);
    EXPECT_EQ(pop(), QueueStatus::eos) << "it was not passed on";
    queue.eos_passed();
    EXPECT_EQ(pop(), QueueStatus::timeout);
    std::thread later([&] {
        queue.restart();
        queue.push(one(wire(20)), true);
    });
    EXPECT_EQ(pop(64, patience), QueueStatus::ok);
    later.join();
    EXPECT_EQ(messages.at(0).payload_size, 20u);
    EXPECT_EQ(queue.stream(), 1u);
    EXPECT_EQ(pop(), QueueStatus::eos);
}

// A thread that reads on while the streaming thread must not.
class ReadAheadTest : public ReceiveQueueTest {
  protected:
    // Pushes a message of this kind, so that messages can be told apart.
    void push(uint8_t kind) { queue.push(one(wire(10, kind)), false); }
    static constexpr uint64_t size = 13;
};

TEST_F(ReadAheadTest, PopGoesOnWithWhatIsReturned) {
    push(1);
    ASSERT_EQ(pop(), QueueStatus::ok);
    queue.begin_read_ahead();
    for (uint8_t kind = 2; kind <= 5; kind++) push(kind);
    InMessage message;
    std::vector<InMessage> kept;
    for (uint8_t kind = 2; kind <= 4; kind++) {
        ASSERT_EQ(queue.read_ahead(message), QueueStatus::ok);
        EXPECT_EQ(message.kind, kind);
        if (kind >= 3) kept.push_back(std::move(message));
    }
    queue.stop_read_ahead();
    EXPECT_EQ(queue.read_ahead(message), QueueStatus::flushing);
    queue.end_read_ahead(std::move(kept));
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_EQ(messages[0].kind, 3);
    EXPECT_EQ(messages[1].kind, 4);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(messages[0].kind, 5);
}

TEST_F(ReadAheadTest, WhatIsKeptCountsAsDeliveredOnlyOnceItIsPassedOn) {
    push(1);
    ASSERT_EQ(pop(), QueueStatus::ok);
    queue.begin_read_ahead();
    for (uint8_t kind = 2; kind <= 4; kind++) push(kind);
    std::vector<InMessage> kept(1);
    for (int i = 0; i < 3; i++) ASSERT_EQ(queue.read_ahead(kept.front()), QueueStatus::ok);
    EXPECT_EQ(queue.take_consumed()->taken, 4 * size) << "the window opens";
    EXPECT_EQ(queue.held_bytes(), 4 * size);
    queue.pass(3 * size);
    EXPECT_EQ(queue.take_consumed()->delivered, 3 * size);
    queue.stop_read_ahead();
    queue.end_read_ahead(std::move(kept));
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_FALSE(queue.take_consumed()) << "the last one is under way";
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(queue.take_consumed()->delivered, 4 * size);
    EXPECT_EQ(queue.held_bytes(), 0u);
}

TEST_F(ReadAheadTest, PopWaitsAndItsTimeDoesNotCount) {
    queue.begin_read_ahead();
    QueueStatus status = QueueStatus::failed;
    std::thread streaming([&] { status = pop(64, patience); });
    push(1);
    InMessage message;
    ASSERT_EQ(queue.read_ahead(message), QueueStatus::ok) << "however pop() waits";
    std::vector<InMessage> kept;
    kept.push_back(std::move(message));
    queue.stop_read_ahead();
    queue.end_read_ahead(std::move(kept));
    streaming.join();
    EXPECT_EQ(status, QueueStatus::ok);
    EXPECT_EQ(messages.size(), 1u);
}

TEST_F(ReadAheadTest, AFlushReachesBothReaders) {
    queue.begin_read_ahead();
    queue.set_flushing(true);
    InMessage message;
    EXPECT_EQ(queue.read_ahead(message), QueueStatus::flushing);
    EXPECT_EQ(pop(), QueueStatus::flushing);
}

TEST_F(ReadAheadTest, TheEndIsStillThereForPop) {
    push(1);
    queue.push({}, true);
    queue.begin_read_ahead();
    InMessage message;
    ASSERT_EQ(queue.read_ahead(message), QueueStatus::ok);
    queue.pass(message.end_offset);
    EXPECT_EQ(queue.read_ahead(message), QueueStatus::eos);
    queue.stop_read_ahead();
    queue.end_read_ahead({});
    EXPECT_EQ(pop(), QueueStatus::eos);
    queue.eos_passed();
    const auto consumed = queue.take_consumed();
    ASSERT_TRUE(consumed);
    EXPECT_EQ(consumed->delivered, size);
    EXPECT_TRUE(consumed->finished);
}

TEST_F(ReadAheadTest, WhatIsReturnedOfAForgottenStreamIsDropped) {
    push(1);
    queue.begin_read_ahead();
    std::vector<InMessage> kept(1);
    ASSERT_EQ(queue.read_ahead(kept.front()), QueueStatus::ok);
    queue.clear();
    queue.pass(kept.front().end_offset);
    queue.stop_read_ahead();
    queue.end_read_ahead(std::move(kept));
    EXPECT_EQ(pop(), QueueStatus::timeout);
    EXPECT_EQ(queue.held_bytes(), 0u);
}

TEST_F(ReadAheadTest, OffsetsOfAStreamThatWasReplacedDoNotCountForTheNextOne) {
    push(1);
    push(2);
    ASSERT_EQ(pop(), QueueStatus::ok);
    const uint64_t first = messages[0].end_offset;
    queue.begin_read_ahead();
    queue.restart();
    push(3);
    push(4);
    InMessage message;
    ASSERT_EQ(queue.read_ahead(message), QueueStatus::ok);
    EXPECT_EQ(message.kind, 3);
    EXPECT_EQ(queue.stream_ahead(), 1u);
    queue.stop_read_ahead();
    std::vector<InMessage> kept;
    kept.push_back(std::move(message));
    queue.end_read_ahead(std::move(kept));
    queue.take_consumed();
    queue.passed(first);
    EXPECT_FALSE(queue.take_consumed()) << "the streaming thread still has messages of the first stream";
    EXPECT_EQ(queue.held_bytes(), 2 * size);
    ASSERT_EQ(pop(), QueueStatus::ok);
    EXPECT_EQ(queue.stream(), 1u);
    queue.passed(messages[0].end_offset);
    EXPECT_EQ(queue.take_consumed()->delivered, size);
}

TEST_F(ReadAheadTest, TheEndOfAStreamThatWasReplacedIsNotThatOfTheNextOne) {
    queue.push({}, true);
    ASSERT_EQ(pop(), QueueStatus::eos);
    queue.begin_read_ahead();
    queue.restart();
    queue.push({}, true);
    InMessage message;
    EXPECT_EQ(queue.read_ahead(message), QueueStatus::eos);
    EXPECT_EQ(queue.stream_ahead(), 1u);
    queue.stop_read_ahead();
    queue.end_read_ahead({});
    queue.eos_passed();
    EXPECT_FALSE(queue.take_consumed());
    EXPECT_EQ(pop(), QueueStatus::eos);
    queue.eos_passed();
    EXPECT_TRUE(queue.take_consumed()->finished);
}

TEST_F(ReadAheadTest, TheReaderLearnsThatAnotherStreamHasBegunBeforeItsFirstMessage) {
    push(1);
    queue.begin_read_ahead();
    InMessage message;
    ASSERT_EQ(queue.read_ahead(message), QueueStatus::ok);
    EXPECT_EQ(queue.stream_ahead(), 0u);
    std::thread reading([&] { EXPECT_EQ(queue.read_ahead(message), QueueStatus::flushing); });
    queue.restart();
    while (queue.behind()) std::this_thread::yield();
    queue.stop_read_ahead();
    reading.join();
    EXPECT_EQ(queue.stream_ahead(), 1u);
    queue.end_read_ahead({});
}

TEST_F(ReceiveQueueTest, WhatTwoPausesReturnStaysInOrder) {
    for (uint8_t i = 0; i < 8; i++) queue.push(one(wire(10, i)), false);
    const auto read_ahead = [&](int count) {
        std::vector<InMessage> kept(static_cast<size_t>(count));
        queue.begin_read_ahead();
        for (InMessage& message : kept) ASSERT_EQ(queue.read_ahead(message), QueueStatus::ok);
        queue.stop_read_ahead();
        queue.end_read_ahead(std::move(kept));
    };
    read_ahead(6);
    ASSERT_EQ(pop(1), QueueStatus::ok);
    EXPECT_EQ(messages[0].kind, 0);
    read_ahead(2);
    for (uint8_t i = 1; i < 8; i++) {
        ASSERT_EQ(pop(1), QueueStatus::ok);
        EXPECT_EQ(messages[0].kind, i);
    }
}

TEST_F(ReceiveQueueTest, WhatTakesLongIsToldBeforeTheNextPop) {
    std::vector<uint8_t> bytes;
    for (int i = 0; i < 3; i++) {
        const auto next = wire(100);
        bytes.insert(bytes.end(), next.begin(), next.end());
    }
    queue.push(one(bytes), false);
    ASSERT_EQ(pop(), QueueStatus::ok);
    ASSERT_EQ(messages.size(), 3u);
    const int before = wakes;
    queue.passed(messages[1].end_offset);
    EXPECT_EQ(wakes, before + 1);
    auto consumed = queue.take_consumed();
    ASSERT_TRUE(consumed);
    EXPECT_EQ(consumed->delivered, messages[1].end_offset);
    queue.passed(messages[0].end_offset);
    EXPECT_FALSE(queue.take_consumed()) << "it goes on only";
    EXPECT_EQ(pop(), QueueStatus::timeout);
    consumed = queue.take_consumed();
    ASSERT_TRUE(consumed);
    EXPECT_EQ(consumed->delivered, bytes.size());
}

}  // namespace
}  // namespace stt
