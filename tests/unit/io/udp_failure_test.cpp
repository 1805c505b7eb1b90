// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/udp_failure.hpp"

#include <gtest/gtest.h>

#include "core/io/udp_properties.hpp"

namespace stt {
namespace {

const Address peer = Address::v4({192, 0, 2, 1}, 7600);
const Address router = Address::v4({198, 51, 100, 7}, 0);

NetworkReport report_of(UdpFailure failure, UdpFailureSource source = {}, bool calls = true) {
    return udp_report({failure, peer, 0, source}, calls);
}

TEST(UdpFailure, says_where_the_datagram_was_going) {
    for (const auto failure : {UdpFailure::refused, UdpFailure::unreachable, UdpFailure::host_unreachable,
                               UdpFailure::looping, UdpFailure::prohibited, UdpFailure::send_failed}) {
        const NetworkReport report = report_of(failure);
        EXPECT_EQ(report.to, peer);
        EXPECT_NE(report.error.text.find("192.0.2.1"), std::string::npos) << report.error.text;
        EXPECT_EQ(report.kind == NetworkReport::Kind::refused, failure == UdpFailure::refused);
    }
}

TEST(UdpFailure, says_whose_rule_it_is_that_nothing_may_be_sent) {
    const Error ours = report_of(UdpFailure::prohibited, {.local = true}).error;
    EXPECT_EQ(ours.reason, Reason::prohibited);
    EXPECT_EQ(ours.origin, ErrorOrigin::local);
    EXPECT_EQ(report_of(UdpFailure::prohibited).error.origin, ErrorOrigin::network);
}

TEST(UdpFailure, the_own_routing_table_is_this_machines) {
    for (const auto failure : {UdpFailure::unreachable, UdpFailure::host_unreachable}) {
        const Error error = report_of(failure, {.local = true}).error;
        EXPECT_EQ(error.code, ErrorCode::network_unreachable);
        EXPECT_EQ(error.reason, Reason::no_route);
        EXPECT_EQ(error.origin, ErrorOrigin::local);
    }
    EXPECT_EQ(report_of(UdpFailure::unreachable).error.reason, Reason::no_route_there);
    EXPECT_EQ(report_of(UdpFailure::host_unreachable).error.reason, Reason::no_host);
}

TEST(UdpFailure, names_the_router_that_says_so) {
    for (const auto failure : {UdpFailure::unreachable, UdpFailure::host_unreachable, UdpFailure::looping,
                               UdpFailure::prohibited}) {
        const Error error = report_of(failure, {.router = router}).error;
        EXPECT_EQ(error.origin, ErrorOrigin::network);
        EXPECT_NE(error.text.find("198.51.100.7"), std::string::npos) << error.text;
    }
}

TEST(UdpFailure, a_closed_port_of_a_caller_is_no_missing_listener) {
    const Error missing = report_of(UdpFailure::refused, {}, true).error;
    const Error stopped = report_of(UdpFailure::refused, {}, false).error;
    EXPECT_EQ(missing.code, ErrorCode::connection_refused);
    EXPECT_EQ(stopped.reason, Reason::port_closed);
    EXPECT_NE(missing.text.find("nothing listens"), std::string::npos) << missing.text;
    EXPECT_EQ(stopped.text.find("listens"), std::string::npos) << stopped.text;
}

TEST(UdpFailure, says_whose_link_is_too_narrow_in_ip_packets) {
    const NetworkReport theirs = udp_report({UdpFailure::too_big, peer, 1101, {.router = router}}, true);
    EXPECT_EQ(theirs.kind, NetworkReport::Kind::too_big);
    EXPECT_EQ(theirs.size, 1101u);
    EXPECT_EQ(theirs.error.code, ErrorCode::udp_send_failed);
    EXPECT_EQ(theirs.error.reason, Reason::mtu);
    EXPECT_EQ(theirs.error.origin, ErrorOrigin::network);
    EXPECT_NE(theirs.error.text.find(std::to_string(1100 + ipv4_udp_headers)), std::string::npos)
        << theirs.error.text;
    EXPECT_NE(theirs.error.text.find("the session needs 1228"), std::string::npos) << theirs.error.text;
    const NetworkReport ours = udp_report({UdpFailure::too_big, peer, 1200, {.local = true}}, true);
    EXPECT_EQ(ours.error.origin, ErrorOrigin::local);
    EXPECT_NE(ours.error.text.find("1228"), std::string::npos) << ours.error.text;
}

}  // namespace
}  // namespace stt
