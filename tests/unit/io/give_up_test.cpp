// SPDX-License-Identifier: LGPL-2.1-or-later
// What a SendQueue gives up of a live stream, and what it says about it.
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "core/io/queues.hpp"

namespace stt {
namespace {

constexpr auto patience = 20s;
constexpr uint64_t duration = 10;

// The I/O thread takes what there is, as text: each message by its letter, and gaps by their size, as in
// "kd(3)k". Letters: k and d for units, e for events, h for headers, n for notices of gaps. Messages have 100
// bytes.
class GiveUpTest : public testing::Test {
  protected:
    static OutMessage message(char letter, size_t size = 97) {
        auto bytes = std::make_shared<std::vector<uint8_t>>(3 + size, static_cast<uint8_t>(letter));
        const Bytes all(*bytes);
        return {std::move(bytes), all.first(3), all.subspan(3)};
    }
    static Unit unit_of(char letter) {
        return letter == 'k'   ? Unit::key
               : letter == 'd' ? Unit::delta
               : letter == 'h' ? Unit::header
                               : Unit::event;
    }
    QueueStatus push_one(char letter, size_t size = 97, Duration timeout = 1ms) {
        return queue.push(message(letter, size), unit_of(letter), duration, timeout);
    }
    void push(const std::string& letters) {
        for (const char letter : letters) ASSERT_EQ(push_one(letter), QueueStatus::ok) << letter;
    }
    std::string take(uint64_t held = 0, uint64_t ahead = 1 << 30) {
        std::string text;
        for (;;) {
            std::vector<OutMessage> messages;
            const SendQueue::Taken taken = queue.take(messages, held, ahead);
            for (const OutMessage& message : messages) {
                text += static_cast<char>(message.head[0]);
                held += message.size();
                offset += message.size();
            }
            if (taken.finished) text += '.';
            if (!taken.gap) return text;
            EXPECT_EQ(taken.gap->bytes, 97 * taken.gap->buffers);
            EXPECT_EQ(taken.gap->duration_ns, duration * taken.gap->buffers);
            told.buffers += taken.gap->buffers;
            text += '(' + std::to_string(taken.gap->buffers) + ')';
            queue.taken_notice(message('n'));
            offset += 100;
        }
    }
    void pass(Duration time) {
        now += time;
        next = queue.expire(now);
    }

    Time now{1000s};
    Time next = time_never;
    SendQueue queue{10 * (100 + SendQueue::overhead), [this] { wakes++; }, [this] { return now; }};
    std::atomic<int> wakes{0};
    uint64_t offset = 0;  // in the stream, behind what was taken
    SendQueue::Account told;
};

class FullQueueTest : public GiveUpTest {
  protected:
    FullQueueTest() { queue.set_policy({.when_full = true}); }
};

class JoinedQueueTest : public FullQueueTest {
  protected:
    /// Another peer takes the stream over, of which the first has acknowledged `acked` messages.
    std::string take_over(unsigned acked) {
        queue.progress(100 * acked, 100 * acked, false);
        queue.give_up_undelivered();
        queue.end_stream();
        queue.restart({});
        return take();
    }
};

TEST_F(JoinedQueueTest, GetsStatesHeadersAndAKeyUnit) {
    ASSERT_EQ(queue.push_state(message('e'), 1, 1ms), QueueStatus::ok);
    queue.keep_headers({message('h'), message('h')});
    push("hhkdd");
    EXPECT_EQ(take(), "ehhkdd");
    push("dkd");
    EXPECT_EQ(take_over(5), "ehh(2)kd") << "what came before the key is of no use";
    EXPECT_TRUE(queue.take_key_request());
    push("d");
    EXPECT_EQ(take(), "d");
}

TEST_F(JoinedQueueTest, GetsHeadersOnce) {
    queue.keep_headers({message('h')});
    push("ehkd");
    EXPECT_EQ(take(), "ehkd");
    EXPECT_EQ(take_over(0), "ehkd") << "the stream is there from its beginning";
    EXPECT_EQ(take_over(1), "hkd") << "its headers are";
    EXPECT_EQ(take_over(2), "h");
    push("k");
    EXPECT_EQ(take(), "(1)k") << "the delta before it is of no use";
}

TEST_F(JoinedQueueTest, GetsTheHeadersInForce) {
    queue.keep_headers({message('h'), message('h')});
    push("k");
    EXPECT_EQ(take(), "k");
    queue.keep_headers({message('H')});
    push("k");
    EXPECT_EQ(take_over(1), "Hk");
    queue.clear();
    push("k");
    EXPECT_EQ(take(), "k");
    EXPECT_EQ(take_over(1), "");
}

TEST_F(JoinedQueueTest, GetsHeadersInPlaceOfThoseGivenUp) {
    queue.keep_headers({message('h')});
    push("ekddkddkddkdd");
    EXPECT_EQ(take_over(0), "e(3)hkddkddkdd");
}

/// What is not live is not given up.
TEST_F(GiveUpTest, AStoredStreamIsTakenOverWhole) {
    queue.keep_headers({message('h')});
    push("hkdd");
    take();
    push("dkd");
    queue.progress(300, 300, false);
    queue.end_stream();
    queue.restart({});
    EXPECT_EQ(take(), "hddkd");
}

TEST_F(FullQueueTest, GivesUpItsOldestUnitUpToTheNextKey) {
    push("kddkddkddk");
    EXPECT_EQ(queue.undelivered().buffers, 10u);
    push("d");
    EXPECT_EQ(queue.undelivered().buffers, 8u);
    EXPECT_EQ(take(), "(3)kddkddkd");
}

TEST_F(FullQueueTest, TheRestOfAUnitThatWasBegunGoesToo) {
    push("kddk");
    EXPECT_EQ(take(0, 150), "kd");
    push("dddddd");
    EXPECT_EQ(take(1, 1), "") << "the session is full";
    push("d");
    EXPECT_EQ(take(), "(1)kddddddd");
}

TEST_F(FullQueueTest, WithoutAKeyEverythingGoesUntilOneComes) {
    push("kddddddddd");
    const int before = wakes;
    push("d");
    EXPECT_EQ(queue.undelivered().buffers, 0u);
    EXPECT_EQ(queue.queued_bytes(), 0u);
    EXPECT_EQ(wakes, before + 1) << "a key unit is to be asked for";
    push("dd");
    EXPECT_EQ(wakes, before + 1);
    EXPECT_TRUE(queue.take_key_request());
    EXPECT_EQ(take(), "") << "the gap may grow";
    push("dd");
    EXPECT_EQ(wakes, before + 1);
    push("kd");
    EXPECT_EQ(wakes, before + 2);
    EXPECT_EQ(take(), "(15)kd");
    EXPECT_FALSE(queue.take_key_request());
}

TEST_F(FullQueueTest, EventsAndHeadersStayAndKeepTheirOrder) {
    push("ehkdedhdkd");
    push("dd");
    EXPECT_EQ(take(), "eh(2)e(1)h(1)kddd");
    queue.progress(offset, offset, false);
    push("kdeddehddd");
    push("d");
    push("edeekd");
    EXPECT_EQ(take(), "(2)e(2)eh(4)e(1)eekd");
}

TEST_F(FullQueueTest, OfKeysOnlyTheOldestGo) {
    push("kkkkkkkkkk");
    push("kkk");
    EXPECT_FALSE(queue.take_key_request()) << "each is one";
    EXPECT_EQ(take(), "(3)kkkkkkkkkk");
    queue.progress(offset, offset, false);
}

TEST_F(FullQueueTest, WhereWhatWasTakenFillsItUnitsAreGivenUpAndEventsHaveSomeRoom) {
    push("kddddddddd");
    EXPECT_EQ(take(), "kddddddddd");
    push("d");
    push("k");
    push("d");
    push("eeeeeeeeee");
    EXPECT_EQ(push_one('e'), QueueStatus::timeout) << "the limit, once more";
    EXPECT_EQ(take(), "(3)eeeeeeeeee") << "a key like others";
    queue.progress(offset, offset, false);
    push("k");
    EXPECT_EQ(take(), "k");
}

TEST_F(FullQueueTest, WhatIsLargerThanTheQueueWaitsForTheRest) {
    push("kd");
    EXPECT_EQ(take(), "kd");
    push("dd");
    EXPECT_EQ(push_one('k', 50'000), QueueStatus::timeout);
    std::thread streaming([&] { EXPECT_EQ(push_one('k', 50'000, patience), QueueStatus::ok); });
    queue.progress(200, 200, false);
    streaming.join();
    EXPECT_EQ(take(), "(2)k");
}

TEST_F(FullQueueTest, AsksForAKeyOnceABurst) {
    push("kdddddddkd");
    push("d");
    EXPECT_TRUE(queue.take_key_request());
    push("dddddd");
    EXPECT_FALSE(queue.take_key_request()) << "still the same burst";
    push("dddd");
    EXPECT_TRUE(queue.take_key_request()) << "the key that was there is gone";
    push("dddd");
    EXPECT_FALSE(queue.take_key_request());
    push("kd");
    EXPECT_FALSE(queue.take_key_request());
    EXPECT_EQ(take(), "(25)kd");
    queue.progress(offset, offset, false);
    push("kddddkdddd");
    push("d");
    EXPECT_TRUE(queue.take_key_request()) << "another";
}

TEST_F(FullQueueTest, APolicyThatIsSetFreesWhoWaits) {
    queue.set_policy({});
    push("kddddkdddd");
    std::thread streaming([&] { EXPECT_EQ(push_one('d', 97, patience), QueueStatus::ok); });
    queue.set_policy({.when_full = true});
    streaming.join();
    EXPECT_EQ(take(), "(5)kddddd");
}

TEST_F(FullQueueTest, AnEndClosesTheGap) {
    push("kddddddddd");
    push("d");
    queue.finish();
    EXPECT_EQ(take(), "(11).");
    queue.progress(100, 100, true);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::ok);
}

TEST_F(FullQueueTest, OffsetsAreThoseOfWhatIsSent) {
    push("kdddkddddd");
    push("d");
    EXPECT_EQ(take(), "(4)kdddddd");
    queue.progress(200, 100, false);
    EXPECT_EQ(queue.queued_bytes(), 600u);
    EXPECT_EQ(queue.delivered().buffers, 0u) << "the notice is no buffer";
    queue.progress(800, 200, false);
    EXPECT_EQ(queue.delivered().buffers, 1u);
    queue.progress(800, 800, false);
    EXPECT_EQ(queue.delivered().buffers, 7u);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::ok);
}

TEST_F(FullQueueTest, AFlushLeavesGaps) {
    push("ekddkddddd");
    push("d");
    EXPECT_EQ(queue.set_flushing(true).buffers, 7u);
    queue.set_flushing(false);
    push("k");
    EXPECT_EQ(take(), "(3)k");
    EXPECT_EQ(queue.undelivered().buffers, 1u);
}

TEST_F(FullQueueTest, AGapIsTakenToTheNextStreamAndToldWhereItIs) {
    push("kdddkddddd");
    EXPECT_EQ(take(0, 150), "kd");
    push("d");
    push("d");
    queue.give_up_undelivered();
    queue.restart({message('n')});
    offset = 0;
    EXPECT_EQ(take(), "nkd(2)kddddddd");
    EXPECT_EQ(queue.undelivered().buffers, 10u);
    queue.restart({});
    EXPECT_EQ(take(), "nkdnkddddddd") << "the notice, once told, is a message like others";
}

TEST_F(FullQueueTest, WhatIsGivenUpAtTheEndOfTheStreamIncludesGapsThatWereNotTold) {
    push("kdddkddddd");
    EXPECT_EQ(take(0, 50), "k");
    push("dd");
    const SendQueue::GivenUp lost = queue.give_up_all();
    EXPECT_EQ(lost.uncertain.buffers, 1u);
    EXPECT_EQ(lost.certain.buffers, 11u);
    EXPECT_EQ(lost.certain.bytes, 97u * 11);
    EXPECT_EQ(lost.certain.duration_ns, duration * 11);
    EXPECT_EQ(queue.give_up_all().certain.buffers, 0u);
    EXPECT_EQ(take(), "kddddddd") << "told already: no gap";
}

TEST_F(FullQueueTest, WhereNobodyIsGapsAreSkippedWithTheRest) {
    push("kdddkddddd");
    push("dd");
    EXPECT_TRUE(queue.skip(97, duration));
    const SendQueue::GivenUp skipped = queue.take_skipped(SendQueue::Taker::returning);
    EXPECT_EQ(skipped.certain.buffers, 13u);
    EXPECT_EQ(skipped.certain.bytes, 97u * 13);
    EXPECT_EQ(queue.undelivered().buffers, 0u);
    EXPECT_EQ(take(), "");
}

class OmittedQueueTest : public JoinedQueueTest {
  protected:
    /// What is sent to `taker` of "ddk", of which the deltas are omitted, after "kd" had nobody to go to.
    std::string taken_by(SendQueue::Taker taker) {
        EXPECT_TRUE(queue.skip(97, duration));
        EXPECT_TRUE(queue.skip(97, duration));
        skipped = queue.take_skipped(taker);
        queue.omit(97, duration);
        queue.restart({});
        queue.omit(97, duration);
        EXPECT_EQ(take(), "") << "the gap may grow";
        push("k");
        return take();
    }
    SendQueue::GivenUp skipped;
};

TEST_F(OmittedQueueTest, ToAReturningViewerDeltasBeforeItsKeyUnitAreMissing) {
    EXPECT_EQ(taken_by(SendQueue::Taker::returning), "(2)k");
    EXPECT_EQ(skipped.certain.buffers, 2u);
    EXPECT_FALSE(queue.take_key_request()) << "asked for when the viewer came";
    EXPECT_EQ(queue.undelivered().buffers, 1u);
}

TEST_F(OmittedQueueTest, ToANewcomerTheyAreNot) { EXPECT_EQ(taken_by(SendQueue::Taker::newcomer), "k"); }

TEST_F(OmittedQueueTest, WhatWasOmittedAndNotReportedIsSkippedWhenTheViewerGoes) {
    queue.take_skipped(SendQueue::Taker::returning);
    queue.restart({});
    queue.omit(97, duration);
    queue.end_stream();
    EXPECT_TRUE(queue.skip(97, duration));
    EXPECT_EQ(queue.take_skipped(SendQueue::Taker::returning).certain.buffers, 2u);
}

class MaxAgeTest : public GiveUpTest {
  protected:
    MaxAgeTest() { queue.set_policy({.max_age = 1s}); }
};

TEST_F(MaxAgeTest, WhatIsTooOldGoesUpToAYoungerKey) {
    push("kd");
    pass(300ms);
    EXPECT_EQ(next, now + 700ms);
    push("dkdd");
    pass(300ms);
    push("kd");
    pass(400ms - 1ns);
    EXPECT_EQ(queue.undelivered().buffers, 8u);
    pass(1ns);
    EXPECT_EQ(queue.undelivered().buffers, 5u);
    EXPECT_EQ(next, now + 300ms);
    EXPECT_EQ(take(), "(3)kddkd");
    pass(10s);
    EXPECT_EQ(next, time_never) << "what was taken does not age here";
}

TEST_F(MaxAgeTest, WithoutAKeyItWaitsForOneWhileThePathIsBroken) {
    queue.set_path(now, true);
    push("kd");
    queue.set_path(now, false);
    pass(500ms);
    push("dd");
    pass(500ms);
    EXPECT_EQ(queue.undelivered().buffers, 0u);
    EXPECT_TRUE(queue.take_key_request());
    pass(60s);
    push("d");
    EXPECT_FALSE(queue.take_key_request());
    EXPECT_EQ(take(), "");
    queue.set_path(now, true);
    EXPECT_TRUE(queue.take_key_request()) << "again when the path is back";
    pass(100ms);
    push("d");
    push("kd");
    EXPECT_EQ(take(), "(6)kd");
}

TEST_F(MaxAgeTest, WithoutAKeyForTwiceTheAgeItGoesOnAtTheNextBuffer) {
    push("kd");
    pass(1s);
    push("d");
    queue.set_path(now, true);
    pass(2s - 1ns);
    push("d");
    EXPECT_EQ(take(), "");
    pass(1ns);
    push("dd");
    EXPECT_EQ(take(), "(4)dd");
}

TEST_F(MaxAgeTest, AsLongWithThePathThere) {
    queue.set_path(now, true);
    push("kd");
    pass(1s);
    push("d");
    EXPECT_EQ(take(), "");
    pass(2s);
    push("d");
    EXPECT_EQ(take(), "(3)d");
}

TEST_F(MaxAgeTest, AStreamTornByAnOutageIsCurrentAtOnceWhenThePathIsBack) {
    push("kdd");
    pass(900ms);
    push("kd");
    pass(300ms);
    push("dd");
    EXPECT_EQ(queue.undelivered().buffers, 4u);
    queue.set_path(now, true);
    pass(0ms);
    EXPECT_EQ(queue.undelivered().buffers, 0u) << "no key is younger than what the receiver waits for";
    push("dkd");
    EXPECT_EQ(take(), "(8)kd");
}

TEST_F(MaxAgeTest, AStreamThatIsWholeStaysSoWhenThePathIsBack) {
    push("kddkd");
    pass(900ms);
    queue.set_path(now, true);
    pass(0ms);
    EXPECT_EQ(take(), "kddkd");
}

TEST_F(MaxAgeTest, WhatIsTakenIsNotGivenUpAndAgeFreesWhoWaits) {
    push("kdddd");
    EXPECT_EQ(take(0, 250), "kdd");
    push("ddddd");
    std::thread streaming([&] { EXPECT_EQ(push_one('k', 97, patience), QueueStatus::ok); });
    Time later = now + 1s;
    queue.expire(later);
    streaming.join();
    EXPECT_EQ(take(), "(7)k");
}

class TakenTest : public GiveUpTest {
  protected:
    TakenTest() { queue.set_policy({.max_age = 1s}); }
    std::string expire(uint64_t limit = 1 << 30, size_t ranges = 64) {
        std::vector<StreamSkip> skips;
        next = queue.expire_taken(now, {.limit = limit, .ranges = ranges, .round_trip = 100ms}, skips);
        std::string text;
        for (const StreamSkip& skip : skips)
            text.append(std::to_string(skip.from)).append("-").append(std::to_string(skip.to)).append(" ");
        return text;
    }
};

TEST_F(TakenTest, WhatIsNotAcknowledgedInTimeIsSkippedUpToAYoungerKey) {
    push("kdedk");
    now += 500ms;
    push("kd");
    EXPECT_EQ(take(), "kdedkkd");
    queue.progress(150, 0, false);
    EXPECT_EQ(expire(), "");
    EXPECT_EQ(next, now + 600ms) << "a round trip more than the age: it may be acknowledged on its way";
    now += 600ms;
    EXPECT_EQ(expire(), "100-200 300-500 ");
    EXPECT_EQ(expire(), "");
    EXPECT_EQ(queue.queued_bytes(), 300u) << "what stays";
    EXPECT_EQ(queue.undelivered().buffers, 6u) << "not known yet";
    queue.progress(700, 500, false);
    EXPECT_EQ(queue.delivered().buffers, 1u) << "as it is not";
    queue.skipped(100, 200, 200);
    EXPECT_EQ(queue.delivered().buffers, 2u) << "it had arrived";
    queue.skipped(300, 500, 450);
    EXPECT_EQ(queue.undelivered().buffers, 2u);
    EXPECT_EQ(take(), "(1)") << "one had arrived, one not quite";
    queue.skipped(300, 500, 300);
    EXPECT_EQ(take(), "") << "told again";
    queue.progress(800, 800, false);
    EXPECT_EQ(queue.delivered().buffers, 5u);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::ok);
}

TEST_F(TakenTest, WhatFollowsInTheQueueIsTornToo) {
    push("kddd");
    EXPECT_EQ(take(0, 150), "kd");
    now += 1100ms;
    push("d");
    EXPECT_EQ(expire(), "0-200 ");
    EXPECT_TRUE(queue.take_key_request());
    push("dk");
    EXPECT_EQ(take(), "(4)k");
    queue.skipped(0, 200, 0);
    EXPECT_EQ(take(), "(2)");
}

TEST_F(TakenTest, TheEndWaitsForTheAnswer) {
    push("kd");
    EXPECT_EQ(take(), "kd");
    now += 2s;
    EXPECT_EQ(expire(), "0-200 ");
    queue.finish();
    EXPECT_EQ(take(), "");
    queue.skipped(0, 200, 0);
    EXPECT_EQ(take(), "(2).");
    queue.progress(300, 300, true);
    EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::ok);
    now += 2s;
    EXPECT_EQ(expire(), "") << "nothing could tell of it";
}

TEST_F(TakenTest, TheSessionsLimitsAreKept) {
    push("kdedek");
    EXPECT_EQ(take(), "kdedek");
    now += 2s;
    EXPECT_EQ(expire(150), "0-100 ");
    EXPECT_EQ(next, time_never) << "when the session can do more, it has a turn";
    EXPECT_EQ(expire(1 << 30, 1), "100-200 ");
    EXPECT_EQ(expire(1 << 30, 0), "");
    EXPECT_EQ(expire(), "300-400 500-600 ");
}

TEST_F(TakenTest, WithoutAnAnswerItIsUncertain) {
    push("kded");
    EXPECT_EQ(take(), "kded");
    queue.progress(100, 0, false);
    now += 2s;
    EXPECT_EQ(expire(), "100-200 300-400 ");
    EXPECT_EQ(queue.give_up_undelivered().buffers, 3u);
    queue.restart({});
    EXPECT_EQ(take(), "e") << "the rest is not there any more";
    queue.clear();
    offset = 0;
    push("kd");
    EXPECT_EQ(take(), "kd");
    now += 2s;
    EXPECT_EQ(expire(), "0-200 ");
    EXPECT_EQ(queue.give_up_all().uncertain.buffers, 2u);
    queue.skipped(0, 200, 0);
    EXPECT_EQ(take(), "") << "told once";
    queue.end_stream();
    EXPECT_TRUE(queue.skip(1, 1));
    EXPECT_EQ(queue.queued_bytes(), 0u);
}

TEST_F(TakenTest, ItsMemoryIsLetGoAtOnceAndMakesRoom) {
    push("kddddddddd");
    EXPECT_EQ(take(), "kddddddddd");
    EXPECT_EQ(push_one('k'), QueueStatus::timeout);
    now += 2s;
    EXPECT_EQ(expire(), "0-1000 ");
    EXPECT_EQ(queue.queued_bytes(), 0u);
    push("k");
}

TEST(Backlog, GoesWhenItHasNotShrunkInTime) {
    Time now{1000s};
    SendQueue queue(
        1 << 20, [] {}, [&] { return now; });
    queue.set_policy({.backlog_patience = 10s, .backlog_allowance = 200ms});
    const auto push = [&](Unit unit) {
        ASSERT_EQ(queue.push(OutMessage::copy_of(1, {}, std::vector<uint8_t>(100)), unit, 1, patience),
                  QueueStatus::ok);
    };
    push(Unit::key);
    now += 60s;
    EXPECT_EQ(queue.expire(now), time_never) << "an outage may last";
    queue.set_path(now, true);
    EXPECT_EQ(queue.expire(now), now + 10s);
    now += 9900ms;
    push(Unit::key);
    push(Unit::delta);
    now += 100ms;
    EXPECT_EQ(queue.expire(now), time_never);
    EXPECT_EQ(queue.undelivered().buffers, 2u);
    EXPECT_FALSE(queue.expire(now + 60s) != time_never) << "once an outage";
    EXPECT_EQ(queue.undelivered().buffers, 2u);
    queue.set_path(now, false);
    queue.set_path(now, true);
    now += 10s;
    push(Unit::delta);
    queue.expire(now);
    EXPECT_EQ(queue.undelivered().buffers, 3u) << "no key is young enough: it begins with the newest";
    now += 10s;
    push(Unit::key);
    queue.expire(now);
    EXPECT_EQ(queue.undelivered().buffers, 1u) << "it has not shrunk";
    EXPECT_TRUE(queue.take_key_request());
}

TEST_F(GiveUpTest, ALiveStreamsSessionHasTwoMessagesAtLeast) {
    queue.set_live(true);
    push("kkkkk");
    EXPECT_EQ(take(0, 10), "kk");
    EXPECT_EQ(take(100, 10), "k");
    EXPECT_EQ(take(200, 10), "");
    EXPECT_EQ(take(200, 250), "k");
}

// Whatever happens, what was pushed was delivered, or a gap tells of it, or it is still there; and behind a
// gap a decoder can begin.
TEST(GiveUp, AddsUpWhateverHappens) {
    for (uint32_t seed = 0; seed < 300; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
        Time now{1000s};
        SendQueue queue(
            8000 + below(30'000), [] {}, [&] { return now; });
        GiveUpPolicy policy{.when_full = true,
                            .max_age = seed % 3 ? Duration(100ms) * below(20) : Duration{}};
        if (seed % 4 == 0) policy.backlog_patience = 1s;
        queue.set_policy(policy);
        queue.set_live(seed % 2);
        queue.restart({});
        const uint32_t group = 1 + below(20);
        SendQueue::Account pushed, told, flushed;
        uint64_t sent = 0, acked = 0, number = 0;
        bool broken = false, path = false;
        const bool has_path = seed % 5 > 0;  // else a key is waited for as long as it takes
        const auto take = [&](uint64_t ahead) {
            for (;;) {
                std::vector<OutMessage> messages;
                const SendQueue::Taken taken = queue.take(messages, sent - acked, ahead);
                for (const OutMessage& message : messages) {
                    sent += message.size();
                    const auto unit = static_cast<Unit>(message.head[0]);
                    if (unit == Unit::key) broken = false;
                    ASSERT_FALSE(broken && unit == Unit::delta && !has_path) << "a delta behind a gap";
                }
                if (!taken.gap) return;
                told += *taken.gap;
                broken = true;
                OutMessage notice = OutMessage::copy_of(static_cast<uint8_t>(Unit::event), {});
                sent += notice.size();
                queue.taken_notice(std::move(notice));
            }
        };
        for (int i = 0; i < 2000; i++) {
            switch (below(8)) {
                case 0:
                    take(below(20'000));
                    break;
                case 1:
                    acked += below(static_cast<uint32_t>(sent - acked + 1));
                    queue.progress(acked, acked - below(2) * (acked / 50), false);
                    break;
                case 2:
                    now += 1ms * below(50);
                    queue.expire(now);
                    break;
                case 3:
                    if (below(20) || !has_path) break;
                    path = !path;
                    queue.set_path(now, path);
                    break;
                case 4:
                    if (below(200)) break;
                    flushed += queue.set_flushing(true);
                    queue.set_flushing(false);
                    number = 0;
                    broken = false;
                    break;
                default: {
                    const Unit unit = below(10) == 0     ? (below(2) ? Unit::event : Unit::header)
                                      : number++ % group ? Unit::delta
                                                         : Unit::key;
                    const std::vector<uint8_t> payload(1 + below(900));
                    OutMessage message = OutMessage::copy_of(static_cast<uint8_t>(unit), {}, payload);
                    const bool passed =
                        queue.push(std::move(message), unit, 7, Duration::zero()) == QueueStatus::ok;
                    ASSERT_TRUE(passed || unit == Unit::event || unit == Unit::header) << "a unit blocks";
                    if (passed && unit != Unit::event) pushed += {1, payload.size(), 7};
                }
            }
            if (HasFatalFailure()) return;
            ASSERT_LE(queue.queued_bytes(), 80'000u);
        }
        queue.finish();
        take(1 << 30);
        queue.progress(sent, sent, true);
        EXPECT_EQ(queue.wait_delivered(1ms), QueueStatus::ok);
        EXPECT_EQ(queue.undelivered().buffers, 0u);
        SendQueue::Account sum = queue.delivered();
        sum += told;
        sum += flushed;
        EXPECT_EQ(sum.buffers, pushed.buffers);
        EXPECT_EQ(sum.bytes, pushed.bytes);
        EXPECT_EQ(sum.duration_ns, pushed.duration_ns);
    }
}

}  // namespace
}  // namespace stt
