// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/node.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <map>

#include "core/proto/session.hpp"
#include "core/wire/packet.hpp"
#include "tests/lib/transports.hpp"
#include "tests/unit/io/wire.hpp"

namespace stt {
namespace {

using test::Wire;

constexpr auto patience = 20s;
// A node that spins takes thousands of turns in this time, one at rest a few.
constexpr Duration observed = 500ms;
constexpr unsigned turns_at_rest = 50;

uint8_t byte_at(uint64_t offset) { return static_cast<uint8_t>(offset * 7 + offset / 251); }

/// Takes and checks what arrives, and counts turns. Its state is guarded by its mutex.
class Client : public NodeClient {
  public:
    void on_event(Now now, Event event) override {
        if (const auto* change = std::get_if<event::StateChanged>(&event.what)) {
            note([&] { states[event.session] = change->state; });
        } else if (const auto* readable = std::get_if<event::StreamReadable>(&event.what)) {
            read(now, *node->endpoint().find(event.session), readable->stream);
        } else if (std::holds_alternative<event::ErrorNoted>(event.what)) {
            note([&] { errors++; });
        }
    }
    void on_turn(Now) override {
        note([&] { turns++; });
    }
    Time deadline() const override { return time_never; }

    template <class Change>
    void note(Change change) {
        const std::lock_guard lock(mutex);
        change();
        changed.notify_all();
    }
    template <class Condition>
    bool wait(Condition condition, Duration limit = patience) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, limit, condition);
    }

    Node* node = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    std::map<SessionHandle, SessionState> states;
    std::map<TransportKind, uint64_t> received;  // bytes
    bool spoilt = false;                         // other bytes than byte_at() says
    unsigned turns = 0, errors = 0;

  private:
    void read(Now now, Session& session, StreamId stream) {
        const auto read = session.read(stream);
        note([&] {
            uint64_t& taken = taken_[{session.handle(), stream}];
            for (const Chunk& chunk : read.chunks) {
                received[session.info().peer.transport] += chunk.size();
                for (const uint8_t byte : chunk.bytes()) spoilt = spoilt || byte != byte_at(taken++);
            }
            session.consumed(now.time, stream, taken, taken, read.finished);
        });
    }

    std::map<std::pair<SessionHandle, StreamId>, uint64_t> taken_;
};

struct TestNode {
    void create(std::vector<std::unique_ptr<Transport>> transports, bool listening) {
        EndpointConfig config;
        config.listening = listening;
        node = std::move(*Node::create(std::move(transports), std::move(config),
                                       std::make_shared<Identity>(Identity::generate(system_random()))));
        client->node = node.get();
    }
    void start() {
        node->loop().post([this] {
            std::vector<SecretBytes> seeds;
            seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, 9)));
            node->set_seeds(std::move(seeds));
        });
        node->start(client);
    }
    /// Runs `function` on the I/O thread and waits for its end.
    void run(const std::function<void()>& function) {
        bool done = false;
        node->loop().post([&] {
            function();
            client->note([&] { done = true; });
        });
        ASSERT_TRUE(client->wait([&] { return done; }));
    }
    SessionHandle call(const Address& to) {
        SessionHandle handle = 0;
        run([&] { handle = node->endpoint().connect(clock_now(), to, {}); });
        return handle;
    }
    bool wait_established(SessionHandle session) {
        return client->wait([&] { return client->states[session] == SessionState::established; });
    }
    bool wait_received(TransportKind kind, uint64_t bytes) {
        return client->wait([&] { return client->received[kind] == bytes; });
    }
    /// Writes `size` bytes to a new stream of `handle`.
    void write(SessionHandle handle, size_t size) {
        auto bytes = std::make_shared<std::vector<uint8_t>>(size);
        for (size_t i = 0; i < size; i++) (*bytes)[i] = byte_at(i);
        run([&] {
            Session& session = *node->endpoint().find(handle);
            const auto stream = session.open_stream({}, 0, std::nullopt);
            ASSERT_TRUE(stream.ok());
            ASSERT_TRUE(session.write(*stream, {bytes, Bytes(*bytes), {}}));
        });
    }
    SessionStats stats(SessionHandle handle) {
        SessionStats stats;
        run([&] { stats = node->endpoint().find(handle)->stats(); });
        return stats;
    }
    unsigned turns_observed() {
        unsigned before = 0;
        client->note([&] { before = client->turns; });
        client->wait([] { return false; }, observed);
        const std::lock_guard lock(client->mutex);
        return client->turns - before;
    }
    /// Idempotent.
    void stop() {
        if (!node) return;
        node->loop().post([this] { node->shut_down(); });
        node->loop().stop();
    }
    ~TestNode() { stop(); }

    std::shared_ptr<Client> client = std::make_shared<Client>();
    std::shared_ptr<Node> node;
};

/// A caller and a listener that reach each other by two transports without descriptors.
struct NodeTest : testing::Test {
    NodeTest() {
        for (size_t side = 0; side < 2; side++) {
            std::vector<std::unique_ptr<Transport>> ends;
            for (const auto& wire : {udp, websocket}) ends.push_back(wire->end(side));
            nodes()[side]->create(std::move(ends), side == 1);
            for (const auto& wire : {udp, websocket}) wire->set_loop(side, nodes()[side]->node->loop());
        }
        for (TestNode* node : nodes()) node->start();
    }
    ~NodeTest() override {
        // A node wakes the other's loop, so none is released before both have ended.
        for (TestNode* node : nodes()) node->stop();
    }
    std::array<TestNode*, 2> nodes() { return {&caller, &listener}; }
    SessionHandle establish(const std::shared_ptr<Wire>& wire) {
        const SessionHandle session = caller.call(wire->address(1));
        EXPECT_TRUE(caller.wait_established(session));
        return session;
    }

    const std::shared_ptr<Wire> udp = std::make_shared<Wire>(TransportKind::udp);
    const std::shared_ptr<Wire> websocket = std::make_shared<Wire>(TransportKind::websocket);
    TestNode caller, listener;
};

TEST_F(NodeTest, EachTransportCarriesItsSession) {
    for (const auto& wire : {udp, websocket}) caller.write(establish(wire), 100'000);
    EXPECT_TRUE(listener.wait_received(TransportKind::udp, 100'000));
    EXPECT_TRUE(listener.wait_received(TransportKind::websocket, 100'000));
    EXPECT_FALSE(listener.client->spoilt);
}

TEST_F(NodeTest, ATransportThatBlocksDoesNotStopTheOther) {
    const SessionHandle blocked = establish(udp), free = establish(websocket);
    udp->allow(0, 0);
    caller.write(blocked, 300'000);
    caller.write(free, 300'000);
    EXPECT_TRUE(listener.wait_received(TransportKind::websocket, 300'000));
    EXPECT_GT(udp->counts(0).blocked, 0u);
    listener.client->note([&] { EXPECT_EQ(listener.client->received[TransportKind::udp], 0u); });
    udp->allow(0, Wire::unlimited);
    EXPECT_TRUE(listener.wait_received(TransportKind::udp, 300'000));
    EXPECT_FALSE(listener.client->spoilt);
}

TEST_F(NodeTest, TheRestOfABatchLeavesLaterAndOnce) {
    const SessionHandle session = establish(websocket);
    // Datagrams that have left less packets that the session has sent.
    const auto difference = [&] {
        uint64_t found = 0;
        caller.run([&] {
            found = websocket->counts(0).sent - caller.node->endpoint().find(session)->stats().packets_sent;
        });
        return found;
    };
    const uint64_t handshake = difference();
    constexpr uint64_t bytes = 400'000;
    websocket->allow(0, 0);
    caller.write(session, bytes);
    const auto arrived = [&] { return listener.client->received[TransportKind::websocket] == bytes; };
    const Time end = clock_now().time + patience;
    while (!listener.client->wait(arrived, 1ms)) {
        ASSERT_LT(clock_now().time, end);
        websocket->allow(0, 1);
    }
    EXPECT_GT(websocket->counts(0).partly, 0u);
    EXPECT_FALSE(listener.client->spoilt);
    websocket->allow(0, Wire::unlimited);
    while (difference() != handshake) ASSERT_LT(clock_now().time, end);
}

TEST_F(NodeTest, ABlockedTransportCausesNoTurnsAndNoProbes) {
    const SessionHandle session = establish(websocket);
    caller.write(session, 100'000);
    ASSERT_TRUE(listener.wait_received(TransportKind::websocket, 100'000));
    websocket->allow(0, 3);
    caller.write(session, 100'000);
    const uint64_t probes = caller.stats(session).probes;
    EXPECT_LT(caller.turns_observed(), turns_at_rest);
    EXPECT_EQ(caller.stats(session).probes, probes);
    EXPECT_GT(websocket->counts(0).blocked, 0u);
}

TEST_F(NodeTest, ACallThatCannotLeaveCausesNoTurns) {
    websocket->allow(0, 0);
    const SessionHandle session = caller.call(websocket->address(1));
    EXPECT_LT(caller.turns_observed(), turns_at_rest);
    websocket->allow(0, Wire::unlimited);
    EXPECT_TRUE(caller.wait_established(session));
}

TEST_F(NodeTest, ATurnReadsAFewReports) {
    const SessionHandle session = establish(udp);
    udp->add_reports(0, 1000, failed_to(udp->address(1)));
    ASSERT_TRUE(caller.client->wait([&] { return caller.client->errors > 0; }));
    EXPECT_TRUE(caller.client->wait([&] { return udp->counts(0).waiting_reports == 0; }));
    EXPECT_EQ(udp->counts(0).reports_read_at_once, Lane::reports_per_turn);
    EXPECT_EQ(caller.stats(session).packets_lost, 0u);
}

TEST_F(NodeTest, NothingArrivesBeforeItWasRead) {
    const SessionHandle session = establish(udp);
    caller.write(session, 10'000);
    ASSERT_TRUE(listener.wait_received(TransportKind::udp, 10'000));
    listener.run([&] {
        const SessionHandle accepted = listener.client->states.begin()->first;
        EXPECT_GE(listener.node->endpoint().find(accepted)->last_received(), udp->counts(1).handed_over);
    });
}

/// One end of a pair of sockets, through which nothing comes back.
class SocketTransport final : public Transport {
  public:
    explicit SocketTransport(int fd) : fd_(fd) {}
    TransportKind kind() const override { return TransportKind::udp; }
    const TransportProperties& properties() const override { return properties_; }
    uint16_t local_port() const override { return 0; }
    int fd() const override { return fd_; }
    bool is_own(const Address&) const override { return false; }
    bool receive(const DatagramHandler&) override { return false; }
    bool read_reports(size_t, const ReportHandler&) override { return false; }
    Sent send(const Address&, Bytes batch, size_t, Recipient) override {
        if (::send(fd_, batch.data(), batch.size(), MSG_DONTWAIT) < 0) return {Sent::Outcome::would_block, 0};
        return {Sent::Outcome::done, batch.size()};
    }
    void confirm_peer(const Address&) override {}
    void close() override { ::close(fd_); }

  private:
    const TransportProperties properties_;
    const int fd_;
};

TEST(NodeWithADescriptor, WaitsUntilItIsWritable) {
    std::array<int, 2> fds;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds.data()), 0);
    const std::vector<uint8_t> filling(500);
    while (send(fds[0], filling.data(), filling.size(), MSG_DONTWAIT) > 0) {
    }
    TestNode caller;
    std::vector<std::unique_ptr<Transport>> transports;
    transports.push_back(std::make_unique<SocketTransport>(fds[0]));
    caller.create(std::move(transports), false);
    caller.start();
    caller.call(Address::v4({192, 0, 2, 1}, 7600));
    EXPECT_LT(caller.turns_observed(), turns_at_rest);
    std::vector<uint8_t> datagram(2000);
    ssize_t size = 0;
    pollfd item{fds[1], POLLIN, 0};
    while (size != static_cast<ssize_t>(datagram_min) && poll(&item, 1, 20'000) == 1)
        size = recv(fds[1], datagram.data(), datagram.size(), MSG_DONTWAIT);
    EXPECT_EQ(size, static_cast<ssize_t>(datagram_min)) << "the HELLO";
    caller.stop();
    close(fds[1]);
}

}  // namespace
}  // namespace stt
