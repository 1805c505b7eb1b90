// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/udp_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "core/base/chunk.hpp"
#include "core/io/socket_address.hpp"
#include "tests/lib/own_loopback.hpp"

namespace stt {
namespace {

using Outcome = UdpSocket::Sent::Outcome;
constexpr int patience_ms = 10'000;

UdpSocket open(UdpConfig config) {
    auto socket = UdpSocket::open(config);
    EXPECT_TRUE(socket.ok());
    return std::move(*socket);
}

bool wait_for(const UdpSocket& socket, short events) {
    pollfd item{socket.fd(), events, 0};
    return poll(&item, 1, patience_ms) == 1;
}

bool have(const char* address) {
    UdpConfig config;
    config.local_address = address;
    return UdpSocket::open(config).ok();
}

struct Arrived {
    std::vector<std::vector<uint8_t>> datagrams;
    std::vector<bool> owned;
    Address from;
};

// Receives until there are `count` datagrams.
Arrived receive(UdpSocket& socket, size_t count) {
    Arrived arrived;
    while (arrived.datagrams.size() < count && wait_for(socket, POLLIN)) {
        socket.receive([&](const Address& from, MutableBytes datagram, const auto& owner) {
            arrived.datagrams.emplace_back(datagram.begin(), datagram.end());
            arrived.owned.push_back(owner != nullptr);
            arrived.from = from;
        });
    }
    return arrived;
}

std::vector<uint8_t> random_bytes(size_t size) {
    std::mt19937 generator(size);
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(generator());
    return bytes;
}

struct Path {
    const char* name;
    SendMode mode;
    bool offload;
    const char* address;
};

class UdpPath : public testing::TestWithParam<Path> {};
INSTANTIATE_TEST_SUITE_P(Modes, UdpPath,
                         testing::Values(Path{"OffloadV4", SendMode::segmentation, true, "127.0.0.1"},
                                         Path{"OffloadV6", SendMode::segmentation, true, "::1"},
                                         Path{"SeveralV4", SendMode::several, false, "127.0.0.1"},
                                         Path{"SeveralV6", SendMode::several, true, "::1"},
                                         Path{"SingleV4", SendMode::single, false, "127.0.0.1"},
                                         Path{"SegmentsToPlainV4", SendMode::segmentation, false,
                                              "127.0.0.1"}),
                         [](const auto& param) { return param.param.name; });

TEST_P(UdpPath, AnswersFromTheAddressThatWasCalled) {
    const Path& path = GetParam();
    UdpConfig config;
    config.send_mode = path.mode;
    config.receive_offload = path.offload;
    config.answer_as_called = true;
    UdpSocket called = open(config);
    config.answer_as_called = false;
    config.local_address = "127.0.0.1";
    UdpSocket caller = open(config);
    const auto batch = random_bytes(3 * 1200);
    // All of 127/8 is this host's.
    for (const uint8_t last : std::initializer_list<uint8_t>{7, 1, 9}) {
        const Address to = Address::v4({127, 0, 0, last}, called.local_address().port);
        EXPECT_EQ(caller.send(to, batch, 1200).outcome, Outcome::done);
        const Arrived question = receive(called, 3);
        ASSERT_EQ(question.datagrams.size(), 3u);
        for (const size_t size : {size_t{1200}, batch.size()}) {
            EXPECT_EQ(called.send(question.from, Bytes(batch).first(size), 1200).outcome, Outcome::done);
            const Arrived answer = receive(caller, size / 1200);
            EXPECT_EQ(answer.datagrams.size(), size / 1200);
            EXPECT_EQ(answer.from, to) << answer.from.to_string();
        }
    }
    EXPECT_EQ(called.send_mode(), path.mode) << "the kernel can do both together";
}

TEST_P(UdpPath, CarriesABatchAsSeparateDatagrams) {
    const Path& path = GetParam();
    if (!have(path.address)) GTEST_SKIP() << "no IPv6 here";
    UdpConfig config;
    config.local_address = path.address;
    config.send_mode = path.mode;
    config.receive_offload = path.offload;
    UdpSocket from = open(config), to = open(config);
    constexpr size_t segment = 1200;
    const auto batch = random_bytes(40 * segment + 77);
    const auto sent = from.send(to.local_address(), batch, segment);
    EXPECT_EQ(sent.outcome, Outcome::done);
    EXPECT_EQ(sent.size, batch.size());
    EXPECT_EQ(from.send_mode(), path.mode);

    const Arrived arrived = receive(to, 41);
    std::vector<std::vector<uint8_t>> segments;
    for (size_t start = 0; start < batch.size(); start += segment) {
        const Bytes part = Bytes(batch).subspan(start, std::min(segment, batch.size() - start));
        segments.emplace_back(part.begin(), part.end());
    }
    // UDP keeps no order, not even here when the sender changes its CPU.
    EXPECT_TRUE(std::is_permutation(arrived.datagrams.begin(), arrived.datagrams.end(), segments.begin(),
                                    segments.end()));
    EXPECT_EQ(arrived.from, from.local_address());
}

TEST(UdpSocket, OnlyWellUsedBuffersAreShared) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket from = open(config), to = open(config);
    ASSERT_TRUE(to.receive_offload());
    from.send(to.local_address(), random_bytes(100), 100);
    EXPECT_FALSE(receive(to, 1).owned.at(0)) << "a small datagram must not hold 64 KiB";
    from.send(to.local_address(), random_bytes(40 * 1200), 1200);
    EXPECT_TRUE(receive(to, 40).owned.at(0));
}

TEST(UdpSocket, ASharedBufferIsNotReceivedInto) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket from = open(config), to = open(config);
    const auto first = random_bytes(40 * 1200);
    from.send(to.local_address(), first, 1200);
    std::vector<Chunk> kept;
    while (kept.size() < 40 && wait_for(to, POLLIN))
        to.receive([&](const Address&, MutableBytes datagram, const auto& owner) {
            kept.emplace_back(owner, datagram);
        });
    for (int i = 0; i < 20; i++) {
        from.send(to.local_address(), random_bytes(40 * 1200 - 1), 1200);
        receive(to, 40);
    }
    for (size_t i = 0; i < 40; i++)
        EXPECT_TRUE(std::equal(kept[i].bytes().begin(), kept[i].bytes().end(), first.begin() + 1200 * i));
}

TEST(UdpSocket, AnyAddressTakesBothVersions) {
    if (!have("::1")) GTEST_SKIP() << "no IPv6 here";
    UdpSocket any = open({});
    UdpConfig v4, v6;
    v4.local_address = "127.0.0.1";
    v6.local_address = "::1";
    UdpSocket from4 = open(v4), from6 = open(v6);
    from4.send(*parse_address("127.0.0.1", any.local_address().port), random_bytes(5), 5);
    EXPECT_EQ(receive(any, 1).from, from4.local_address());
    from6.send(*parse_address("::1", any.local_address().port), random_bytes(5), 5);
    EXPECT_EQ(receive(any, 1).from, from6.local_address());
}

TEST(UdpSocket, SaysWhatItCannotBind) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket first = open(config);
    config.local_port = first.local_address().port;
    const auto second = UdpSocket::open(config);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().reason, Reason::address_in_use);
    EXPECT_EQ(second.error().code, ErrorCode::none) << "whose hint would speak of something else";
    EXPECT_NE(second.error().text.find("127.0.0.1"), std::string::npos);
    EXPECT_NE(second.error().text.find(std::to_string(config.local_port)), std::string::npos);
    EXPECT_NE(second.error().text.find("in use"), std::string::npos);

    config.local_address = "192.0.2.77";
    const auto foreign = UdpSocket::open(config);
    ASSERT_FALSE(foreign.ok());
    EXPECT_EQ(foreign.error().code, ErrorCode::network_unreachable);
    config.local_address = "somewhere";
    EXPECT_NE(UdpSocket::open(config).error().text.find("somewhere"), std::string::npos);
}

TEST(UdpSocket, AMovedSocketFreesThePortOnce) {
    UdpConfig config;
    config.local_address = test::own_loopback();
    config.local_port = test::own_port;
    UdpSocket first = open(config);
    {
        const UdpSocket second = std::move(first);
        EXPECT_EQ(first.fd(), -1);
    }
    EXPECT_TRUE(UdpSocket::open(config).ok());
}

TEST(UdpSocket, ThatNoneIsToBeHadSaysWhyInTheSystemsWords) {
    rlimit before;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    UdpConfig config;
    config.local_address = "127.0.0.1";
    config.local_port = 7600;
    const auto socket = UdpSocket::open(config);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_FALSE(socket.ok());
    EXPECT_EQ(socket.error().code, ErrorCode::resource_exhausted);
    EXPECT_EQ(socket.error().reason, Reason::descriptors);
    EXPECT_TRUE(socket.error().terminal);
    for (const char* const part : {"socket", "127.0.0.1", "7600", "Too many open files"})
        EXPECT_NE(socket.error().text.find(part), std::string::npos) << socket.error().text;
}

std::optional<LostDatagram> next_error(UdpSocket& socket) {
    std::optional<LostDatagram> next;
    socket.read_errors(1, [&](const LostDatagram& lost) { next = lost; });
    return next;
}

class UdpErrors : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Versions, UdpErrors, testing::Values("127.0.0.1", "::1"),
                         [](const auto& param) { return std::string(param.index ? "V6" : "V4"); });

TEST_P(UdpErrors, AClosedPortIsReportedWithItsAddress) {
    if (!have(GetParam())) GTEST_SKIP() << "no IPv6 here";
    UdpConfig config;
    config.local_address = GetParam();
    UdpSocket from = open(config), alive = open(config);
    Address closed;
    { closed = open(config).local_address(); }
    EXPECT_EQ(from.send(closed, random_bytes(10), 10).outcome, Outcome::done);
    ASSERT_TRUE(wait_for(from, POLLERR));
    // The error is another datagram's: this one goes out all the same, and nothing is lost in receiving.
    EXPECT_EQ(from.send(alive.local_address(), random_bytes(10), 10).outcome, Outcome::done);
    EXPECT_EQ(receive(alive, 1).datagrams.size(), 1u);
    const auto error = next_error(from);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->to, closed);
    EXPECT_EQ(error->failure, UdpFailure::refused);
    EXPECT_FALSE(next_error(from));
}

TEST(UdpSocket, AnUnreachableDestinationFails) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket from = open(config);
    const auto sent = from.send(*parse_address("192.0.2.1", 9), random_bytes(10), 10);
    EXPECT_EQ(sent.outcome, Outcome::failed);
    EXPECT_NE(sent.error, 0);
    const auto v6 = from.send(*parse_address("2001:db8::1", 9), random_bytes(10), 10);
    EXPECT_EQ(v6.outcome, Outcome::failed);
    EXPECT_EQ(v6.failure, UdpFailure::unreachable);
}

TEST(UdpSocket, ReadsBackTheBuffersGranted) {
    UdpConfig config;
    config.send_buffer = 20'000;
    config.receive_buffer = 30'000;
    const UdpSocket small = open(config), normal = open({});
    // The kernel doubles what is asked for, to make room for its own overhead.
    EXPECT_EQ(small.send_buffer(), 40'000);
    EXPECT_EQ(small.receive_buffer(), 60'000);
    EXPECT_GT(normal.send_buffer(), small.send_buffer());
    EXPECT_GT(normal.receive_buffer(), small.receive_buffer());
}

TEST(UdpSocket, TooLongForTheRouteIsToldAndSegmentationStays) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket from = open(config), to = open(config);
    const auto sent = from.send(to.local_address(), random_bytes(65'600), 65'600);
    EXPECT_EQ(sent.outcome, Outcome::failed);
    EXPECT_EQ(sent.failure, UdpFailure::too_big);
    EXPECT_EQ(from.send_mode(), SendMode::segmentation);
}

TEST(UdpSocket, ABadDestinationIsNoReasonToGiveUpSegmentation) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket from = open(config);
    const auto sent = from.send(Address::v4({127, 0, 0, 1}, 0), random_bytes(2400), 1200);
    EXPECT_EQ(sent.outcome, Outcome::failed);
    EXPECT_EQ(from.send_mode(), SendMode::segmentation);
}

TEST(UdpSocket, FallsBackWhenSegmentationIsRefused) {
    UdpConfig config;
    config.local_address = "127.0.0.1";
    UdpSocket from = open(config), to = open(config);
    // More segments than any kernel cuts: refused as segmentation, fine one by one.
    const auto batch = random_bytes(600);
    EXPECT_EQ(from.send(to.local_address(), batch, 1).outcome, Outcome::done);
    EXPECT_EQ(from.send_mode(), SendMode::several);
    EXPECT_EQ(receive(to, 600).datagrams.size(), 600u);
}

}  // namespace
}  // namespace stt
