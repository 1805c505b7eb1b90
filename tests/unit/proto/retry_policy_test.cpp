// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/retry_policy.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

constexpr Time begin{100s};

// Every code, from either side and from the network, proved and not, to a link that has met its peer before
// and to one that has not.
TEST(MayRetry, FollowsTheTableExceptForHearsayAboutAPeerThatProvedItself) {
    std::vector<ErrorCode> codes{ErrorCode::none, static_cast<ErrorCode>(0x0799)};
    for (const ErrorInfo& row : error_table()) codes.push_back(row.code);
    for (const ErrorCode code : codes) {
        const ErrorInfo* row = find_error(code);
        const bool by_table = row && row->retried;
        for (const ErrorOrigin origin : {ErrorOrigin::local, ErrorOrigin::peer, ErrorOrigin::network}) {
            for (const bool authenticated : {false, true}) {
                Error error;
                error.code = code;
                error.origin = origin;
                error.authenticated = authenticated;
                EXPECT_EQ(may_retry(error, false), by_table) << error_name(code);
                const bool hearsay = !authenticated && origin != ErrorOrigin::local;
                EXPECT_EQ(may_retry(error, true), hearsay || by_table) << error_name(code);
            }
        }
    }
}

TEST(MayRetry, WhatAuthenticationAndVersionsForbidStaysForbidden) {
    for (const ErrorCode code : {ErrorCode::authentication_failed, ErrorCode::protocol_version_mismatch}) {
        Error error;
        error.code = code;
        EXPECT_FALSE(may_retry(error, false));
        EXPECT_FALSE(may_retry(error, true)) << "found on this side";
        error.origin = ErrorOrigin::peer;
        EXPECT_FALSE(may_retry(error, false));
        EXPECT_TRUE(may_retry(error, true)) << "anybody could have sent it";
        error.authenticated = true;
        EXPECT_FALSE(may_retry(error, true)) << "a refusal with a valid mac, or in FINAL";
    }
}

TEST(MayRetry, ASessionClosedForAuthenticationIsNotMadeAgain) {
    Error error;
    error.code = ErrorCode::session_closed;
    error.origin = ErrorOrigin::peer;
    error.authenticated = true;
    for (const Reason reason : {Reason::graceful, Reason::timeout, Reason::error}) {
        error.reason = reason;
        EXPECT_TRUE(may_retry(error, true)) << reason_name(reason);
    }
    error.reason = Reason::auth_failure;
    EXPECT_FALSE(may_retry(error, true));
}

TEST(RetryPolicy, WhereHurryIsNeededAPauseLeavesTimeForAnAttempt) {
    SeededRandom random(1);
    RetryPolicy policy({.initial_delay = 2s, .max_delay = 60s, .give_up_after = 0s}, random);
    policy.start(begin);
    for (int i = 0; i < 5; i++) policy.failed(begin);
    ASSERT_EQ(policy.circuit(), Circuit::open);
    EXPECT_GE(policy.next_delay(begin), policy.pause());
    policy.hurry(begin + 10s);
    EXPECT_EQ(policy.next_delay(begin), 5s);
    EXPECT_GE(policy.next_delay(begin + 10s), policy.pause()) << "it is too late";
    policy.hurry(time_never);
    EXPECT_GE(policy.next_delay(begin), policy.pause());
}

TEST(RetryPolicy, JitterIsFullAndTheCeilingDoubles) {
    SeededRandom random(1);
    RetryPolicy policy({.initial_delay = 1s, .max_delay = 8s, .give_up_after = 0s}, random);
    constexpr int rounds = 4000;
    for (const Duration ceiling : {1s, 2s, 4s, 8s, 8s}) {
        // Of an even distribution: the mean is half the ceiling, a quarter lies in each quarter. Five
        // standard errors of 4,000 draws: 0.289 / sqrt(4000) · 5 = 0.023 of the ceiling; sqrt(0.1875 / 4000)
        // · 5 = 0.034.
        double sum = 0;
        int quarters[4] = {};
        for (int i = 0; i < rounds; i++) {
            policy.start(begin);
            for (Duration step = 1s; step < ceiling; step *= 2) (void)policy.next_delay(begin);
            const Duration delay = policy.next_delay(begin);
            ASSERT_GE(delay, 0s);
            ASSERT_LE(delay, ceiling);
            const double share = std::chrono::duration<double>(delay) / ceiling;
            sum += share;
            quarters[std::min(3, static_cast<int>(share * 4))]++;
        }
        EXPECT_NEAR(sum / rounds, 0.5, 0.023) << ceiling.count();
        for (const int quarter : quarters) EXPECT_NEAR(quarter / double{rounds}, 0.25, 0.034);
    }
}

TEST(RetryPolicy, TheCeilingStopsAtTheLargest) {
    SeededRandom random(2);
    RetryPolicy policy({.initial_delay = 1s, .max_delay = 3s, .give_up_after = 0s}, random);
    policy.start(begin);
    Duration longest{};
    for (int i = 0; i < 1000; i++) longest = std::max(longest, policy.next_delay(begin));
    EXPECT_LE(longest, 3s);
    EXPECT_GT(longest, 2900ms);

    RetryPolicy smaller({.initial_delay = 9s, .max_delay = 1s, .give_up_after = 0s}, random);
    smaller.start(begin);
    for (int i = 0; i < 100; i++) EXPECT_LE(smaller.next_delay(begin), 1s);
}

TEST(RetryPolicy, NoTimeLimitIsNone) {
    SeededRandom random(3);
    RetryPolicy policy({.give_up_after = 0s}, random);
    policy.start(begin);
    EXPECT_GT(policy.remaining(begin + 24h), 24h);
    EXPECT_LE(policy.next_delay(begin + 24h), 1s);
}

TEST(RetryPolicy, AHastenedAttemptIsNoRetryAndTheDelaysBeginAnew) {
    SeededRandom random(5);
    RetryPolicy policy({.initial_delay = 1s, .max_delay = 60s, .give_up_after = 0s, .max_retries = 6},
                       random);
    policy.start(begin);
    for (int i = 0; i < 5; i++) {
        policy.begin_attempt();
        policy.failed(begin);
        (void)policy.next_delay(begin);
    }
    ASSERT_EQ(policy.circuit(), Circuit::open);
    for (int i = 0; i < 100; i++) {
        policy.hasten();
        EXPECT_EQ(policy.circuit(), Circuit::closed);
        EXPECT_LE(policy.next_delay(begin), 1s);
        ASSERT_TRUE(policy.retries_left());
    }
}

TEST(RetryPolicy, CountsRetriesAndAttempts) {
    SeededRandom random(4);
    RetryPolicy policy({.give_up_after = 24h, .max_retries = 2}, random);
    policy.start(begin);
    for (int i = 0; i < 2; i++) {
        EXPECT_TRUE(policy.retries_left());
        (void)policy.next_delay(begin);
        policy.begin_attempt();
    }
    EXPECT_FALSE(policy.retries_left());
    EXPECT_EQ(policy.attempt(), 2u);
    policy.start(begin);
    EXPECT_TRUE(policy.retries_left());
    EXPECT_EQ(policy.attempt(), 0u);

    RetryPolicy never({.max_retries = 0}, random);
    never.start(begin);
    EXPECT_FALSE(never.retries_left());
}

class Breaker : public testing::Test {
  protected:
    void fail(int times) {
        for (int i = 0; i < times; i++) attempt(false);
    }
    void attempt(bool success) {
        policy.begin_attempt();
        success ? policy.succeeded(now) : policy.failed(now);
        now += 1s;
    }

    SeededRandom random{5};
    RetryPolicy policy{{.give_up_after = 0s}, random};
    Time now = begin;
};

TEST_F(Breaker, AFewFailuresDoNotTripIt) {
    policy.start(now);
    fail(4);
    EXPECT_EQ(policy.circuit(), Circuit::closed);
    fail(1);
    EXPECT_EQ(policy.circuit(), Circuit::open);
}

TEST_F(Breaker, HalfIsNotMoreThanHalf) {
    policy.start(now);
    for (int i = 0; i < 5; i++) {
        attempt(true);
        attempt(false);
        EXPECT_EQ(policy.circuit(), Circuit::closed);
    }
    attempt(false);
    EXPECT_EQ(policy.circuit(), Circuit::open) << "six of the last ten";
}

TEST_F(Breaker, OldOutcomesDoNotCount) {
    policy.start(now);
    fail(4);
    now += 121s;
    fail(4);
    EXPECT_EQ(policy.circuit(), Circuit::closed);
    fail(1);
    EXPECT_EQ(policy.circuit(), Circuit::open);
}

TEST_F(Breaker, PausesBeforeEachProbe) {
    policy.start(now);
    fail(5);
    for (int i = 0; i < 100; i++) {
        EXPECT_EQ(policy.circuit(), Circuit::open);
        EXPECT_GE(policy.next_delay(now), policy.pause());
        policy.begin_attempt();
        EXPECT_EQ(policy.circuit(), Circuit::half_open);
        policy.failed(now);
    }
}

TEST_F(Breaker, OneSuccessfulProbeClosesItWithACleanSlate) {
    policy.start(now);
    fail(5);
    attempt(true);
    EXPECT_EQ(policy.circuit(), Circuit::closed);
    fail(3);
    EXPECT_EQ(policy.circuit(), Circuit::closed);
    fail(1);
    EXPECT_EQ(policy.circuit(), Circuit::open);
}

TEST_F(Breaker, ALossOfTheSessionLeavesItAsItIs) {
    policy.start(now);
    fail(5);
    policy.start(now);
    EXPECT_EQ(policy.circuit(), Circuit::open);
    EXPECT_GE(policy.next_delay(now), policy.pause());
}

TEST_F(Breaker, ThePauseFollowsTheDelaysThatWereSet) {
    EXPECT_EQ(policy.pause(), 8s);
    EXPECT_EQ(RetryPolicy({.initial_delay = 20ms}, random).pause(), 160ms);
    EXPECT_EQ(RetryPolicy({.initial_delay = 5s}, random).pause(), 10s);
    EXPECT_EQ(RetryPolicy({.initial_delay = 1s, .max_delay = 2s}, random).pause(), 2s);
}

// A caller by the default settings whose listener starts at some time.
Duration wait_for_listener(uint64_t seed, Duration starts_after) {
    SeededRandom random(seed);
    RetryPolicy policy({}, random);
    policy.start(begin);
    for (Time now = begin;;) {
        policy.begin_attempt();
        if (now - begin >= starts_after) return now - begin - starts_after;
        policy.failed(now);
        now += policy.next_delay(now);
        if (policy.remaining(now) == 0s) return Duration::max();
    }
}

TEST(RetryPolicy, ACallerThatWasFirstConnectsSoonAfterItsListenerStarts) {
    for (const auto& [start, mean_max] : {std::pair{1s, 2s}, {3s, 4s}, {10s, 8s}, {20s, 12s}}) {
        Duration sum{};
        for (uint64_t seed = 0; seed < 1000; seed++) {
            const Duration wait = wait_for_listener(seed, start);
            ASSERT_LE(wait, 25s) << seed;
            sum += wait;
        }
        EXPECT_LE(sum / 1000, mean_max) << start.count();
    }
}

// Whatever the settings, the seed and the time that attempts take.
TEST(RetryPolicy, KeepsWithinItsBounds) {
    for (uint64_t seed = 0; seed < 5000; seed++) {
        SeededRandom random(seed);
        const auto pick = [&](int64_t low, int64_t high) {
            return std::chrono::milliseconds(low + static_cast<int64_t>(random.u64() % (high - low + 1)));
        };
        RetryConfig config;
        config.initial_delay = pick(1, 3000);
        config.max_delay = pick(1, 90'000);
        config.give_up_after = pick(1, 120'000);
        const Duration attempt_max = pick(0, 5000);
        RetryPolicy policy(config, random);
        policy.start(begin);
        const Time end = begin + config.give_up_after;
        // Five before the circuit opens; then one for each pause, and at the end one for each halving.
        const double bound = 5 + double(config.give_up_after / policy.pause()) +
                             std::log2(2 + double(config.give_up_after / config.initial_delay)) + 2;
        Time now = begin;
        Time last_attempt = now;
        while (policy.remaining(now) > 0s) {
            last_attempt = now;
            policy.begin_attempt();
            ASSERT_NE(policy.circuit(), Circuit::open) << seed;
            now += std::min(policy.remaining(now), Duration(pick(0, attempt_max / 1ms)));
            policy.failed(now);
            const Duration left = policy.remaining(now);
            const Duration delay = policy.next_delay(now);
            ASSERT_GE(delay, 0s) << seed;
            ASSERT_LE(now + delay, end) << seed;
            if (policy.circuit() == Circuit::open) {
                ASSERT_GE(delay, std::min(policy.pause(), left / 2)) << seed;
            }
            now += delay;
            ASSERT_LE(policy.attempt(), bound) << seed;
        }
        ASSERT_EQ(now, end) << seed;
        // The last attempt came in the second half of what was left, or while there was little left at all.
        ASSERT_LE(end - last_attempt, 2 * (config.initial_delay + attempt_max) + policy.pause()) << seed;
    }
}

}  // namespace
}  // namespace stt
