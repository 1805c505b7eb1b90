// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

using SessionResume = JoinedEndpoints;

TEST_F(SessionResume, AnEndThatWasNotToldBeforeTheReturnIsNone) {
    EndpointConfig config;
    config.session.resume_within = 60s;
    start_listener(std::move(config));
    SessionConfig calling;
    calling.keepalive_timeout = 3s;
    calling.resume_within = 60s;
    const SessionHandle lost = call(calling);
    ASSERT_TRUE(establish());
    const SessionHandle there = listener.last_session();
    // The caller's last word and, when it is back, its AUTH_PROOF arrive together.
    std::vector<uint8_t> close, proof;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller) close = datagram;
        return false;
    };
    ASSERT_TRUE(run(10s, [&] { return caller.closed() && caller.endpoint->find(lost)->resumable(); }));
    weather = [&](const JoinedNode&, Datagram& datagram) {
        if (packet_type(datagram) != PacketType::auth_proof) return true;
        proof = datagram;
        return false;
    };
    const SessionHandle fresh = caller.endpoint->connect(now, listener.address, calling, lost);
    ASSERT_TRUE(run(10s, [&] { return !proof.empty(); }));
    ASSERT_EQ(listener.endpoint->find(there)->state(), SessionState::established);
    listener.endpoint->handle_datagram(now, caller.address, close, nullptr);
    ASSERT_EQ(listener.endpoint->find(there)->state(), SessionState::closed);
    listener.endpoint->handle_datagram(now, caller.address, proof, nullptr);
    ASSERT_TRUE(run(10s, [&] { return caller.endpoint->find(fresh)->state() == SessionState::established; }));
    EXPECT_EQ(listener.session().resumed(), there);
    EXPECT_EQ(listener.closed(), nullptr) << listener.closed()->text;
    EXPECT_TRUE(listener.all<event::Abandoned>().empty());
}

TEST_F(SessionResume, TheSessionBeforeCanBeFoundUntilTheNewOneIsReported) {
    EndpointConfig config;
    config.session.resume_within = 60s;
    start_listener(std::move(config));
    SessionConfig calling;
    calling.keepalive_timeout = 3s;
    calling.resume_within = 60s;
    const SessionHandle lost = call(calling);
    ASSERT_TRUE(establish());
    const SessionHandle there = listener.last_session();
    weather = [](const JoinedNode&, Datagram&) { return false; };
    ASSERT_TRUE(run(10s, [&] { return caller.closed() && caller.endpoint->find(lost)->resumable(); }));
    Datagram proof;
    weather = [&](const JoinedNode&, Datagram& datagram) {
        if (packet_type(datagram) != PacketType::auth_proof) return true;
        proof = datagram;
        return false;
    };
    caller.endpoint->connect(now, listener.address, calling, lost);
    ASSERT_TRUE(run(10s, [&] { return !proof.empty(); }));
    listener.endpoint->handle_datagram(now, caller.address, proof, nullptr);
    listener.endpoint->handle_timeout(now);  // what was superseded has ended and lingers for no time
    bool reported = false;
    while (const auto event = listener.endpoint->next_event()) {
        const auto* const change = std::get_if<event::StateChanged>(&event->what);
        if (event->session == there || !change || change->state != SessionState::established) continue;
        reported = true;
        EXPECT_NE(listener.endpoint->find(there), nullptr) << "whose statistics are to be added up";
    }
    EXPECT_TRUE(reported);
}

TEST_F(SessionResume, ASessionThatOnlyWaitsToBeGoneOnWithSaysSo) {
    EndpointConfig config;
    config.session.resume_within = 60s;
    config.session.keepalive_timeout = 2s;  // less patient than the caller
    start_listener(std::move(config));
    SessionConfig calling;
    calling.resume_within = 60s;
    const SessionHandle session = call(calling);
    ASSERT_TRUE(establish());
    weather = [](const JoinedNode&, Datagram&) { return false; };
    ASSERT_TRUE(run(10s, [&] { return listener.closed(); }));
    run(2s);  // past the time in which a closed session answers
    ASSERT_EQ(caller.endpoint->find(session)->state(), SessionState::established);
    weather = [](const JoinedNode&, Datagram&) { return true; };
    EXPECT_TRUE(run(2s, [&] {
        const auto noted = caller.all<event::ErrorNoted>();
        return !noted.empty() && noted.back().error.code == ErrorCode::session_not_found;
    }));
    const SessionHandle fresh = caller.endpoint->connect(now, listener.address, calling, session);
    ASSERT_TRUE(run(5s, [&] { return caller.endpoint->find(fresh)->state() == SessionState::established; }));
    EXPECT_EQ(caller.endpoint->find(fresh)->resumed(), session);
}

TEST_F(SessionResume, AnAttemptThatTimedOutDoesNotEndWhatTheOtherSideTookOver) {
    EndpointConfig config;
    config.session.resume_within = 60s;
    start_listener(std::move(config));
    SessionConfig calling;
    calling.resume_within = 60s;
    calling.keepalive_timeout = 2s;
    calling.handshake_timeout = 1s;
    const SessionHandle lost = call(calling);
    ASSERT_TRUE(establish());
    weather = [](const JoinedNode&, Datagram&) { return false; };
    ASSERT_TRUE(run(10s, [&] { return caller.closed(); }));
    // FINAL gets through just after the attempt has ended.
    std::vector<uint8_t> final;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from == &caller || packet_type(datagram) == PacketType::challenge) return true;
        final = datagram;
        return false;
    };
    const SessionHandle first = caller.endpoint->connect(now, listener.address, calling, lost);
    ASSERT_TRUE(run(5s, [&] { return caller.endpoint->find(first)->state() == SessionState::closed; }));
    Session& there = listener.session();
    ASSERT_NE(there.resumed(), 0u);
    weather = [](const JoinedNode&, Datagram&) { return true; };
    caller.endpoint->handle_datagram(now, listener.address, final, nullptr);
    run(500ms);
    EXPECT_EQ(there.state(), SessionState::established);
    const SessionHandle second = caller.endpoint->connect(now, listener.address, calling, lost);
    ASSERT_TRUE(run(5s, [&] { return caller.endpoint->find(second)->state() == SessionState::established; }));
    EXPECT_EQ(caller.endpoint->find(second)->resumed(), lost);
}

}  // namespace
}  // namespace stt
