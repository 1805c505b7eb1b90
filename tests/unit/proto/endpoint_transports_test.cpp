// SPDX-License-Identifier: LGPL-2.1-or-later
// An endpoint with two transports, one of which may be blocked.
#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

constexpr TransportKind udp = TransportKind::udp, websocket = TransportKind::websocket;

Address by(TransportKind kind, Address address) {
    address.transport = kind;
    return address;
}

/// Datagrams arrive at once, by the transport by which they left.
struct EndpointTransportsTest : ::testing::Test {
    EndpointTransportsTest() {
        for (JoinedNode* node : {&caller, &listener})
            node->transports.set(websocket, {.batch_datagrams = 4, .batch_bytes = 64 << 10});
        EndpointConfig config;
        config.listening = true;
        listener.start(std::move(config));
        caller.start({});
    }

    SessionHandle call(TransportKind kind) {
        return caller.endpoint->connect(now, by(kind, listener.address), {});
    }
    void set_blocked(TransportKind kind, bool is_blocked) {
        caller.endpoint->set_blocked(kind, is_blocked);
        blocked[kind] = is_blocked;
    }
    /// Lets `node` send everything by `kind`. Returns the number of datagrams.
    size_t transmit(JoinedNode& node, TransportKind kind) {
        JoinedNode& other = &node == &caller ? listener : caller;
        std::vector<uint8_t> batch(65536);
        size_t datagrams = 0;
        while (const auto sent = node.endpoint->poll_transmit(now, batch, 16, kind)) {
            EXPECT_EQ(sent->to.transport, kind);
            for (size_t at = 0; at < sent->size; at += sent->segment, datagrams++) {
                const size_t size = std::min(sent->segment, sent->size - at);
                std::vector<uint8_t> bytes(batch.data() + at, batch.data() + at + size);
                other.endpoint->handle_datagram(now, by(kind, node.address), bytes, nullptr);
            }
        }
        return datagrams;
    }
    void serve(JoinedNode& node) {
        if (node.endpoint->next_timeout(now.time) <= now.time) node.endpoint->handle_timeout(now);
        while (auto event = node.endpoint->next_event()) {
            node.events.push_back(*event);
            const auto* readable = std::get_if<event::StreamReadable>(&event->what);
            if (!readable) continue;
            Session* const session = node.endpoint->find(event->session);
            uint64_t& taken = received[event->session];
            const auto read = session->read(readable->stream);
            for (const Chunk& chunk : read.chunks) taken += chunk.size();
            session->consumed(now.time, readable->stream, taken, taken, read.finished);
        }
    }
    /// Lets time pass. Returns how often it took a turn of the caller.
    unsigned run(Duration duration) {
        const Time end = now.time + duration;
        unsigned turns = 0;
        while (turns++ < 100'000) {
            size_t datagrams = 0;
            for (JoinedNode* node : {&caller, &listener}) {
                serve(*node);
                for (const TransportKind kind : {udp, websocket})
                    if (node == &listener || !blocked[kind]) datagrams += transmit(*node, kind);
            }
            if (datagrams > 0) continue;
            const Time next =
                std::min(caller.endpoint->next_timeout(now.time), listener.endpoint->next_timeout(now.time));
            const Duration step = std::max(next, now.time) - now.time;
            if (now.time + step > end) break;
            now.time += step;
            now.wall += std::chrono::duration_cast<WallTime>(step);
        }
        return turns;
    }
    void write(SessionHandle session, size_t bytes) {
        const auto stream = caller.endpoint->find(session)->open_stream({}, 0, std::nullopt);
        ASSERT_TRUE(stream.ok());
        const std::vector<uint8_t> payload(bytes);
        const OutMessage message = OutMessage::copy_of(1, {}, payload);
        written = message.size();
        ASSERT_TRUE(caller.endpoint->find(session)->write(*stream, message));
    }
    SessionState state(SessionHandle session) { return caller.endpoint->find(session)->state(); }
    /// How often a timer of the caller's session has fired.
    unsigned fired(SessionHandle session, Timer timer) {
        return caller.timers[{session, std::string("timer: ") + timer_name(timer)}];
    }
    /// The sum over the listener's sessions with a peer at that transport.
    uint64_t received_by(TransportKind kind) {
        uint64_t sum = 0;
        for (const auto& [session, bytes] : received)
            if (listener.endpoint->find(session)->info().peer.transport == kind) sum += bytes;
        return sum;
    }

    Now now{Time{} + 1s, WallTime(1'700'000'000s)};
    JoinedNode caller{Address::v4({192, 0, 2, 1}, 4000), 1};
    JoinedNode listener{Address::v4({192, 0, 2, 2}, 7600), 2};
    std::map<TransportKind, bool> blocked;  // at the caller
    std::map<SessionHandle, uint64_t> received;
    uint64_t written = 0;
};

TEST_F(EndpointTransportsTest, each_is_asked_for_its_own_sessions) {
    const SessionHandle first = call(udp), second = call(websocket);
    EXPECT_EQ(transmit(caller, websocket), 1u);
    EXPECT_EQ(transmit(caller, websocket), 0u) << "the HELLO of the other is not for it";
    EXPECT_EQ(transmit(caller, udp), 1u);
    run(100ms);
    EXPECT_EQ(state(first), SessionState::established);
    EXPECT_EQ(state(second), SessionState::established);
}

TEST_F(EndpointTransportsTest, a_blocked_one_stops_only_its_own_sessions) {
    const SessionHandle first = call(udp), second = call(websocket);
    run(100ms);
    set_blocked(websocket, true);
    write(first, 50'000);
    write(second, 50'000);
    run(1s);
    EXPECT_EQ(received_by(udp), written);
    EXPECT_EQ(received_by(websocket), 0u);
    set_blocked(websocket, false);
    run(1s);
    EXPECT_EQ(received_by(websocket), written);
}

TEST_F(EndpointTransportsTest, what_waits_for_a_blocked_one_causes_no_timeout) {
    const SessionHandle session = call(websocket);
    run(100ms);
    write(session, 50'000);
    std::vector<uint8_t> batch(65536);
    // It stays in flight, so that a probe timeout would follow.
    ASSERT_TRUE(caller.endpoint->poll_transmit(now, batch, 4, websocket));
    set_blocked(websocket, true);
    const unsigned losses = fired(session, Timer::loss_detection);
    EXPECT_LT(run(3s), 50u);
    EXPECT_EQ(fired(session, Timer::loss_detection), losses);
    set_blocked(websocket, false);
    run(1s);
    EXPECT_EQ(received_by(websocket), written);
}

TEST_F(EndpointTransportsTest, a_call_by_a_blocked_one_fails_in_time) {
    set_blocked(websocket, true);
    call(websocket);
    EXPECT_LT(run(SessionConfig{}.handshake_timeout + 1s), 50u);
    ASSERT_TRUE(caller.closed());
    EXPECT_EQ(caller.closed()->code, ErrorCode::connection_timeout);
}

TEST_F(EndpointTransportsTest, a_close_waits_for_a_blocked_one) {
    const SessionHandle session = call(websocket);
    run(100ms);
    set_blocked(websocket, true);
    caller.endpoint->find(session)->close(now, CloseReason::graceful, {});
    EXPECT_LT(run(20s), 400u) << "mostly the listener's, which asks its silent peer ten times a second";
    ASSERT_TRUE(caller.endpoint->find(session)) << "its SESSION_CLOSE has not left";
    set_blocked(websocket, false);
    run(10s);
    EXPECT_FALSE(caller.endpoint->find(session));
    ASSERT_TRUE(listener.closed());
}

TEST_F(EndpointTransportsTest, answers_for_a_blocked_one_do_not_displace_others) {
    EndpointConfig loaded;
    loaded.listening = true;
    loaded.hello_rate = 0;
    listener.start(std::move(loaded));
    call(udp);
    std::vector<uint8_t> hello(65536);
    const auto sent = caller.endpoint->poll_transmit(now, hello, 1, udp);
    ASSERT_TRUE(sent);
    hello.resize(sent->size);
    for (uint16_t port = 1; port <= 1000; port++) {
        std::vector<uint8_t> copy = hello;
        listener.endpoint->handle_datagram(now, by(websocket, Address::v4({192, 0, 2, 9}, port)), copy,
                                           nullptr);
    }
    listener.endpoint->set_blocked(websocket, true);
    listener.endpoint->handle_datagram(now, caller.address, hello, nullptr);
    std::vector<uint8_t> out(65536);
    const auto cookie = listener.endpoint->poll_transmit(now, out, 1, udp);
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->to, caller.address);
    EXPECT_FALSE(listener.endpoint->poll_transmit(now, out, 1, udp));
}

TEST_F(EndpointTransportsTest, a_new_address_is_validated_by_its_own_transport) {
    const SessionHandle session = call(udp);
    run(100ms);
    write(session, 1000);
    std::vector<uint8_t> batch(65536);
    const auto sent = caller.endpoint->poll_transmit(now, batch, 1, udp);
    ASSERT_TRUE(sent);
    batch.resize(sent->size);
    // The packet arrives by the other transport, as from a peer that has moved.
    listener.endpoint->handle_datagram(now, by(websocket, caller.address), batch, nullptr);
    EXPECT_GE(transmit(listener, websocket), 1u) << "PATH_CHALLENGE";
    EXPECT_GE(transmit(caller, websocket), 1u) << "PATH_RESPONSE";
    serve(listener);
    EXPECT_EQ(listener.session().info().peer, by(websocket, caller.address));
}

}  // namespace
}  // namespace stt
