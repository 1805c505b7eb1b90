// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/caller_attempt.hpp"

#include <gtest/gtest.h>

#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

constexpr SessionId caller_id = 0x1111, responder_id = 0x2222;
const Address called = Address::v4({192, 0, 2, 1}, 7600);
constexpr WallTime wall_start = 1'700'000'000s;
const Error refused =
    make_error(ErrorCode::connection_refused, Reason::port_closed, ErrorOrigin::network, "nothing listens");

struct CallerAttemptTest : ::testing::Test {
    SeededRandom random{23};
    Identity identity = Identity::generate(random);
    Identity responder_identity = Identity::generate(random);
    std::vector<uint8_t> seed = std::vector<uint8_t>(seed_size, 0x5e);
    SessionConfig config;
    Now now{Time{} + 1s, wall_start};
    std::optional<CallerAttempt> attempt;

    CallerAttempt& start() {
        attempt.emplace(now, identity, seed, config, caller_id, SessionLimits{}, std::nullopt, random);
        return *attempt;
    }
    void pass(Duration time) {
        now.time += time;
        now.wall += std::chrono::duration_cast<WallTime>(time);
    }
    std::vector<uint8_t> due() {
        const Bytes bytes = attempt->due(now);
        return {bytes.begin(), bytes.end()};
    }
    std::optional<ResponderHandshake> respond(Bytes hello, uint8_t seed_byte = 0x5e) {
        std::vector<SecretBytes> seeds;
        seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, seed_byte)));
        return ResponderHandshake::open_hello(responder_identity, seeds, hello, random);
    }
    std::vector<uint8_t> challenge_for(Bytes hello) {
        auto responder = respond(hello);
        EXPECT_TRUE(responder);
        auto challenge =
            responder->make_challenge(responder_id, SessionLimits{}, preferred_ciphers(), now.wall);
        EXPECT_TRUE(challenge.ok());
        return challenge.value();
    }
    RejectPacket reject(ErrorCode code, HandshakeSubCode sub_code = HandshakeSubCode::none) const {
        return {.attempt = attempt->id(),
                .receiver_session = caller_id,
                .code = static_cast<uint16_t>(code),
                .sub_code = static_cast<uint8_t>(sub_code),
                .time = now.wall};
    }
    RejectPacket authentic(RejectPacket packet, Bytes hello) {
        packet.mac = respond(hello)->reject_mac(packet);
        return packet;
    }
    CookiePacket cookie(uint8_t value) const {
        CookiePacket packet{.attempt = attempt->id(), .receiver_session = caller_id};
        packet.cookie.fill(value);
        return packet;
    }
    /// When the attempt fails if nothing more happens.
    Time time_of_failure() {
        while (!attempt->failure(now, called)) {
            const Time next = attempt->next_timeout();
            EXPECT_LT(next, time_never);
            if (next > now.time) pass(next - now.time);
            due();
        }
        return now.time;
    }
};

TEST_F(CallerAttemptTest, calls_as_often_as_it_would_probe_while_that_is_urgent) {
    config.urgent_until = now.time + 1s;
    start();
    const Time begin = now.time;
    std::vector<Duration> sent;
    while (sent.size() < 13 && !attempt->failure(now, called)) {
        if (!due().empty()) sent.push_back(now.time - begin);
        pass(attempt->next_timeout() - now.time);
    }
    ASSERT_EQ(sent.size(), 13u);
    for (size_t i = 0; i <= 10; i++) EXPECT_EQ(sent[i], i * silence_probe_fast);
    EXPECT_EQ(sent[11] - sent[10], CallerAttempt::retransmit_first);
    EXPECT_EQ(sent[12], sent[11]) << "in pairs again";
}

TEST_F(CallerAttemptTest, repeats_the_same_hello_ever_more_slowly) {
    start();
    const Time begin = now.time;
    std::vector<Duration> sent;
    std::vector<uint8_t> first;
    while (!attempt->failure(now, called)) {
        if (const auto datagram = due(); !datagram.empty()) {
            if (first.empty()) first = datagram;
            EXPECT_EQ(datagram, first);
            sent.push_back(now.time - begin);
            continue;
        }
        pass(attempt->next_timeout() - now.time);
    }
    EXPECT_EQ(first.size(), datagram_min);
    std::vector<Duration> expected{0ms};
    const auto pair = [&](Duration at) { expected.insert(expected.end(), 2, at); };
    for (Duration at = 250ms; at <= CallerAttempt::retransmit_eager + 250ms; at += 250ms) pair(at);
    for (Duration at = 2750ms; at < config.handshake_timeout; at += 1s) pair(at);
    EXPECT_EQ(sent, expected);
    EXPECT_EQ(now.time - begin, config.handshake_timeout);
    EXPECT_EQ(attempt->failure(now, called)->code, ErrorCode::connection_timeout);
    EXPECT_EQ(attempt->failure(now, called)->origin, ErrorOrigin::network);
}

TEST_F(CallerAttemptTest, a_challenge_proves_and_starts_the_auth_proof) {
    start();
    const auto hello = due();
    pass(80ms);
    attempt->on_challenge(now, challenge_for(hello));
    EXPECT_TRUE(attempt->proven());
    EXPECT_FALSE(attempt->failure(now, called));
    EXPECT_EQ(attempt->round_trip(), 80ms);
    EXPECT_EQ(attempt->challenge().responder_session, responder_id);
    const auto proof = due();
    EXPECT_EQ(packet_type(proof), PacketType::auth_proof);
    EXPECT_TRUE(due().empty());
    pass(CallerAttempt::retransmit_first);
    EXPECT_EQ(due(), proof);
    EXPECT_EQ(attempt->take_secrets().peer, responder_identity.node_id());
}

TEST_F(CallerAttemptTest, of_a_hello_that_was_repeated_no_round_trip_is_known) {
    start();
    const auto hello = due();
    for (int i = 0; i < 3; i++) {
        pass(attempt->next_timeout() - now.time);
        ASSERT_FALSE(due().empty());
    }
    pass(10ms);
    attempt->on_challenge(now, challenge_for(hello));
    ASSERT_TRUE(attempt->proven());
    EXPECT_FALSE(attempt->round_trip());
    const auto proof = due();
    pass(CallerAttempt::retransmit_first);
    EXPECT_EQ(due(), proof) << "repeated as soon as after a short round trip";
}

TEST_F(CallerAttemptTest, an_auth_proof_is_repeated_after_two_round_trips) {
    for (const Duration round_trip : {Duration(10ms), Duration(180ms), Duration(400ms)}) {
        start();
        const auto hello = due();
        // One that was repeated leaves only a lower bound of the round trip.
        if (round_trip > CallerAttempt::retransmit_first) {
            pass(CallerAttempt::retransmit_first);
            due();
        }
        pass(round_trip);
        attempt->on_challenge(now, challenge_for(hello));
        ASSERT_FALSE(due().empty());
        const Time expected = now.time + std::max<Duration>(CallerAttempt::retransmit_min, 2 * round_trip);
        EXPECT_EQ(attempt->next_timeout(), expected) << round_trip / 1ms << " ms";
    }
}

TEST_F(CallerAttemptTest, an_auth_proof_without_answer_times_out) {
    start();
    const Time begin = now.time;
    attempt->on_challenge(now, challenge_for(due()));
    EXPECT_EQ(time_of_failure(), begin + config.handshake_timeout);
    EXPECT_EQ(attempt->failure(now, called)->code, ErrorCode::connection_timeout);
}

TEST_F(CallerAttemptTest, a_refusal_of_an_unknown_kind_is_not_taken_for_a_wrong_clock) {
    for (const uint8_t sub_code : {uint8_t{0}, uint8_t{99}}) {
        start();
        attempt->on_reject(
            now,
            authentic(reject(ErrorCode::handshake_failure, static_cast<HandshakeSubCode>(sub_code)), due()));
        const auto failure = attempt->failure(now, called);
        ASSERT_TRUE(failure);
        EXPECT_EQ(failure->reason, Reason::refused);
        EXPECT_EQ(failure->sub_code, sub_code);
        EXPECT_NE(failure->text.find(std::to_string(sub_code)), std::string::npos) << failure->text;
    }
}

TEST_F(CallerAttemptTest, a_reject_without_mac_waits_one_round_trip_for_a_challenge) {
    start();
    const auto hello = due();
    pass(120ms);
    attempt->on_reject(now,
                       reject(ErrorCode::authentication_failed, HandshakeSubCode::challenge_decrypt_failed));
    EXPECT_FALSE(attempt->failure(now, called));
    EXPECT_EQ(attempt->next_timeout(), now.time + 120ms);
    pass(119ms);
    EXPECT_FALSE(attempt->failure(now, called));
    pass(1ms);
    const auto failure = attempt->failure(now, called);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ErrorCode::authentication_failed);
    EXPECT_EQ(failure->sub_code, 3);
    EXPECT_EQ(failure->reason, Reason::wrong_seed);
    EXPECT_FALSE(failure->authenticated);
    EXPECT_TRUE(failure->terminal);
    EXPECT_TRUE(due().empty()) << "nothing more is sent";
}

TEST_F(CallerAttemptTest, a_genuine_challenge_overrules_a_forged_reject_and_icmp) {
    start();
    const auto hello = due();
    pass(50ms);
    attempt->on_reject(now, reject(ErrorCode::too_many_sessions));
    attempt->on_hearsay(now, refused);
    pass(49ms);
    attempt->on_challenge(now, challenge_for(hello));
    EXPECT_TRUE(attempt->proven());
    pass(1s);
    EXPECT_FALSE(attempt->failure(now, called));
}

TEST_F(CallerAttemptTest, the_grace_has_bounds) {
    start();
    due();
    attempt->on_hearsay(now, refused);
    EXPECT_EQ(time_of_failure(), Time{} + 1s + CallerAttempt::verdict_grace_min);
    EXPECT_EQ(attempt->failure(now, called)->origin, ErrorOrigin::network);

    start();
    due();
    pass(5s);
    const Time heard = now.time;
    attempt->on_reject(now, reject(ErrorCode::too_many_sessions));
    EXPECT_EQ(time_of_failure(), heard + CallerAttempt::verdict_grace_max);
}

TEST_F(CallerAttemptTest, a_reject_with_mac_counts_at_once_and_over_hearsay) {
    start();
    const auto hello = due();
    pass(200ms);
    attempt->on_hearsay(now, refused);
    attempt->on_reject(now, authentic(reject(ErrorCode::too_many_sessions), hello));
    const auto failure = attempt->failure(now, called);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ErrorCode::too_many_sessions);
    EXPECT_TRUE(failure->authenticated);
}

TEST_F(CallerAttemptTest, answers_to_other_attempts_or_sessions_are_nothing) {
    start();
    due();
    pass(20ms);
    auto wrong_attempt = reject(ErrorCode::authentication_failed);
    wrong_attempt.attempt[0] ^= 1;
    attempt->on_reject(now, wrong_attempt);
    auto wrong_session = reject(ErrorCode::authentication_failed);
    wrong_session.receiver_session++;
    attempt->on_reject(now, wrong_session);
    auto wrong_cookie = cookie(9);
    wrong_cookie.attempt[0] ^= 1;
    attempt->on_cookie(now, wrong_cookie);
    EXPECT_TRUE(due().empty());
    pass(5s);
    EXPECT_FALSE(attempt->failure(now, called));
}

TEST_F(CallerAttemptTest, a_cookie_is_carried_by_a_new_hello_at_once) {
    start();
    const auto first = due();
    attempt->on_cookie(now, cookie(9));
    const auto second = due();
    ASSERT_EQ(second.size(), datagram_min);
    EXPECT_EQ(read_hello_header(second)->cookie, cookie(9).cookie);
    EXPECT_EQ(read_hello_header(second)->attempt, attempt->id());
    attempt->on_challenge(now, challenge_for(second));
    EXPECT_TRUE(attempt->proven());
}

TEST_F(CallerAttemptTest, cookie_ping_pong_is_bounded) {
    start();
    unsigned hellos = 0;
    for (uint8_t i = 1; i < 50; i++) {
        if (!due().empty()) hellos++;
        attempt->on_cookie(now, cookie(i));
    }
    EXPECT_EQ(hellos, 1 + CallerAttempt::cookies_max);
}

TEST_F(CallerAttemptTest, a_cookie_that_comes_twice_does_not_start_anew) {
    // The round trip is longer than the first retransmission: both copies of the HELLO are answered.
    start();
    due();
    attempt->on_cookie(now, cookie(9));
    const auto second = due();
    attempt->on_cookie(now, cookie(9));
    EXPECT_TRUE(due().empty());
    attempt->on_challenge(now, challenge_for(second));
    EXPECT_TRUE(attempt->proven());
}

TEST_F(CallerAttemptTest, takes_the_time_of_an_authentic_responder_once) {
    start();
    const auto hello = due();
    const auto expired = [&](WallTime theirs) {
        auto packet = reject(ErrorCode::handshake_failure, HandshakeSubCode::timestamp_expired);
        packet.time = theirs;
        return authentic(packet, hello);
    };
    const WallTime theirs = now.wall + 24h;
    pass(30ms);
    attempt->on_reject(now, expired(theirs));
    EXPECT_FALSE(attempt->failure(now, called));
    const auto corrected = due();
    ASSERT_FALSE(corrected.empty());
    EXPECT_NEAR(static_cast<double>(respond(corrected)->payload().time.count()),
                static_cast<double>(theirs.count()), 1e6);
    // The answer to the first HELLO's retransmission, still on its way.
    attempt->on_reject(now, expired(theirs + 30ms));
    EXPECT_FALSE(attempt->failure(now, called));
    attempt->on_challenge(now, challenge_for(corrected));
    EXPECT_TRUE(attempt->proven());
}

TEST_F(CallerAttemptTest, a_responder_whose_time_jumps_is_not_followed_again) {
    start();
    const auto hello = due();
    auto packet = reject(ErrorCode::handshake_failure, HandshakeSubCode::timestamp_expired);
    packet.time = now.wall + 24h;
    attempt->on_reject(now, authentic(packet, hello));
    due();
    packet.time = now.wall + 72h;
    attempt->on_reject(now, authentic(packet, hello));
    const auto failure = attempt->failure(now, called);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::timestamp_expired);
}

TEST_F(CallerAttemptTest, nobody_without_the_seed_sets_the_clock) {
    start();
    due();
    pass(10ms);
    auto packet = reject(ErrorCode::handshake_failure, HandshakeSubCode::timestamp_expired);
    packet.time = now.wall + 24h;
    attempt->on_reject(now, packet);
    EXPECT_TRUE(due().empty());
    time_of_failure();
    EXPECT_EQ(attempt->failure(now, called)->code, ErrorCode::handshake_failure);
}

TEST_F(CallerAttemptTest, leaves_a_responder_that_is_not_the_expected_node) {
    config.expected_peer = Identity::generate(random).node_id();
    start();
    const auto hello = due();
    auto responder = respond(hello);
    const auto challenge =
        responder->make_challenge(responder_id, SessionLimits{}, preferred_ciphers(), now.wall);
    attempt->on_challenge(now, challenge.value());
    EXPECT_FALSE(attempt->proven());
    const auto failure = attempt->failure(now, called);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ErrorCode::authentication_failed);
    EXPECT_EQ(failure->reason, Reason::unexpected_peer);
    EXPECT_EQ(failure->origin, ErrorOrigin::local);
    const auto farewell = read_reject(attempt->farewell());
    ASSERT_TRUE(farewell);
    EXPECT_EQ(farewell->receiver_session, responder_id);
    EXPECT_EQ(farewell->mac, responder->reject_mac(*farewell));
}

TEST_F(CallerAttemptTest, goes_on_with_the_node_expected) {
    config.expected_peer = responder_identity.node_id();
    start();
    attempt->on_challenge(now, challenge_for(due()));
    EXPECT_TRUE(attempt->proven());
    EXPECT_TRUE(attempt->farewell().empty());
}

TEST_F(CallerAttemptTest, a_challenge_that_does_not_open_leaves_room_for_the_genuine_one) {
    start();
    const auto hello = due();
    pass(40ms);
    const auto genuine = challenge_for(hello);
    auto forged = genuine;
    forged.back() ^= 1;
    seal_handshake_checksum(forged);
    attempt->on_challenge(now, forged);
    EXPECT_FALSE(attempt->proven());
    EXPECT_FALSE(attempt->failure(now, called));
    attempt->on_challenge(now, genuine);
    EXPECT_TRUE(attempt->proven());
}

}  // namespace
}  // namespace stt
