// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/network_report.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

const Address peer = Address::v4({192, 0, 2, 1}, 7600);
const Time start = Time{} + 1s;

TEST(NetworkReport, says_whose_rule_it_is_that_nothing_may_be_sent) {
    const Error ours = network_error(NetworkReport::prohibited, peer, true, {.local = true});
    EXPECT_EQ(ours.reason, Reason::prohibited);
    EXPECT_EQ(ours.origin, ErrorOrigin::local);
    const Error theirs = network_error(NetworkReport::prohibited, peer, true, {});
    EXPECT_EQ(theirs.origin, ErrorOrigin::network);
    EXPECT_NE(theirs.text.find("192.0.2.1"), std::string::npos) << theirs.text;
}

TEST(NetworkReport, names_the_router_that_says_so) {
    const Error error = network_error(NetworkReport::host_unreachable, peer, true,
                                      {.router = Address::v4({198, 51, 100, 7}, 0)});
    EXPECT_EQ(error.reason, Reason::no_host);
    EXPECT_NE(error.text.find("198.51.100.7"), std::string::npos) << error.text;
}

TEST(NetworkReport, names_what_is_there_instead_of_a_listener) {
    EXPECT_EQ(no_answer_error(NoAnswer::own, peer).reason, Reason::self_call);
    EXPECT_EQ(no_answer_error(NoAnswer::own, peer).origin, ErrorOrigin::local);
    EXPECT_EQ(no_answer_error(NoAnswer::hello, peer).reason, Reason::both_call);
    EXPECT_EQ(no_answer_error(NoAnswer::echo, peer).reason, Reason::echo);
    EXPECT_EQ(no_answer_error(NoAnswer::foreign, peer).reason, Reason::other_protocol);
    EXPECT_EQ(no_answer_error(NoAnswer::unreadable, peer).reason, Reason::other_protocol);
}

TEST(ReportLimit, lets_each_report_through_once_a_second) {
    ReportLimit limit;
    EXPECT_TRUE(limit.allow(start, NetworkReport::refused, false));
    EXPECT_FALSE(limit.allow(start + ReportLimit::interval - 1ns, NetworkReport::refused, false));
    EXPECT_TRUE(limit.allow(start + 1ms, NetworkReport::refused, true)) << "this machine's own word";
    EXPECT_TRUE(limit.allow(start + 1ms, NetworkReport::send_failed, true));
    EXPECT_FALSE(limit.allow(start + 2ms, NetworkReport::refused, false));
    EXPECT_TRUE(limit.allow(start + ReportLimit::interval, NetworkReport::refused, false));
}

TEST(ReportLimit, counts_the_peers_word_by_itself) {
    ReportLimit limit;
    EXPECT_TRUE(limit.allow(start, NetworkReport::refused, false));
    EXPECT_TRUE(limit.allow_unknown(start));
    EXPECT_FALSE(limit.allow_unknown(start + 1ms));
    EXPECT_FALSE(limit.allow(start + 1ms, NetworkReport::refused, false));
    EXPECT_TRUE(limit.allow_unknown(start + ReportLimit::interval));
}

}  // namespace
}  // namespace stt
