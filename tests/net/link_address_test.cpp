// SPDX-License-Identifier: LGPL-2.1-or-later
// A listener on all addresses of its host, and callers that call it at several of them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

/// A listener on all addresses of its host.
void open_everywhere(End& listener, StreamRole role = StreamRole::receiver) {
    LinkConfig config = listener_config(role);
    config.local_address.clear();
    ASSERT_TRUE(listener.open(std::move(config)));
}

TEST(LinkAddress, AListenerIsReachedAtAnyAddressOfItsHost) {
    End listener;
    open_everywhere(listener);
    LinkConfig calling = caller_config(StreamRole::sender, listener.link->local_port());
    calling.host = "127.0.0.7";
    End caller;
    ASSERT_TRUE(caller.open(std::move(calling)));
    EXPECT_TRUE(caller.seen.wait_state(LinkState::connected));
    EXPECT_TRUE(caller.seen.errors.empty());
}

TEST(LinkAddress, ACallerThatKeepsItsPortMayCallAnotherAddress) {
    End listener;
    open_everywhere(listener);
    uint16_t port = 0;
    for (const char* host : {"127.0.0.7", "127.0.0.9"}) {
        LinkConfig calling = caller_config(StreamRole::sender, listener.link->local_port(), host);
        calling.local_port = port;
        End caller;
        ASSERT_TRUE(caller.open(std::move(calling)));
        EXPECT_TRUE(caller.seen.wait_state(LinkState::connected)) << host;
        port = caller.link->local_port();
    }
}

/// Relays a caller's datagrams to one address of a listener, always from the same port. As a firewall does,
/// it lets nothing back but what comes from there.
class Firewall {
  public:
    Firewall() {
        for (const int fd : {inside_, outside_}) {
            const sockaddr_in any = at("127.0.0.1", 0);
            EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
        }
        thread_ = std::thread([this] { relay(); });
    }
    ~Firewall() {
        stopped_ = true;
        const uint64_t one = 1;
        EXPECT_EQ(write(wake_, &one, sizeof one), ssize_t{sizeof one});
        thread_.join();
        for (const int fd : {inside_, outside_, wake_}) close(fd);
    }
    void lead_to(const char* host, uint16_t port) {
        const std::lock_guard lock(mutex_);
        target_ = at(host, port);
    }
    /// What the caller sent last.
    std::vector<uint8_t> overheard() const {
        const std::lock_guard lock(mutex_);
        return overheard_;
    }
    /// Sends in the caller's name.
    void forge(const std::vector<uint8_t>& bytes, const char* host, uint16_t port) const {
        send(outside_, bytes, at(host, port));
    }
    /// Datagrams that came from elsewhere than where it leads to.
    unsigned turned_away() const { return turned_away_; }
    uint16_t port() const {
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        getsockname(inside_, reinterpret_cast<sockaddr*>(&bound), &size);
        return ntohs(bound.sin_port);
    }

  private:
    static sockaddr_in at(const char* host, uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        inet_pton(AF_INET, host, &address.sin_addr);
        return address;
    }
    sockaddr_in target() const {
        const std::lock_guard lock(mutex_);
        return target_;
    }
    /// One datagram that waits at `fd`; empty when there is none.
    static std::vector<uint8_t> receive(int fd, sockaddr_in& from) {
        std::vector<uint8_t> bytes(65'536);
        socklen_t size = sizeof from;
        const ssize_t length =
            recvfrom(fd, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
        bytes.resize(static_cast<size_t>(std::max(length, ssize_t{0})));
        return bytes;
    }
    static void send(int fd, const std::vector<uint8_t>& bytes, const sockaddr_in& to) {
        sendto(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
    void relay() {
        std::array<pollfd, 3> items{{{inside_, POLLIN, 0}, {outside_, POLLIN, 0}, {wake_, POLLIN, 0}}};
        sockaddr_in caller{}, from{};
        while (poll(items.data(), items.size(), -1) > 0 && !stopped_) {
            const sockaddr_in to = target();
            for (auto bytes = receive(inside_, caller); !bytes.empty(); bytes = receive(inside_, caller)) {
                send(outside_, bytes, to);
                const std::lock_guard lock(mutex_);
                overheard_ = std::move(bytes);
            }
            for (auto bytes = receive(outside_, from); !bytes.empty(); bytes = receive(outside_, from))
                if (from.sin_addr.s_addr == to.sin_addr.s_addr && from.sin_port == to.sin_port)
                    send(inside_, bytes, caller);
                else
                    turned_away_++;
        }
    }

    const int inside_ = socket(AF_INET, SOCK_DGRAM, 0), outside_ = socket(AF_INET, SOCK_DGRAM, 0),
              wake_ = eventfd(0, 0);
    mutable std::mutex mutex_;
    sockaddr_in target_{};            // under mutex_
    std::vector<uint8_t> overheard_;  // under mutex_
    std::atomic<unsigned> turned_away_ = 0;
    std::atomic<bool> stopped_ = false;
    std::thread thread_;
};

TEST(LinkAddress, NothingOfANewSessionComesFromTheAddressOfTheLast) {
    End listener;
    open_everywhere(listener);
    Firewall firewall;
    for (const char* host : {"127.0.0.7", "127.0.0.9"}) {
        firewall.lead_to(host, listener.link->local_port());
        End caller;
        ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, firewall.port())));
        EXPECT_TRUE(caller.seen.wait_state(LinkState::connected)) << host;
        // The last word is to arrive where the session was, not where the next one will be.
        caller.link->close();
        EXPECT_TRUE(listener.seen.wait([&] {
            const auto& states = listener.seen.states;
            return !states.empty() && states.back() != LinkState::connected &&
                   std::find(states.begin(), states.end(), LinkState::connected) != states.end();
        }));
    }
}

TEST(LinkAddress, OnlyWhatIsGenuineMovesWhereASessionComesFrom) {
    End listener;
    open_everywhere(listener, StreamRole::sender);
    const uint16_t port = listener.link->local_port();
    Firewall firewall;
    firewall.lead_to("127.0.0.7", port);
    LinkConfig calling = caller_config(StreamRole::receiver, firewall.port());
    calling.session.keepalive_interval = 50ms;
    End caller;
    ASSERT_TRUE(caller.open(std::move(calling)));
    std::vector<InMessage> all;
    const auto cross = [&] {
        if (listener.link->outbox().push(message_of({1, 2, 3}), Unit::key, 0, patience) != QueueStatus::ok)
            return false;
        return pop_all(caller.link->inbox(), all, all.size() + 1) == QueueStatus::ok;
    };
    ASSERT_TRUE(cross());
    for (int i = 0; i < 20; i++) {
        const std::vector<uint8_t> replay = firewall.overheard();
        std::vector<uint8_t> garbage = replay;
        garbage.back() ^= 1;
        firewall.forge(garbage, "127.0.0.9", port);
        firewall.forge(replay, "127.0.0.9", port);
        ASSERT_TRUE(cross());
    }
    EXPECT_EQ(firewall.turned_away(), 0u);
    // The listener hears of it with the caller's next keep-alive.
    firewall.lead_to("127.0.0.9", port);
    EXPECT_TRUE(cross());
}

}  // namespace
}  // namespace stt::test
