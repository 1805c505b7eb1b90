// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/loop.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>

namespace stt {
namespace {

constexpr auto patience = 20s;

// Counts turns; what a turn does can be set.
class Counter : public Loop::Client {
  public:
    Loop::Wait turn() override {
        const std::lock_guard lock(mutex);
        const Loop::Ready ready = loop->ready(watch);
        turns++;
        readable += ready.readable;
        changed.notify_all();
        return on_turn ? on_turn(ready) : Loop::Wait{};
    }
    void ended() override {
        const std::lock_guard lock(mutex);
        has_ended = true;
        changed.notify_all();
    }
    template <class Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, patience, condition);
    }

    const Loop* loop = nullptr;
    Loop::Watch watch{};
    std::mutex mutex;
    std::condition_variable changed;
    int turns = 0, readable = 0;
    bool has_ended = false;
    std::function<Loop::Wait(Loop::Ready)> on_turn;
};

class LoopTest : public testing::Test {
  protected:
    void start() {
        client->loop = loop.get();
        client->watch = loop->watch(descriptor);
        loop->start(client);
    }
    ~LoopTest() override {
        loop->stop();
        close(descriptor);
    }

    std::shared_ptr<Loop> loop = std::move(*Loop::create());
    std::shared_ptr<Counter> client = std::make_shared<Counter>();
    int descriptor = eventfd(0, EFD_NONBLOCK);
};

TEST_F(LoopTest, HasAFirstTurnAndTellsOfItsEnd) {
    start();
    EXPECT_TRUE(client->wait([&] { return client->turns == 1; }));
    loop->stop();
    EXPECT_TRUE(client->has_ended);
}

TEST_F(LoopTest, WakesAndReads) {
    client->on_turn = [&](Loop::Ready ready) {
        uint64_t value;
        if (ready.readable) {
            EXPECT_EQ(read(descriptor, &value, sizeof value), 8);
        }
        return Loop::Wait{};
    };
    start();
    ASSERT_TRUE(client->wait([&] { return client->turns == 1; }));
    loop->wake();
    ASSERT_TRUE(client->wait([&] { return client->turns >= 2; }));
    const uint64_t one = 1;
    ASSERT_EQ(write(descriptor, &one, sizeof one), 8);
    EXPECT_TRUE(client->wait([&] { return client->readable == 1; }));
}

TEST_F(LoopTest, WakeUpsAreFoldedTogether) {
    std::mutex gate;
    std::unique_lock closed(gate);
    client->on_turn = [&](Loop::Ready) { return Loop::Wait{}; };
    start();
    ASSERT_TRUE(client->wait([&] { return client->turns == 1; }));
    loop->post([&] { const std::lock_guard wait(gate); });
    for (int i = 0; i < 100'000; i++) loop->wake();
    closed.unlock();
    bool done = false;
    int turns = 0;
    loop->post([&] {
        const std::lock_guard lock(client->mutex);
        done = true;
        turns = client->turns;
        client->changed.notify_all();
    });
    ASSERT_TRUE(client->wait([&] { return done; }));
    EXPECT_LT(turns, 50'000);
}

// With poll's milliseconds none of them would take less than one.
TEST_F(LoopTest, DeadlinesArePrecise) {
    constexpr Duration ahead = 20us, poll_step = 1ms;
    Duration shortest = Duration::max();
    Time asked{};
    client->on_turn = [&](Loop::Ready) {
        const Time now = clock_now().time;
        if (asked != Time{}) {
            EXPECT_GE(now - asked, ahead);
            shortest = std::min(shortest, now - asked);
        }
        asked = shortest < poll_step ? Time{} : now;
        return Loop::Wait{.deadline = asked == Time{} ? time_never : now + ahead};
    };
    start();
    EXPECT_TRUE(client->wait([&] { return shortest < poll_step; }));
    loop->stop();
}

TEST_F(LoopTest, ADeadlineInThePastIsDueAtOnce) {
    client->on_turn = [&](Loop::Ready) {
        return Loop::Wait{.deadline = client->turns < 5 ? Time{} : time_never};
    };
    start();
    EXPECT_TRUE(client->wait([&] { return client->turns >= 5; }));
}

TEST_F(LoopTest, AsksForWritability) {
    client->on_turn = [&](Loop::Ready ready) {
        loop->wait_for_writable(client->watch, client->turns == 1 && !ready.writable);
        return Loop::Wait{};
    };
    start();
    EXPECT_TRUE(client->wait([&] { return client->turns == 2; })) << "an eventfd is always writable";
}

TEST_F(LoopTest, PostsRunInOrderOnTheThread) {
    start();
    std::vector<int> order;
    bool on_thread = false;
    for (int i = 0; i < 100; i++)
        loop->post([&, i] {
            const std::lock_guard lock(client->mutex);
            on_thread = loop->on_thread();
            order.push_back(i);
            client->changed.notify_all();
        });
    ASSERT_TRUE(client->wait([&] { return order.size() == 100; }));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_TRUE(on_thread);
    EXPECT_FALSE(loop->on_thread());
}

TEST_F(LoopTest, WhatWasPostedBeforeTheStopStillRuns) {
    start();
    bool ran = false;
    EXPECT_TRUE(loop->post([&] { ran = true; }));
    loop->stop();
    EXPECT_TRUE(ran);
    EXPECT_FALSE(loop->post([] { FAIL() << "after the end"; }));
    loop->stop();
}

TEST_F(LoopTest, StopsFromItsOwnThread) {
    client->on_turn = [&](Loop::Ready) {
        loop->stop();
        return Loop::Wait{.again = true};
    };
    start();
    EXPECT_TRUE(client->wait([&] { return client->has_ended; }));
    EXPECT_EQ(client->turns, 1);
    loop->stop();
}

TEST_F(LoopTest, TheLastReferenceMayGoOnItsOwnThread) {
    start();
    loop->post([last = loop]() mutable {
        last->stop();
        last.reset();
    });
    loop = std::move(*Loop::create());
    EXPECT_TRUE(client->wait([&] { return client->has_ended; }));
}

TEST_F(LoopTest, TellsItsDescriptorsApart) {
    const int other = eventfd(1, EFD_NONBLOCK);
    const Loop::Watch others = loop->watch(other);
    bool other_readable = false;
    client->on_turn = [&](Loop::Ready ready) {
        EXPECT_FALSE(ready.readable);
        uint64_t value;
        if (loop->ready(others).readable) {
            EXPECT_EQ(read(other, &value, sizeof value), 8);
            other_readable = true;
        }
        return Loop::Wait{};
    };
    start();
    EXPECT_TRUE(client->wait([&] { return other_readable; }));
    loop->stop();
    close(other);
}

TEST_F(LoopTest, AnUnwatchedDescriptorIsLeftAlone) {
    start();
    bool done = false;
    loop->post([&] {
        loop->unwatch(client->watch);
        const std::lock_guard lock(client->mutex);
        done = true;
        client->changed.notify_all();
    });
    ASSERT_TRUE(client->wait([&] { return done; }));
    const uint64_t one = 1;
    ASSERT_EQ(write(descriptor, &one, sizeof one), 8);
    loop->wake();
    loop->stop();
    EXPECT_EQ(client->readable, 0);
}

}  // namespace
}  // namespace stt
