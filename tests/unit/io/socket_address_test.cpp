// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/socket_address.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

TEST(SocketAddress, ParsesBothVersions) {
    EXPECT_EQ(parse_address("192.0.2.1", 7600), Address::v4({192, 0, 2, 1}, 7600));
    const auto v6 = parse_address("2001:db8::1", 7600);
    ASSERT_TRUE(v6);
    EXPECT_FALSE(v6->is_v4());
    EXPECT_EQ(v6->to_string(), "[2001:db8::1]:7600");
    EXPECT_EQ(parse_address("::ffff:192.0.2.1", 1), Address::v4({192, 0, 2, 1}, 1));
}

TEST(SocketAddress, ParsesScopes) {
    EXPECT_EQ(parse_address("fe80::1%3", 1)->scope_id, 3u);
    EXPECT_NE(parse_address("fe80::1%lo", 1)->scope_id, 0u);
    EXPECT_FALSE(parse_address("fe80::1%", 1));
    EXPECT_FALSE(parse_address("fe80::1%no-such-if", 1));
}

TEST(SocketAddress, RefusesWhatIsNoAddress) {
    for (const char* text : {"", "host", "1.2.3", "1.2.3.4.5", "::1::", "[::1]", "1.2.3.4:5"})
        EXPECT_FALSE(parse_address(text, 1)) << text;
}

TEST(SocketAddress, RoundTrips) {
    const Address v4 = Address::v4({10, 1, 2, 3}, 4567);
    EXPECT_EQ(SocketAddress(v4, true).address(), v4);
    EXPECT_EQ(SocketAddress(v4, false).address(), v4);
    const Address v6 = *parse_address("fe80::7%5", 89);
    EXPECT_EQ(SocketAddress(v6, false).address(), v6);
    EXPECT_FALSE(SocketAddress(v6, true).valid());
}

}  // namespace
}  // namespace stt
