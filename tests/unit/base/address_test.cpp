// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/address.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace stt {
namespace {

Address v6(std::array<uint8_t, 16> ip, uint16_t port, uint32_t scope_id = 0) {
    Address address;
    address.ip = ip;
    address.port = port;
    address.scope_id = scope_id;
    return address;
}

TEST(Address, KeepsV4InMappedForm) {
    const Address address = Address::v4({192, 0, 2, 1}, 7600);
    const std::array<uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
    EXPECT_EQ(address.ip, mapped);
    EXPECT_TRUE(address.is_v4());
    EXPECT_EQ(address.to_string(), "192.0.2.1:7600");
}

TEST(Address, WritesV6InBrackets) {
    const std::array<uint8_t, 16> documentation{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    const std::array<uint8_t, 16> link_local{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    EXPECT_FALSE(v6(documentation, 7600).is_v4());
    EXPECT_EQ(v6(documentation, 7600).to_string(), "[2001:db8::1]:7600");
    EXPECT_EQ(v6(link_local, 65535, 3).to_string(), "[fe80::1%3]:65535");
    EXPECT_EQ(Address().to_string(), "[::]:0");
}

TEST(Address, EveryPartCountsInComparisonAndHash) {
    const Address base = Address::v4({10, 0, 0, 1}, 1);
    Address other_port = base, other_ip = base, other_scope = base, other_transport = base;
    other_port.port = 2;
    other_ip.ip[0] = 1;
    other_scope.scope_id = 1;
    other_transport.transport = TransportKind::websocket;
    const std::unordered_set<size_t> hashes{std::hash<Address>()(base), std::hash<Address>()(other_port),
                                            std::hash<Address>()(other_ip), std::hash<Address>()(other_scope),
                                            std::hash<Address>()(other_transport)};
    EXPECT_EQ(hashes.size(), 5u);
    EXPECT_NE(base, other_port);
    EXPECT_NE(base, other_ip);
    EXPECT_NE(base, other_scope);
    EXPECT_NE(base, other_transport);
    EXPECT_LT(base, other_transport);
    EXPECT_EQ(base, Address::v4({10, 0, 0, 1}, 1));
}

TEST(Address, HashSpreadsNeighbours) {
    // Callers behind one translator differ in the port alone: they must not share buckets.
    std::unordered_set<size_t> buckets;
    for (uint16_t port = 0; port < 4096; port++) {
        buckets.insert(std::hash<Address>()(Address::v4({192, 0, 2, 1}, port)) % 4096);
    }
    EXPECT_GT(buckets.size(), 2400u);  // a random function hits 63 % = 2,589 of them
}

}  // namespace
}  // namespace stt
