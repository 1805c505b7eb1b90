// SPDX-License-Identifier: LGPL-2.1-or-later
// The socket on paths that loopback as it comes does not offer.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>

#include "core/io/socket_address.hpp"
#include "core/io/udp_socket.hpp"
#include "tests/net/namespace.hpp"

namespace stt::test {
namespace {

using Outcome = UdpSocket::Sent::Outcome;
constexpr int patience_ms = 20'000;

UdpSocket open(UdpConfig config = {}) {
    config.local_address = "127.0.0.1";
    auto socket = UdpSocket::open(config);
    EXPECT_TRUE(socket.ok());
    return std::move(*socket);
}

/// False: none of `events` in time, or an error in their place.
bool wait_for(const UdpSocket& socket, short events) {
    pollfd item{socket.fd(), events, 0};
    return poll(&item, 1, patience_ms) == 1 && (item.revents & events) != 0;
}

std::optional<LostDatagram> next_error(UdpSocket& socket) {
    std::optional<LostDatagram> next;
    socket.read_errors(1, [&](const LostDatagram& lost) { next = lost; });
    return next;
}

/// Waits until the kernel receives what is sent to an IPv6 address of its own. It adds the route to it a
/// little later than the address.
std::string until_local(const std::string& ip) {
    return "timeout 20 sh -c 'until ip -6 route show table local | grep -q \"^local " + ip +
           " \"; do sleep 0.01; done'";
}

class SlowLink : public testing::TestWithParam<SendMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, SlowLink,
                         testing::Values(SendMode::segmentation, SendMode::several, SendMode::single));

TEST_P(SlowLink, AFullSocketBlocksAndNothingIsLost) {
    const auto body = [] {
        UdpConfig config;
        config.send_mode = GetParam();
        config.send_buffer = 30'000;
        UdpSocket from = open(config), to = open();
        constexpr size_t segment = 1200, segments = 10, batches = 50;
        size_t blocked = 0, received = 0;
        // How often each came. Their order is the kernel's: the queue's timer and the sender may deliver on
        // two CPUs.
        std::vector<int> times(batches * segments);
        const auto count = [&](const Address&, MutableBytes datagram, const auto&) {
            EXPECT_EQ(datagram.size(), segment);
            times.at(datagram[0] * segments + datagram[1])++;
            received++;
        };
        for (size_t i = 0; i < batches; i++) {
            std::vector<uint8_t> batch(segments * segment);
            for (size_t j = 0; j < segments; j++) {
                batch[j * segment] = static_cast<uint8_t>(i);
                batch[j * segment + 1] = static_cast<uint8_t>(j);
            }
            size_t done = 0;
            for (;;) {
                const auto sent = from.send(to.local_address(), Bytes(batch).subspan(done), segment);
                done += sent.size;
                if (sent.outcome == Outcome::done) break;
                ASSERT_EQ(sent.outcome, Outcome::would_block);
                ASSERT_EQ(sent.size % segment, 0u);
                blocked++;
                ASSERT_TRUE(wait_for(from, POLLOUT));
                while (to.receive(count)) {
                }
            }
            ASSERT_EQ(done, batch.size());
        }
        while (received < batches * segments && wait_for(to, POLLIN)) to.receive(count);
        EXPECT_EQ(times, std::vector<int>(batches * segments, 1));
        EXPECT_GT(blocked, 0u) << "the test did not test anything";
    };
    STT_IN_NAMESPACE(
        "ip link set lo mtu 1500 && tc qdisc add dev lo root tbf rate 20mbit burst 16kb limit 10mb", body);
}

/// A socket on all addresses that answers as it is called, and one at `from` that calls it at `at`.
struct Called {
    Called(const std::string& at, const std::string& from) {
        UdpConfig config;
        config.answer_as_called = true;
        auto opened = UdpSocket::open(config);
        config.answer_as_called = false;
        config.local_address = from;
        auto calling = UdpSocket::open(config);
        EXPECT_TRUE(opened.ok() && calling.ok());
        socket.emplace(std::move(*opened));
        caller.emplace(std::move(*calling));
        const auto parsed = parse_address(at, socket->local_address().port);
        EXPECT_TRUE(parsed);
        to = *parsed;
    }
    /// Where two datagrams from `sender` seemed to `receiver` to come from.
    static Address cross(UdpSocket& sender, const Address& there, UdpSocket& receiver) {
        const std::vector<uint8_t> bytes(2400);
        EXPECT_EQ(sender.send(there, bytes, 1200).outcome, Outcome::done);
        Address source;
        size_t arrived = 0;
        while (arrived < 2 && wait_for(receiver, POLLIN))
            receiver.receive([&](const Address& from, MutableBytes, const auto&) {
                source = from;
                arrived++;
            });
        return source;
    }
    Address call() { return cross(*caller, to, *socket); }
    Address answer(const Address& peer) { return cross(*socket, peer, *caller); }

    std::optional<UdpSocket> socket, caller;
    Address to;
};

class SecondAddress : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Families, SecondAddress, testing::Values("192.0.2.7/32", "fd00::7/128"),
                         [](const auto& param) { return *param.param == 'f' ? "V6" : "V4"; });

TEST_P(SecondAddress, AnswersAsCalledUntilItHasGone) {
    const std::string with_prefix = GetParam(), ip = with_prefix.substr(0, with_prefix.find('/'));
    const auto body = [&] {
        Called called(ip, ip.find(':') == std::string::npos ? "127.0.0.1" : "::1");
        const Address peer = called.call();
        EXPECT_EQ(called.answer(peer), called.to);
        ASSERT_TRUE(run("ip addr del " + with_prefix + " dev lo"));
        const Address other = called.answer(peer);
        EXPECT_NE(other, Address{}) << "nothing came";
        EXPECT_NE(other, called.to);
    };
    STT_IN_NAMESPACE("ip addr add 192.0.2.7/32 dev lo && ip addr add fd00::7/128 dev lo nodad && " +
                         until_local("fd00::7"),
                     body);
}

TEST(CalledAddress, IsNotForgottenForWantOfARoute) {
    const auto body = [] {
        Called called("192.0.2.7", "198.51.100.9");
        const Address peer = called.call();
        ASSERT_TRUE(run("ip route del local 198.51.100.9 dev lo table local"));
        const auto lost = called.socket->send(peer, std::vector<uint8_t>(10), 10);
        EXPECT_EQ(lost.outcome, Outcome::failed);
        EXPECT_EQ(lost.failure, UdpFailure::unreachable);
        ASSERT_TRUE(run("ip route add local 198.51.100.9 dev lo table local"));
        EXPECT_EQ(called.answer(peer), called.to);
    };
    STT_IN_NAMESPACE("ip addr add 192.0.2.7/32 dev lo && ip addr add 198.51.100.9/32 dev lo", body);
}

TEST(LinkLocal, AnswersAsCalledOverTheInterfaceItCameBy) {
    const auto body = [] {
        Called called("fe80::7%there", "fe80::8%there");
        const Address peer = called.call();
        EXPECT_EQ(called.answer(peer), called.to);
    };
    STT_IN_NAMESPACE(
        "ip link add there type veth peer name far && ip link set far up && ip link set there up && "
        "ip addr add fe80::7/64 dev there nodad && ip addr add fe80::8/64 dev there nodad && "
        // The kernel takes a link up a little later than it is told to.
        "timeout 20 sh -c 'until ip link show there | grep -q \"state UP\"; do sleep 0.01; done' && " +
            until_local("fe80::7") + " && " + until_local("fe80::8"),
        body);
}

TEST(NarrowLink, TooLongIsToldAndSegmentationStays) {
    const auto body = [] {
        UdpSocket from = open(), to = open();
        const std::vector<uint8_t> bytes(32'000);
        EXPECT_EQ(from.send(to.local_address(), Bytes(bytes).first(1472), 1472).outcome, Outcome::done);
        for (const size_t size : {size_t{1473}, size_t{16'000}}) {
            const auto sent =
                from.send(to.local_address(), Bytes(bytes).first(size), std::min(size, size_t{1600}));
            EXPECT_EQ(sent.outcome, Outcome::failed);
            EXPECT_EQ(sent.failure, UdpFailure::too_big);
        }
        EXPECT_EQ(from.send_mode(), SendMode::segmentation);
        EXPECT_EQ(from.send(to.local_address(), bytes, 1472).outcome, Outcome::done);
        EXPECT_EQ(from.send_mode(), SendMode::segmentation);
        EXPECT_FALSE(next_error(from)) << "local errors came with the send";
    };
    STT_IN_NAMESPACE("ip link set lo mtu 1500", body);
}

TEST(Firewall, RejectionsAreReportedWithTheirAddress) {
    const auto body = [] {
        UdpSocket from = open();
        const Address to = Address::v4({127, 0, 0, 1}, 9);
        EXPECT_EQ(from.send(to, std::vector<uint8_t>(10), 10).outcome, Outcome::done);
        ASSERT_TRUE(wait_for(from, POLLERR));
        const auto error = next_error(from);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->to, to);
        EXPECT_EQ(error->failure, UdpFailure::host_unreachable);
    };
    STT_IN_NAMESPACE(
        "nft add table inet t && nft 'add chain inet t in { type filter hook input priority 0; }' && "
        "nft 'add rule inet t in udp dport 9 reject with icmp type host-unreachable'",
        body);
}

TEST(Firewall, WhatTheSystemWillNotSendFails) {
    const auto body = [] {
        UdpSocket from = open();
        const auto sent = from.send(Address::v4({127, 0, 0, 1}, 9), std::vector<uint8_t>(10), 10);
        EXPECT_EQ(sent.outcome, Outcome::failed);
        EXPECT_EQ(sent.failure, UdpFailure::send_failed);
    };
    STT_IN_NAMESPACE(
        "nft add table inet t && nft 'add chain inet t out { type filter hook output priority 0; }' "
        "&& nft 'add rule inet t out udp dport 9 drop'",
        body);
}

// A router in a namespace of its own, which goes with the process that holds it: 1500 bytes in, 1400 out.
const std::string behind_a_router =
    "ip link add near0 type veth peer name near1 && { unshare -n sleep 20 & } && router=$! && "
    "while [ $(readlink /proc/$router/ns/net) = $(readlink /proc/self/ns/net) ]; do :; done && "
    "ip link set near1 netns $router && ip address add 10.77.0.1/24 dev near0 && ip link set near0 up && "
    "ip route add 10.78.0.0/24 via 10.77.0.2 && nsenter -n -t $router sh -e -c '"
    "ip link add far0 type veth peer name far1; "
    "ip address add 10.77.0.2/24 dev near1; ip address add 10.78.0.1/24 dev far0; "
    "ip link set far0 mtu 1400; ip link set near1 up; ip link set far0 up; ip link set far1 up; "
    "ip neighbour add 10.78.0.2 lladdr 02:00:00:00:00:02 dev far0; "
    "echo 1 > /proc/sys/net/ipv4/ip_forward'";

TEST(Router, AnMtuOnTheWayIsReported) {
    const auto body = [] {
        UdpConfig config;
        config.local_address = "10.77.0.1";
        auto from = UdpSocket::open(config);
        ASSERT_TRUE(from.ok());
        const Address to = Address::v4({10, 78, 0, 2}, 9);
        EXPECT_EQ(from->send(to, std::vector<uint8_t>(1472), 1472).outcome, Outcome::done);
        ASSERT_TRUE(wait_for(*from, POLLERR));
        const auto error = next_error(*from);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->to, to);
        EXPECT_EQ(error->failure, UdpFailure::too_big);
        EXPECT_EQ(error->size, 1400u - 28 + 1);
    };
    if (!in_namespace(behind_a_router, body)) GTEST_SKIP() << "no namespace: " << behind_a_router;
}

TEST(Router, ADatagramThatHasPassedAllTheRoutersItMayIsReported) {
    const auto body = [] {
        UdpConfig config;
        config.local_address = "10.77.0.1";
        auto from = UdpSocket::open(config);
        ASSERT_TRUE(from.ok());
        const int hops = 1;
        ASSERT_EQ(setsockopt(from->fd(), IPPROTO_IP, IP_TTL, &hops, sizeof hops), 0);
        const Address to = Address::v4({10, 78, 0, 2}, 9);
        EXPECT_EQ(from->send(to, std::vector<uint8_t>(10), 10).outcome, Outcome::done);
        ASSERT_TRUE(wait_for(*from, POLLERR));
        const auto error = next_error(*from);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->to, to);
        EXPECT_EQ(error->failure, UdpFailure::looping);
        ASSERT_TRUE(error->source.router);
        EXPECT_EQ(error->source.router->ip_string(), "10.77.0.2");
    };
    if (!in_namespace(behind_a_router, body)) GTEST_SKIP() << "no namespace: " << behind_a_router;
}

TEST(NoIpv6, AnyAddressStillTakesIpv4) {
    const auto body = [] {
        auto any = UdpSocket::open({});
        ASSERT_TRUE(any.ok());
        UdpSocket from = open();
        const Address to = *parse_address("127.0.0.1", any->local_address().port);
        EXPECT_EQ(from.send(to, std::vector<uint8_t>(10), 10).outcome, Outcome::done);
        ASSERT_TRUE(wait_for(*any, POLLIN));
        Address sender;
        any->receive([&](const Address& address, MutableBytes, const auto&) { sender = address; });
        EXPECT_EQ(sender, from.local_address());
        const auto v6 = any->send(*parse_address("2001:db8::1", 9), std::vector<uint8_t>(10), 10);
        EXPECT_EQ(v6.outcome, Outcome::failed);
        EXPECT_EQ(v6.failure, UdpFailure::unreachable);
    };
    STT_IN_NAMESPACE("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6", body);
}

}  // namespace
}  // namespace stt::test
