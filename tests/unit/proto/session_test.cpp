// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session.hpp"

#include "tests/lib/seeded_random.hpp"
#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

OutMessage message(size_t size, uint8_t start = 0) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(size);
    for (size_t i = 0; i < size; i++) (*bytes)[i] = static_cast<uint8_t>(start + i * 13 + i / 251);
    const Bytes view(*bytes);
    return {std::move(bytes), {}, view};
}

std::vector<uint8_t> bytes_of(const OutMessage& message) {
    return {message.payload.begin(), message.payload.end()};
}

struct SessionTest : JoinedEndpoints {
    void connect(SessionConfig config = {}, EndpointConfig listening = {}) {
        start_listener(std::move(listening));
        call(std::move(config));
        ASSERT_TRUE(establish());
    }
    StreamId open() {
        const auto id = caller.session().open_stream({1}, 0, std::nullopt);
        EXPECT_TRUE(id.ok());
        return id.value();
    }
    bool delivered() const {
        for (const auto& progress : caller.all<event::StreamProgress>())
            if (progress.finished) return true;
        return false;
    }
};

TEST_F(SessionTest, no_stream_before_it_is_established) {
    start_listener();
    const SessionHandle handle = call();
    const auto stream = caller.endpoint->find(handle)->open_stream({}, 0, std::nullopt);
    ASSERT_FALSE(stream.ok());
    EXPECT_EQ(stream.error().code, ErrorCode::session_closed);
}

TEST_F(SessionTest, carries_data_and_reports_its_delivery) {
    connect();
    const StreamId id = open();
    const OutMessage data = message(3'000'000);
    EXPECT_TRUE(caller.session().write(id, data));
    EXPECT_TRUE(caller.session().finish(id));
    ASSERT_TRUE(run(60s, [&] { return delivered(); }));
    EXPECT_TRUE(listener.received == bytes_of(data));
    EXPECT_EQ(caller.session().unacknowledged(id), 0u);
    EXPECT_EQ(caller.session().stats().packets_lost, 0u);
    EXPECT_NEAR(std::chrono::duration<double>(caller.session().stats().rtt).count(), 0.02, 0.01);
}

TEST_F(SessionTest, the_way_back_of_a_stream_carries_data_too) {
    connect();
    const StreamId id = open();
    caller.session().write(id, message(10));
    ASSERT_TRUE(run(1s, [&] { return !listener.received.empty(); }));
    EXPECT_TRUE(listener.session().write(id, message(777)));
    ASSERT_TRUE(run(1s, [&] { return caller.received.size() == 777; }));
}

TEST_F(SessionTest, loses_nothing_in_bad_weather) {
    for (unsigned seed = 1; seed <= 5; seed++) {
        caller.endpoint.reset();
        caller.events.clear();
        listener.events.clear();
        listener.received.clear();
        SeededRandom random(seed);
        weather = [&](const JoinedNode&, Datagram& datagram) {
            if (random.below(20) == 0) return false;
            if (random.below(50) == 0) datagram[random.below(datagram.size())] ^= 0x40;
            return true;
        };
        start_listener();
        call();
        ASSERT_TRUE(establish()) << seed;
        const StreamId id = open();
        const OutMessage data = message(500'000, static_cast<uint8_t>(seed));
        caller.session().write(id, data);
        caller.session().finish(id);
        ASSERT_TRUE(run(120s, [&] { return delivered(); })) << seed;
        EXPECT_TRUE(listener.received == bytes_of(data));
    }
}

TEST_F(SessionTest, any_one_lost_handshake_packet_is_made_up_for) {
    for (unsigned lost = 0; lost < 8; lost++) {
        caller.endpoint.reset();
        caller.events.clear();
        listener.events.clear();
        unsigned count = 0;
        weather = [&](const JoinedNode&, Datagram&) { return count++ != lost; };
        start_listener();
        call();
        EXPECT_TRUE(establish()) << lost;
    }
}

TEST_F(SessionTest, the_responder_makes_up_for_a_lost_final_by_itself) {
    // Whatever it sends opens with FINAL; the caller need not ask with another AUTH_PROOF.
    start_listener();
    Time until = time_never;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller) return until == time_never || packet_type(datagram) != PacketType::auth_proof;
        if (packet_type(datagram) != PacketType::session_even) return true;
        if (until == time_never) until = now.time + 50ms;
        return now.time >= until;
    };
    call();
    EXPECT_TRUE(establish());
}

TEST_F(SessionTest, a_graceful_close_says_so_at_either_end) {
    connect();
    caller.session().close(now, CloseReason::graceful, {});
    EXPECT_EQ(caller.session().state(), SessionState::closed);
    ASSERT_TRUE(run(1s, [&] { return caller.closed() && listener.closed(); }));
    EXPECT_EQ(caller.closed()->code, ErrorCode::none);
    EXPECT_EQ(listener.closed()->code, ErrorCode::session_closed);
    EXPECT_EQ(listener.closed()->reason, Reason::graceful);
    EXPECT_EQ(listener.closed()->origin, ErrorOrigin::peer);
    EXPECT_TRUE(listener.closed()->authenticated);
}

TEST_F(SessionTest, a_close_at_once_takes_one_word_of_each_and_is_forgotten) {
    connect();
    run(1s);
    const uint64_t before = sent_datagrams;
    caller.session().close(now, CloseReason::graceful, {});
    ASSERT_TRUE(run(1s, [&] { return listener.closed() != nullptr; }));
    run(60s);
    EXPECT_EQ(sent_datagrams - before, 2u);
    EXPECT_EQ(caller.endpoint->session_count(), 0u);
    EXPECT_EQ(listener.endpoint->session_count(), 0u);
}

TEST_F(SessionTest, a_lost_close_is_repeated) {
    connect();
    run(1s);
    bool lost = false;
    weather = [&](const JoinedNode& from, Datagram&) {
        if (&from != &caller || lost) return true;
        return !(lost = true);
    };
    caller.session().close(now, CloseReason::graceful, {});
    ASSERT_TRUE(run(1s, [&] { return listener.closed() != nullptr; }));
    EXPECT_TRUE(lost);
    EXPECT_EQ(listener.closed()->code, ErrorCode::session_closed);
}

TEST_F(SessionTest, closes_that_cross_fall_silent) {
    connect();
    run(1s);
    const uint64_t before = sent_datagrams;
    caller.session().close(now, CloseReason::graceful, {});
    listener.session().close(now, CloseReason::graceful, {});
    run(60s);
    EXPECT_EQ(sent_datagrams - before, 2u);
}

TEST_F(SessionTest, keep_alive_holds_an_idle_session_at_little_cost) {
    connect();
    run(2s);
    const uint64_t before = sent_datagrams;
    run(300s);
    EXPECT_EQ(caller.closed(), nullptr);
    EXPECT_EQ(listener.closed(), nullptr);
    EXPECT_LT(sent_datagrams - before, 300u);
}

TEST_F(SessionTest, a_dead_peer_is_noticed_after_the_keepalive_timeout) {
    connect();
    run(2s);
    const Time begin = now.time;
    weather = [](const JoinedNode&, Datagram&) { return false; };
    ASSERT_TRUE(run(120s, [&] { return caller.closed() && listener.closed(); }));
    EXPECT_LE(now.time - begin, 30s);
    EXPECT_EQ(caller.closed()->code, ErrorCode::session_timeout);
    EXPECT_EQ(caller.closed()->reason, Reason::keepalive_timeout);
}

TEST_F(SessionTest, goes_on_at_once_after_an_outage) {
    connect();
    const StreamId id = open();
    bool broken = false;
    weather = [&](const JoinedNode&, Datagram&) { return !broken; };
    run(1s);
    broken = true;
    caller.session().write(id, message(1000));
    run(20s);
    EXPECT_TRUE(listener.received.empty());
    broken = false;
    const Time begin = now.time;
    ASSERT_TRUE(run(10s, [&] { return listener.received.size() == 1000; }));
    EXPECT_LE(now.time - begin, 300ms) << "the doubling of the probe timeout must not delay this";
}

TEST_F(SessionTest, an_end_reported_in_the_first_packet_after_an_outage_counts) {
    connect();
    const StreamId id = open();
    run(1s);
    caller.session().write(id, message(1000));
    caller.session().finish(id);
    bool broken = true;
    weather = [&](const JoinedNode& from, Datagram&) { return !(broken && &from == &listener); };
    run(3s);
    ASSERT_EQ(listener.received.size(), 1000u);
    broken = false;
    EXPECT_TRUE(run(2s, [&] { return delivered(); }));
}

TEST_F(SessionTest, follows_a_caller_whose_address_changes) {
    connect();
    const StreamId id = open();
    caller.session().write(id, message(1000));
    run(1s);
    caller.address = Address::v4({198, 51, 100, 9}, 5555);  // a NAT gave it another mapping
    caller.session().write(id, message(2000));
    ASSERT_TRUE(run(2s, [&] { return listener.session().info().peer == caller.address; }));
    EXPECT_TRUE(run(2s, [&] { return listener.received.size() == 3000; }));
    listener.session().write(id, message(500));
    EXPECT_TRUE(run(2s, [&] { return caller.received.size() == 500; }));
}

TEST_F(SessionTest, does_not_follow_a_packet_sent_on_by_somebody_else) {
    connect();
    run(1s);
    const Address attacker = Address::v4({203, 0, 113, 66}, 666);
    const StreamId id = open();
    caller.session().write(id, message(100));
    bool forwarded = false;
    uint64_t to_attacker = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from != &caller || forwarded) return true;
        forwarded = true;
        flights.push_back({now.time + delay, attacker, listener.address, datagram});
        return false;
    };
    run(200ms);
    for (const Flight& flight : flights) to_attacker += flight.to == attacker;
    run(5s);
    EXPECT_TRUE(forwarded);
    EXPECT_EQ(listener.session().info().peer, caller.address);
    EXPECT_EQ(listener.received.size(), 100u);
    EXPECT_EQ(to_attacker, 0u);
}

TEST_F(SessionTest, an_older_packet_from_elsewhere_raises_no_suspicion) {
    connect();
    run(1s);
    const StreamId id = open();
    Datagram older;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from != &caller || !older.empty()) return true;
        older = datagram;
        return false;
    };
    caller.session().write(id, message(100));
    ASSERT_TRUE(run(2s, [&] { return listener.received.size() == 100; }));
    listener.endpoint->handle_datagram(now, Address::v4({203, 0, 113, 66}, 666), older, nullptr);
    std::vector<uint8_t> batch(65536);
    while (const auto transmit = listener.endpoint->poll_transmit(now, batch, 16))
        EXPECT_EQ(transmit->to, caller.address);
}

TEST_F(SessionTest, tampering_and_noise_are_told_apart_and_change_nothing) {
    connect();
    const StreamId id = open();
    run(1s);
    unsigned count = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from != &caller) return true;
        if (count == 0 || count == 1) datagram[session_header_size + 1] ^= 1;
        if (count == 1) seal_checksum(datagram);
        count++;
        return true;
    };
    caller.session().write(id, message(5000));
    ASSERT_TRUE(run(5s, [&] { return listener.received.size() == 5000; }));
    EXPECT_EQ(listener.session().stats().checksum_mismatches, 1u);
    EXPECT_EQ(listener.session().stats().undecryptable, 1u);
    EXPECT_EQ(listener.closed(), nullptr);
}

TEST_F(SessionTest, duplicates_are_counted_and_dropped) {
    connect();
    const StreamId id = open();
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller)
            flights.push_back({now.time + delay, caller.address, listener.address, datagram});
        return true;
    };
    caller.session().write(id, message(50'000));
    ASSERT_TRUE(run(5s, [&] { return listener.received.size() == 50'000; }));
    EXPECT_GT(listener.session().stats().duplicates, 10u);
}

TEST_F(SessionTest, leaves_a_listener_that_is_not_the_expected_node) {
    start_listener();
    SessionConfig config;
    config.expected_peer = NodeId{1, 2, 3};
    call(config);
    ASSERT_TRUE(run(2s, [&] { return caller.closed() && listener.closed(); }));
    for (const JoinedNode* node : {&caller, &listener}) {
        EXPECT_EQ(node->closed()->code, ErrorCode::authentication_failed);
        EXPECT_EQ(node->closed()->reason, Reason::unexpected_peer);
    }
}

TEST_F(SessionTest, refuses_a_caller_that_is_not_the_expected_node_even_if_final_is_lost) {
    EndpointConfig config;
    config.session.expected_peer = NodeId{1, 2, 3};
    start_listener(std::move(config));
    unsigned finals = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        return !(&from == &listener && packet_type(datagram) == PacketType::session_even && finals++ == 0);
    };
    call();
    ASSERT_TRUE(run(5s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->code, ErrorCode::authentication_failed);
    EXPECT_TRUE(caller.closed()->authenticated);
    ASSERT_NE(listener.closed(), nullptr);
    EXPECT_EQ(listener.closed()->reason, Reason::unexpected_peer);
}

TEST_F(SessionTest, finds_a_larger_mtu_and_survives_its_loss) {
    size_t path_mtu = 8000;
    weather = [&](const JoinedNode&, Datagram& datagram) { return datagram.size() <= path_mtu; };
    connect();
    const StreamId id = open();
    caller.session().write(id, message(1'000'000));
    ASSERT_TRUE(run(30s, [&] { return listener.received.size() == 1'000'000; }));
    run(30s);
    EXPECT_GT(caller.session().stats().mtu, 6000u);
    EXPECT_LE(caller.session().stats().mtu, path_mtu);
    path_mtu = 1400;
    caller.session().write(id, message(100'000));
    EXPECT_TRUE(run(60s, [&] { return listener.received.size() == 1'100'000; }));
}

/// 2001:db8::last.
Address v6(uint8_t last, uint16_t port) {
    return {.ip = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}, .port = port};
}

TEST_F(SessionTest, an_mtu_that_is_set_leaves_room_for_the_headers_of_either_family) {
    for (const bool six : {false, true}) {
        caller.address = six ? v6(1, 4000) : Address::v4({192, 0, 2, 1}, 4000);
        listener.address = six ? v6(2, 7600) : Address::v4({192, 0, 2, 2}, 7600);
        caller.endpoint.reset();
        caller.events.clear();
        listener.events.clear();
        size_t longest = 0;
        weather = [&](const JoinedNode& from, Datagram& datagram) {
            if (&from == &caller) longest = std::max(longest, datagram.size());
            return true;
        };
        SessionConfig config;
        config.mtu = 1500;
        connect(config);
        caller.session().write(open(), message(100'000));
        listener.received.clear();
        ASSERT_TRUE(run(5s, [&] { return listener.received.size() == 100'000; }));
        EXPECT_EQ(longest, six ? 1452u : 1472u);
    }
}

TEST_F(SessionTest, an_mtu_that_is_set_follows_a_peer_into_the_other_family) {
    EndpointConfig listening;
    listening.session.mtu = 1500;
    connect({}, std::move(listening));
    EXPECT_EQ(listener.session().stats().mtu, 1472u);
    const StreamId id = open();
    size_t expected = 0;
    for (const Address& address : {v6(1, 4000), Address::v4({192, 0, 2, 9}, 4000)}) {
        caller.address = address;
        expected += 10'000;
        caller.session().write(id, message(10'000));
        ASSERT_TRUE(run(5s, [&] {
            return listener.received.size() == expected && listener.session().info().peer == address;
        }));
        EXPECT_EQ(listener.session().stats().mtu, address.is_v4() ? 1472u : 1452u);
    }
}

TEST_F(SessionTest, a_report_of_a_narrow_path_counts_if_losses_bear_it_out_or_this_machine_makes_it) {
    connect({});
    const size_t narrow = datagram_min - 100;
    caller.endpoint->handle_network_report(now, too_big_for(listener.address, narrow));
    run(1s);
    EXPECT_EQ(caller.all<event::ErrorNoted>().size(), 0u);
    for (int i = 0; i < 3; i++)
        caller.endpoint->handle_network_report(now,
                                               too_big_for(listener.address, narrow, ErrorOrigin::local));
    run(1s);
    const auto noted = caller.all<event::ErrorNoted>();
    ASSERT_EQ(noted.size(), 1u);
    EXPECT_EQ(noted[0].error.code, ErrorCode::udp_send_failed);
    EXPECT_EQ(noted[0].error.reason, Reason::mtu);
    EXPECT_EQ(noted[0].error.origin, ErrorOrigin::local);
}

TEST_F(SessionTest, an_mtu_that_does_not_fit_is_told_once) {
    SessionConfig config;
    config.mtu = 1500;
    connect(config);
    for (int i = 0; i < 3; i++)
        caller.endpoint->handle_network_report(now, too_big_for(listener.address, 1472));
    run(1s);
    const auto noted = caller.all<event::ErrorNoted>();
    ASSERT_EQ(noted.size(), 1u);
    EXPECT_EQ(noted[0].error.code, ErrorCode::udp_send_failed);
    EXPECT_EQ(noted[0].error.reason, Reason::mtu);
    EXPECT_NE(noted[0].error.text.find("mtu=1500"), std::string::npos) << noted[0].error.text;
    EXPECT_FALSE(noted[0].error.terminal);
    EXPECT_EQ(caller.closed(), nullptr);
}

}  // namespace
}  // namespace stt
