// SPDX-License-Identifier: LGPL-2.1-or-later
// What a caller is told of datagrams that are no answers, and of the end of its attempts.
#include <poll.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "core/crypto/handshake.hpp"
#include "core/io/loop.hpp"
#include "core/io/udp_socket.hpp"
#include "core/wire/handshake_packet.hpp"
#include "tests/lib/loopback_socket.hpp"
#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

/// A caller's first datagram.
std::vector<uint8_t> hello() {
    const Identity identity = Identity::generate(system_random());
    AttemptId attempt;
    system_random().fill(attempt);
    const std::vector<SecretBytes> seeds = seed_of(7);
    CallerHandshake handshake(identity, seeds[0].bytes(), attempt, 1, preferred_ciphers(), system_random());
    return handshake.make_hello(clock_now().wall, Cookie{});
}

/// Calls `port` until it is turned away. What the caller there has to say of that has been said by then.
void call_in_vain(const LoopbackSocket& from, uint16_t port) {
    for (int tries = 0; tries < 200; tries++) {
        from.send(port, hello());
        while (const auto answer = from.receive(100ms))
            if (packet_type(answer->datagram) == PacketType::reject) return;
    }
    FAIL() << "not turned away";
}

size_t noted(End& end, Reason reason) {
    const std::lock_guard lock(end.seen.mutex);
    return static_cast<size_t>(std::ranges::count_if(
        end.seen.errors, [reason](const ErrorReport& report) { return report.error.reason == reason; }));
}

TEST(LinkReports, AStrangersCallIsNoNewsWhileASessionStands) {
    End listener, caller;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, listener.link->local_port())));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::connected));
    const LoopbackSocket stranger;
    call_in_vain(stranger, caller.link->local_port());
    EXPECT_EQ(noted(caller, Reason::both_call), 0u);
}

TEST(LinkReports, WhoeverIsCalledAndCallsIsNotedAndNobodyElse) {
    const LoopbackSocket called, stranger;
    End caller;
    ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, called.port())));
    ASSERT_TRUE(called.receive(patience));
    call_in_vain(stranger, caller.link->local_port());
    EXPECT_EQ(noted(caller, Reason::both_call), 0u);
    call_in_vain(called, caller.link->local_port());
    EXPECT_GE(noted(caller, Reason::both_call), 1u);
}

TEST(LinkReports, TheLastAttemptNamesTheTimeForAllOnce) {
    const LoopbackSocket silent;
    LinkConfig config = caller_config(StreamRole::sender, silent.port());
    config.reconnect_timeout = 300ms;
    End caller;
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::closed));
    const std::lock_guard lock(caller.seen.mutex);
    const std::string text = caller.seen.errors.back().error.text;
    const size_t first = text.find("reconnect-timeout");
    EXPECT_NE(first, std::string::npos) << text;
    EXPECT_EQ(text.find("reconnect-timeout", first + 1), std::string::npos) << text;
}

TEST(LinkReports, AnAttemptThatReconnectTimeoutCutsShortDoesNotHideWhyTheOneBeforeFailed) {
    UdpConfig there;
    there.local_address = "127.0.0.1";
    there.local_port = LoopbackSocket().port();
    LinkConfig config = caller_config(StreamRole::sender, there.local_port);
    config.reconnect_timeout = 1s;
    End caller;
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(caller.seen.wait([&] { return !caller.seen.errors.empty(); }));
    const auto silent = UdpSocket::open(there);
    ASSERT_TRUE(silent.ok());
    ASSERT_TRUE(caller.seen.wait_state(LinkState::closed));
    const std::lock_guard lock(caller.seen.mutex);
    EXPECT_EQ(caller.seen.errors.back().error.reason, Reason::port_closed);
}

/// Sends back whatever comes, until it goes.
class Echo {
  public:
    explicit Echo(const UdpConfig& config) : socket_(UdpSocket::open(config)) {
        thread_ = std::jthread([this](const std::stop_token& over) {
            while (!over.stop_requested() && socket_) {
                pollfd arrival{socket_->fd(), POLLIN, 0};
                if (poll(&arrival, 1, 10) < 1) continue;  // ms, to see that it is over
                socket_->receive([&](const Address& from, MutableBytes datagram, const auto&) {
                    (void)socket_->send(from, datagram, datagram.size());
                });
            }
        });
    }
    uint16_t port() const { return socket_ ? socket_->local_address().port : 0; }

  private:
    Result<UdpSocket> socket_;
    std::jthread thread_;
};

TEST(LinkReports, AnEchoFromTheOwnPortsNumberIsNotTheOwnPort) {
    End caller;
    std::unique_ptr<Echo> echo;
    // Another program may have the port at the caller's address.
    for (int tries = 0; !caller.link && tries < 20; tries++) {
        UdpConfig there;
        there.local_address = "127.0.0.2";
        echo = std::make_unique<Echo>(there);
        LinkConfig config = caller_config(StreamRole::sender, echo->port(), "127.0.0.2");
        config.local_address = "127.0.0.1";
        config.local_port = echo->port();
        caller.open(std::move(config));
    }
    ASSERT_TRUE(caller.link);
    ASSERT_TRUE(caller.seen.wait([&] { return !caller.seen.errors.empty(); }));
    EXPECT_EQ(caller.seen.errors.front().error.reason, Reason::echo);
}

TEST(LinkReports, WhoCallsItsOwnPortIsToldSo) {
    End caller;
    for (int tries = 0; !caller.link && tries < 20; tries++) {
        const uint16_t port = LoopbackSocket().port();
        LinkConfig config = caller_config(StreamRole::sender, port);
        config.local_port = port;
        caller.open(std::move(config));
    }
    ASSERT_TRUE(caller.link);
    ASSERT_TRUE(caller.seen.wait([&] { return !caller.seen.errors.empty(); }));
    EXPECT_EQ(caller.seen.errors.front().error.reason, Reason::self_call);
}

}  // namespace
}  // namespace stt::test
