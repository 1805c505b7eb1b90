// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/endpoint.hpp"

#include <algorithm>

#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

using EndpointTest = JoinedEndpoints;

TEST_F(EndpointTest, two_endpoints_shake_hands_and_know_each_other) {
    start_listener();
    const SessionHandle handle = call();
    ASSERT_TRUE(establish());
    const SessionInfo ours = caller.endpoint->find(handle)->info();
    const SessionInfo theirs = listener.session().info();
    EXPECT_TRUE(ours.caller);
    EXPECT_FALSE(theirs.caller);
    EXPECT_EQ(ours.peer_node, listener.identity.node_id());
    EXPECT_EQ(theirs.peer_node, caller.identity.node_id());
    EXPECT_EQ(ours.name, theirs.name);
    EXPECT_EQ(ours.cipher, theirs.cipher);
    EXPECT_EQ(ours.peer, listener.address);
    EXPECT_EQ(theirs.peer, caller.address);
}

TEST_F(EndpointTest, a_wrong_seed_is_named_by_both_within_a_round_trip_and_its_grace) {
    start_listener();
    call({}, 0x11);
    EXPECT_TRUE(run(2 * delay + std::max<Duration>(2 * delay, CallerAttempt::verdict_grace_min) + 1ms,
                    [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->code, ErrorCode::authentication_failed);
    EXPECT_EQ(caller.closed()->sub_code, 3);
    EXPECT_EQ(caller.closed()->reason, Reason::wrong_seed);
    const auto noted = listener.all<event::ErrorNoted>();
    ASSERT_EQ(noted.size(), 1u);
    EXPECT_EQ(noted[0].error.code, ErrorCode::authentication_failed);
    EXPECT_EQ(noted[0].peer, caller.address);
    EXPECT_EQ(listener.endpoint->session_count(), 0u) << "no state is kept";
}

TEST_F(EndpointTest, a_call_to_a_kept_session_takes_effect_although_the_session_rests) {
    start_listener();
    const SessionHandle handle = call();
    ASSERT_TRUE(establish());
    Session& kept = *caller.endpoint->find(handle);
    run(1s);
    ASSERT_GT(caller.endpoint->next_timeout(now.time), now.time);
    ASSERT_TRUE(kept.open_stream({}, 0, {}).ok());
    EXPECT_LE(caller.endpoint->next_timeout(now.time), now.time);
    std::vector<uint8_t> batch(65536);
    EXPECT_TRUE(caller.endpoint->poll_transmit(now, batch, 16));

    run(1s);
    ASSERT_GT(caller.endpoint->next_timeout(now.time), now.time);
    kept.close(now, CloseReason::graceful, {});
    EXPECT_TRUE(caller.endpoint->next_event()) << "its end";
}

TEST_F(EndpointTest, every_seed_is_accepted_the_first_is_used) {
    start_listener();
    std::vector<SecretBytes> seeds;
    for (const uint8_t byte : {uint8_t{0x77}, uint8_t{0x11}})
        seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, byte)));
    listener.endpoint->set_seeds(std::move(seeds));
    call({}, 0x11);
    EXPECT_TRUE(establish());
}

TEST_F(EndpointTest, another_version_is_refused_by_name) {
    start_listener();
    caller.start({});
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller) {
            datagram[6] = static_cast<uint8_t>(wire_version + 1);
            seal_handshake_checksum(datagram);
        }
        return true;
    };
    call();
    run(1s);
    const auto noted = listener.all<event::ErrorNoted>();
    ASSERT_FALSE(noted.empty());
    EXPECT_EQ(noted[0].error.code, ErrorCode::protocol_version_mismatch);
    ASSERT_NE(caller.closed(), nullptr);
    EXPECT_EQ(caller.closed()->code, ErrorCode::protocol_version_mismatch);
    EXPECT_EQ(listener.endpoint->session_count(), 0u);
}

TEST_F(EndpointTest, under_load_callers_come_through_with_a_cookie) {
    EndpointConfig loaded;
    loaded.hello_rate = 0;
    start_listener(std::move(loaded));
    unsigned hellos = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller && packet_type(datagram) == PacketType::hello) hellos++;
        return true;
    };
    call();
    EXPECT_TRUE(establish());
    EXPECT_EQ(hellos, 2u);
}

TEST_F(EndpointTest, under_load_no_cookie_is_demanded_where_the_transport_has_validated_the_address) {
    EndpointConfig loaded;
    loaded.hello_rate = 0;
    TransportProperties validated = listener.transports.of(caller.address);
    validated.validated = true;
    listener.transports.set(TransportKind::udp, validated);
    start_listener(std::move(loaded));
    unsigned hellos = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller && packet_type(datagram) == PacketType::hello) hellos++;
        return true;
    };
    call();
    EXPECT_TRUE(establish());
    EXPECT_EQ(hellos, 1u);
}

TEST_F(EndpointTest, under_load_callers_far_away_come_through_as_well) {
    delay = 300ms;  // longer than the first retransmission
    EndpointConfig loaded;
    loaded.hello_rate = 0;
    start_listener(std::move(loaded));
    call();
    EXPECT_TRUE(establish());
}

TEST_F(EndpointTest, a_clock_that_is_off_locks_nobody_out) {
    for (const Duration one_way : {Duration(10ms), Duration(300ms)}) {
        delay = one_way;
        caller.endpoint.reset();
        caller.events.clear();
        listener.events.clear();
        start_listener();
        caller.start({});
        caller.endpoint->connect({now.time, now.wall - 24h}, listener.address, {});
        EXPECT_TRUE(establish()) << one_way.count();
    }
}

TEST_F(EndpointTest, a_replayed_hello_is_refused) {
    start_listener();
    Datagram hello;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller && packet_type(datagram) == PacketType::hello) hello = datagram;
        return true;
    };
    call();
    ASSERT_TRUE(establish());
    caller.session().close(now, CloseReason::graceful, {});
    run(30s);
    ASSERT_EQ(listener.endpoint->session_count(), 0u);
    listener.endpoint->handle_datagram(now, caller.address, hello, nullptr);
    run(1s);
    EXPECT_EQ(listener.endpoint->session_count(), 0u);
    const auto noted = listener.all<event::ErrorNoted>();
    ASSERT_FALSE(noted.empty());
    EXPECT_EQ(noted.back().error.reason, Reason::nonce_reuse);
}

TEST_F(EndpointTest, callers_beyond_max_sessions_are_told_even_when_the_first_word_is_lost) {
    EndpointConfig one;
    one.max_sessions = 1;
    start_listener(std::move(one));
    call();
    ASSERT_TRUE(establish());
    run(1s);  // nothing more to say
    caller.events.clear();
    bool lost = false;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from != &listener || packet_type(datagram) != PacketType::session_even || lost) return true;
        lost = true;
        return false;
    };
    call();
    EXPECT_TRUE(run(2s, [&] { return caller.closed() != nullptr; }));
    EXPECT_TRUE(lost);
    EXPECT_EQ(caller.closed()->code, ErrorCode::too_many_sessions);
    EXPECT_TRUE(caller.closed()->authenticated);
}

TEST_F(EndpointTest, nobody_answers_and_the_call_times_out) {
    start_listener();
    weather = [](const JoinedNode&, Datagram&) { return false; };
    SessionConfig config;
    config.handshake_timeout = 3s;
    call(config);
    const Time begin = now.time;
    ASSERT_TRUE(run(10s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(now.time - begin, 3s);
    EXPECT_EQ(caller.closed()->code, ErrorCode::connection_timeout);
    EXPECT_TRUE(caller.closed()->terminal);
}

TEST_F(EndpointTest, a_caller_that_falls_silent_half_way_is_forgotten) {
    start_listener();
    weather = [&](const JoinedNode& from, Datagram&) { return &from == &caller; };
    call();
    run(1s);
    EXPECT_EQ(listener.endpoint->session_count(), 1u);
    caller.endpoint.reset();
    run(60s);
    EXPECT_EQ(listener.endpoint->session_count(), 0u);
}

TEST_F(EndpointTest, a_port_without_listener_refuses_the_call) {
    caller.start({});
    call();
    run(5ms);
    caller.endpoint->handle_network_report(now, refused_at(listener.address));
    EXPECT_TRUE(run(1s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->code, ErrorCode::connection_refused);
    EXPECT_EQ(caller.closed()->origin, ErrorOrigin::network);
}

TEST_F(EndpointTest, icmp_does_not_end_a_session_that_stands) {
    start_listener();
    call();
    ASSERT_TRUE(establish());
    for (const NetworkReport& report : {refused_at(listener.address), failed_to(listener.address)})
        caller.endpoint->handle_network_report(now, report);
    run(5s);
    EXPECT_EQ(caller.closed(), nullptr);
}

TEST_F(EndpointTest, what_the_network_reports_of_a_session_that_stands_is_noted_once_a_second) {
    start_listener();
    call();
    ASSERT_TRUE(establish());
    for (int i = 0; i < 100; i++) {
        caller.endpoint->handle_network_report(now, failed_to(listener.address));
        run(25ms);
    }
    caller.endpoint->handle_network_report(now,
                                           failed_to(listener.address, Reason::send, ErrorOrigin::local));
    run(1ms);
    const auto noted = caller.all<event::ErrorNoted>();
    ASSERT_EQ(noted.size(), 4u);
    EXPECT_EQ(noted[0].error.reason, Reason::no_route_there);
    EXPECT_EQ(noted[0].error.origin, ErrorOrigin::network);
    EXPECT_EQ(noted[0].error.text, failed_to(listener.address).error.text) << "in the transport's words";
    EXPECT_FALSE(noted[0].error.terminal);
    EXPECT_EQ(noted[3].error.reason, Reason::send);
    EXPECT_EQ(noted[3].error.origin, ErrorOrigin::local);
    EXPECT_EQ(caller.closed(), nullptr);
}

TEST_F(EndpointTest, reports_that_alternate_are_noted_once_a_second_each) {
    start_listener();
    call();
    ASSERT_TRUE(establish());
    for (int i = 0; i < 100; i++) {
        for (const NetworkReport& report :
             {failed_to(listener.address), failed_to(listener.address, Reason::no_route, ErrorOrigin::local),
              failed_to(listener.address, Reason::prohibited)})
            caller.endpoint->handle_network_report(now, report);
        run(25ms);
    }
    const auto noted = caller.all<event::ErrorNoted>();
    const auto count = [&](Reason reason, ErrorOrigin origin) {
        return std::ranges::count_if(noted, [&](const event::ErrorNoted& note) {
            return note.error.reason == reason && note.error.origin == origin;
        });
    };
    EXPECT_EQ(count(Reason::no_route_there, ErrorOrigin::network), 3);
    EXPECT_EQ(count(Reason::no_route, ErrorOrigin::local), 3);
    EXPECT_EQ(count(Reason::prohibited, ErrorOrigin::network), 3);
    EXPECT_EQ(noted.size(), 9u);
}

TEST_F(EndpointTest, a_call_fails_in_the_transports_words) {
    start_listener();
    call();
    run(5ms);
    const NetworkReport report = failed_to(listener.address);
    caller.endpoint->handle_network_report(now, report);
    weather = [](const JoinedNode&, Datagram&) { return false; };
    EXPECT_TRUE(run(2s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->code, report.error.code);
    EXPECT_EQ(caller.closed()->reason, report.error.reason);
    EXPECT_EQ(caller.closed()->origin, report.error.origin);
    EXPECT_EQ(caller.closed()->text, report.error.text);
}

TEST_F(EndpointTest, what_is_no_answer_is_noted_at_once_and_is_why_the_call_fails) {
    const std::vector<uint8_t> foreign{'H', 'T', 'T', 'P', '/', '1', '.', '1'};
    std::vector<uint8_t> garbage(100, 0x41);
    garbage[0] = static_cast<uint8_t>(PacketType::session_even);
    for (const auto& answer : {foreign, garbage}) {
        caller.start({});
        SessionConfig config;
        config.handshake_timeout = 3s;
        call(config);
        run(5ms);
        const int needed = answer == foreign ? 1 : static_cast<int>(CallerAttempt::doubtful_max);
        for (int i = 0; i < 2 * needed; i++) {
            std::vector<uint8_t> datagram = answer;
            caller.endpoint->handle_datagram(now, listener.address, datagram, nullptr);
            run(1ms);
            EXPECT_EQ(caller.all<event::ErrorNoted>().size(), i + 1 < needed ? 0u : 1u) << i;
        }
        EXPECT_TRUE(run(10s, [&] { return caller.closed() != nullptr; }));
        EXPECT_EQ(caller.closed()->code, ErrorCode::connection_refused);
        EXPECT_EQ(caller.closed()->reason, Reason::other_protocol);
        caller.events.clear();
    }
}

TEST_F(EndpointTest, what_is_no_answer_does_not_keep_a_listener_out) {
    start_listener();
    call();
    std::vector<uint8_t> datagram{'H', 'T', 'T', 'P', '/', '1', '.', '1'};
    caller.endpoint->handle_datagram(now, listener.address, datagram, nullptr);
    EXPECT_TRUE(establish());
}

TEST_F(EndpointTest, no_answer_of_somebody_else_is_of_interest) {
    start_listener();
    call();
    std::vector<uint8_t> garbage(100, 0x41);
    caller.endpoint->handle_datagram(now, Address::v4({192, 0, 2, 77}, 7), garbage, nullptr);
    EXPECT_TRUE(establish());
    garbage.assign(100, 0x41);
    caller.endpoint->handle_datagram(now, listener.address, garbage, nullptr);
    run(1s);
    EXPECT_EQ(caller.closed(), nullptr) << "the session stands";
}

TEST_F(EndpointTest, an_echo_is_no_answer) {
    caller.start({});
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller) caller.endpoint->handle_datagram(now, listener.address, datagram, nullptr);
        return false;
    };
    SessionConfig config;
    config.handshake_timeout = 3s;
    call(config);
    EXPECT_TRUE(run(10s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->reason, Reason::echo);
    EXPECT_EQ(caller.all<event::ErrorNoted>().size(), 1u);
}

TEST_F(EndpointTest, a_caller_between_its_attempts_tells_who_calls_it) {
    caller.start({});
    listener.start({});  // and calls nobody now
    call();
    EXPECT_TRUE(run(1s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->code, ErrorCode::connection_refused);
    EXPECT_EQ(caller.closed()->reason, Reason::both_call);
    const auto noted = listener.all<event::ErrorNoted>();
    ASSERT_FALSE(noted.empty());
    EXPECT_EQ(noted[0].error.reason, Reason::both_call);
    EXPECT_EQ(noted[0].peer, caller.address);
}

TEST_F(EndpointTest, who_calls_itself_is_told_at_once) {
    EndpointConfig config;
    config.is_own = [this](const Address& from) { return from == listener.address; };
    caller.start(std::move(config));
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller) caller.endpoint->handle_datagram(now, listener.address, datagram, nullptr);
        return false;
    };
    call();
    EXPECT_TRUE(run(1s, [&] { return caller.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->reason, Reason::self_call);
}

TEST_F(EndpointTest, two_callers_are_told_that_one_has_to_listen) {
    caller.start({});
    listener.start({});
    call();
    listener.endpoint->connect(now, caller.address, {});
    EXPECT_TRUE(run(1s, [&] { return caller.closed() != nullptr && listener.closed() != nullptr; }));
    EXPECT_EQ(caller.closed()->reason, Reason::both_call);
    EXPECT_EQ(listener.closed()->reason, Reason::both_call);
}

TEST_F(EndpointTest, never_answers_with_more_than_it_got) {
    start_listener();
    caller.start({});
    uint64_t in = 0, out = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        (&from == &caller ? in : out) += datagram.size();
        return &from == &caller && packet_type(datagram) == PacketType::hello;
    };
    call();
    run(9s);
    EXPECT_GT(in, 0u);
    EXPECT_GT(out, 0u);
    EXPECT_LE(out, in);
}

TEST_F(EndpointTest, a_hello_shorter_than_the_minimum_gets_no_answer) {
    start_listener();
    uint64_t answers = 0;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &listener) answers++;
        datagram.resize(datagram_min - 1);
        seal_handshake_checksum(datagram);
        return true;
    };
    call();
    run(5s);
    EXPECT_EQ(answers, 0u);
    EXPECT_GT(listener.endpoint->stats().hellos_dropped, 0u);
}

TEST_F(EndpointTest, noise_is_counted_and_not_answered) {
    start_listener();
    SeededRandom random(3);
    for (int i = 0; i < 2000; i++) {
        Datagram datagram(static_cast<size_t>(random.u64() % 1500));
        random.fill(datagram);
        if (!datagram.empty() && i % 2) datagram[0] = static_cast<uint8_t>(4 + random.u64() % 8);
        listener.endpoint->handle_datagram(now, caller.address, datagram, nullptr);
    }
    std::vector<uint8_t> batch(65536);
    EXPECT_FALSE(listener.endpoint->poll_transmit(now, batch, 16));
    EXPECT_FALSE(listener.endpoint->next_event());
    EXPECT_GT(listener.endpoint->stats().malformed, 0u);
    EXPECT_GT(listener.endpoint->stats().unknown_sessions, 0u);
    EXPECT_EQ(listener.endpoint->session_count(), 0u);
}

TEST_F(EndpointTest, one_without_listening_makes_no_session_of_a_hello) {
    listener.start({});
    call();
    run(1s);
    EXPECT_EQ(listener.endpoint->session_count(), 0u);
}

TEST_F(EndpointTest, a_peer_that_lost_its_sessions_says_so) {
    start_listener();
    call();
    ASSERT_TRUE(establish());
    start_listener();  // it was restarted
    const auto stream = caller.session().open_stream({}, 0, std::nullopt);
    ASSERT_TRUE(stream.ok());
    run(1s);
    const auto noted = caller.all<event::ErrorNoted>();
    ASSERT_FALSE(noted.empty());
    EXPECT_EQ(noted[0].error.code, ErrorCode::session_not_found);
    EXPECT_EQ(caller.closed(), nullptr) << "a hint, not a proof";
}

TEST_F(EndpointTest, what_is_written_to_a_session_at_rest_leaves_at_once) {
    start_listener();
    call();
    ASSERT_TRUE(establish());
    run(1s);
    const auto stream = caller.session().open_stream({}, 0, std::nullopt);
    ASSERT_TRUE(stream.ok());
    std::vector<uint8_t> batch(65536);
    const auto left = caller.endpoint->poll_transmit(now, batch, 16);
    ASSERT_TRUE(left);
    EXPECT_EQ(left->to, listener.address);
}

TEST_F(EndpointTest, a_report_reaches_all_sessions_at_an_address) {
    start_listener();
    const SessionHandle first = call(), second = call();
    ASSERT_TRUE(establish());
    run(1s);
    caller.events.clear();
    caller.endpoint->handle_network_report(now, failed_to(listener.address));
    caller.endpoint->handle_network_report(now, refused_at(Address::v4({192, 0, 2, 9}, 7600)));
    run(1s);
    std::vector<SessionHandle> told;
    for (const Event& event : caller.events)
        if (std::holds_alternative<event::ErrorNoted>(event.what)) told.push_back(event.session);
    EXPECT_EQ(told, (std::vector<SessionHandle>{first, second}));
}

TEST_F(EndpointTest, many_calls_share_one_listener) {
    start_listener();
    for (int i = 0; i < 20; i++) call();
    ASSERT_TRUE(run(2s, [&] {
        size_t established = 0;
        for (const auto& change : listener.all<event::StateChanged>())
            if (change.state == SessionState::established) established++;
        return established == 20;
    }));
    EXPECT_EQ(listener.endpoint->session_count(), 20u);
}

}  // namespace
}  // namespace stt
