// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/status_digest.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

LinkStatus status_of(LinkState state) {
    LinkStatus status;
    status.state = state;
    return status;
}

/// A listener at which callers come and fail.
class StatusDigestTest : public testing::Test {
  protected:
    using TimePoint = StatusDigest::TimePoint;

    void change(LinkState state) {
        const StatusDigest::Outcome outcome = digest.add(status_of(state), now);
        if (outcome.report) reported.push_back(state);
        merged += outcome.merged;
        if (outcome.later) {
            EXPECT_FALSE(look_at) << "one call at a time";
            look_at = now + *outcome.later;
        }
    }
    void attempt() {
        change(LinkState::handshaking);
        change(LinkState::connecting);
    }
    void pass(Duration time) {
        now += std::chrono::duration_cast<TimePoint::duration>(time);
        if (!look_at || now < *look_at) return;
        look_at.reset();
        if (const auto waiting = digest.take(now)) {
            reported.push_back(waiting->status.state);
            merged += waiting->merged;
        }
    }

    StatusDigest digest;
    TimePoint now{std::chrono::hours(1)};
    std::optional<TimePoint> look_at;
    std::vector<LinkState> reported;
    uint64_t merged = 0;
};

TEST_F(StatusDigestTest, ReportsFiveChangesInTenSecondsAndTheNewestThen) {
    constexpr int attempts = 1000;
    for (int i = 0; i < attempts; i++) {
        attempt();
        pass(10ms);
    }
    EXPECT_EQ(reported.size(), StatusDigest::changes_max + 1) << "ten seconds have just passed";
    pass(StatusDigest::window);
    EXPECT_EQ(reported.back(), LinkState::connecting) << "the last state is reported in the end";
    EXPECT_EQ(reported.size() + merged, 2u * attempts) << "all changes are accounted for";
}

TEST_F(StatusDigestTest, NeverMoreThanFiveInAnyTenSeconds) {
    std::vector<TimePoint> times;
    for (int i = 0; i < 5000; i++) {
        const size_t before = reported.size();
        attempt();
        pass(7ms);
        for (size_t n = before; n < reported.size(); n++) times.push_back(now);
    }
    for (size_t i = StatusDigest::changes_max; i < times.size(); i++)
        EXPECT_GE(times[i] - times[i - StatusDigest::changes_max] + 7ms, StatusDigest::window);
}

TEST_F(StatusDigestTest, ReportsSessionsAndTheEndAtOnce) {
    for (int i = 0; i < 10; i++) attempt();
    for (const LinkState state : {LinkState::connected, LinkState::resumed, LinkState::closed}) {
        change(state);
        EXPECT_EQ(reported.back(), state);
    }
    const size_t count = reported.size();
    pass(2 * StatusDigest::window);
    EXPECT_EQ(reported.size(), count) << "what waited before is out of date";
}

TEST_F(StatusDigestTest, ASessionSaysHowManyChangesBeforeItWereNotReported) {
    for (int i = 0; i < 10; i++) attempt();
    const size_t count = reported.size();
    change(LinkState::connected);
    EXPECT_EQ(count + merged, 20u);
}

TEST_F(StatusDigestTest, WhatBecomesOfASessionIsReportedAtOnce) {
    for (int i = 0; i < 10; i++) attempt();
    change(LinkState::connected);
    change(LinkState::reconnecting);
    EXPECT_EQ(reported.back(), LinkState::reconnecting);
}

TEST_F(StatusDigestTest, RareChangesAreAllReported) {
    for (int i = 0; i < 20; i++) {
        attempt();
        pass(6s);
    }
    EXPECT_EQ(reported.size(), 40u);
    EXPECT_EQ(merged, 0u);
}

}  // namespace
}  // namespace stt
