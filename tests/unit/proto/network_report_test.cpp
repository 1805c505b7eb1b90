// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/network_report.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

const Address peer = Address::v4({192, 0, 2, 1}, 7600);
const Time start = Time{} + 1s;

TEST(NoAnswer, names_what_is_there_instead_of_a_listener) {
    EXPECT_EQ(no_answer_error(NoAnswer::own, peer).reason, Reason::self_call);
    EXPECT_EQ(no_answer_error(NoAnswer::own, peer).origin, ErrorOrigin::local);
    EXPECT_EQ(no_answer_error(NoAnswer::hello, peer).reason, Reason::both_call);
    EXPECT_EQ(no_answer_error(NoAnswer::echo, peer).reason, Reason::echo);
    EXPECT_EQ(no_answer_error(NoAnswer::foreign, peer).reason, Reason::other_protocol);
    EXPECT_EQ(no_answer_error(NoAnswer::unreadable, peer).reason, Reason::other_protocol);
}

Error report(Reason reason, ErrorOrigin origin = ErrorOrigin::network) {
    return make_error(ErrorCode::network_unreachable, reason, origin, "a report");
}

TEST(ReportLimit, lets_each_report_through_once_a_second) {
    ReportLimit limit;
    EXPECT_TRUE(limit.allow(start, report(Reason::no_host)));
    EXPECT_FALSE(limit.allow(start + ReportLimit::interval - 1ns, report(Reason::no_host)));
    EXPECT_TRUE(limit.allow(start + 1ms, report(Reason::no_host, ErrorOrigin::local)));
    EXPECT_TRUE(limit.allow(start + 1ms, report(Reason::send, ErrorOrigin::local)));
    EXPECT_FALSE(limit.allow(start + 2ms, report(Reason::no_host)));
    EXPECT_TRUE(limit.allow(start + ReportLimit::interval, report(Reason::no_host)));
}

TEST(ReportLimit, lets_few_different_reports_through_in_an_interval) {
    ReportLimit limit;
    size_t allowed = 0;
    for (uint8_t i = 0; i < 100; i++) allowed += limit.allow(start, report(static_cast<Reason>(i)));
    EXPECT_EQ(allowed, ReportLimit::reports_max);
    EXPECT_TRUE(limit.allow(start + ReportLimit::interval, report(static_cast<Reason>(99))));
}

TEST(ReportLimit, counts_the_peers_word_by_itself) {
    ReportLimit limit;
    EXPECT_TRUE(limit.allow(start, report(Reason::no_host)));
    EXPECT_TRUE(limit.allow_unknown(start));
    EXPECT_FALSE(limit.allow_unknown(start + 1ms));
    EXPECT_FALSE(limit.allow(start + 1ms, report(Reason::no_host)));
    EXPECT_TRUE(limit.allow_unknown(start + ReportLimit::interval));
}

}  // namespace
}  // namespace stt
