// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/responder_attempt.hpp"

#include <gtest/gtest.h>

#include "core/proto/handshake_confirmation.hpp"
#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

constexpr SessionId caller_id = 0x1111, responder_id = 0x2222;

struct ResponderAttemptTest : ::testing::Test {
    SeededRandom random{29};
    Identity identity = Identity::generate(random);
    Identity caller_identity = Identity::generate(random);
    std::vector<uint8_t> seed = std::vector<uint8_t>(seed_size, 0x5e);
    AttemptId id{1, 2, 3};
    SessionConfig config;
    Now now{Time{} + 1s, WallTime(1'700'000'000s)};
    CallerHandshake caller{caller_identity, seed, id, caller_id, preferred_ciphers(), random};
    std::vector<uint8_t> hello = caller.make_hello(now.wall, Cookie{});
    std::optional<ResponderAttempt> attempt;

    ResponderAttempt& start() {
        std::vector<SecretBytes> seeds;
        seeds.push_back(SecretBytes::copy_of(seed));
        auto opened = ResponderHandshake::open_hello(identity, seeds, hello, random);
        EXPECT_TRUE(opened);
        attempt.emplace(now, std::move(*opened), responder_id, SessionLimits{}, config);
        return *attempt;
    }
};

TEST_F(ResponderAttemptTest, answers_a_hello_once_and_each_time_it_comes_again) {
    start();
    const Bytes first = attempt->due();
    ASSERT_FALSE(first.empty());
    EXPECT_TRUE(attempt->due().empty());
    EXPECT_TRUE(attempt->on_hello(hello));
    const Bytes again = attempt->due();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), again.begin(), again.end()));
}

TEST_F(ResponderAttemptTest, does_not_answer_for_ever) {
    start();
    unsigned answers = 0;
    for (unsigned i = 0; i < 2 * ResponderAttempt::challenges_max; i++) {
        if (!attempt->due().empty()) answers++;
        EXPECT_TRUE(attempt->on_hello(hello));
    }
    EXPECT_EQ(answers, ResponderAttempt::challenges_max);
}

TEST_F(ResponderAttemptTest, knows_a_new_hello_of_the_same_attempt) {
    start();
    CallerHandshake other{caller_identity, seed, id, caller_id, preferred_ciphers(), random};
    EXPECT_FALSE(attempt->on_hello(other.make_hello(now.wall, Cookie{})));
}

TEST_F(ResponderAttemptTest, takes_the_callers_proof_and_both_have_the_same_secrets) {
    start();
    ASSERT_TRUE(caller.read_challenge(attempt->due()).ok());
    const std::vector<uint8_t> proof = caller.make_auth_proof({});
    ASSERT_TRUE(attempt->on_auth_proof(proof).ok());
    EXPECT_EQ(attempt->peer(), caller_identity.node_id());
    EXPECT_EQ(attempt->take_secrets().session, caller.finish().session);
    EXPECT_FALSE(attempt->failure(now.time));
}

TEST_F(ResponderAttemptTest, a_proof_that_does_not_open_changes_nothing) {
    start();
    ASSERT_TRUE(caller.read_challenge(attempt->due()).ok());
    const std::vector<uint8_t> proof = caller.make_auth_proof({});
    std::vector<uint8_t> damaged = proof;
    damaged.back() ^= 1;
    const auto refused = attempt->on_auth_proof(damaged);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().origin, ErrorOrigin::peer);
    EXPECT_FALSE(attempt->failure(now.time));
    EXPECT_TRUE(attempt->on_auth_proof(proof).ok());
}

TEST_F(ResponderAttemptTest, fails_when_the_caller_does_not_complete_it_in_time) {
    config.handshake_timeout = 3s;
    start();
    EXPECT_EQ(attempt->next_timeout(), now.time + 3s);
    EXPECT_FALSE(attempt->failure(now.time + 3s - 1ns));
    const std::optional<Error> failure = attempt->failure(now.time + 3s);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, ErrorCode::connection_timeout);
    EXPECT_EQ(failure->reason, Reason::handshake_timeout);
}

TEST_F(ResponderAttemptTest, fails_by_a_reject_of_the_caller_and_of_nobody_else) {
    start();
    ASSERT_TRUE(caller.read_challenge(attempt->due()).ok());
    RejectPacket reject{.attempt = id,
                        .receiver_session = responder_id,
                        .code = static_cast<uint16_t>(ErrorCode::authentication_failed)};
    attempt->on_reject(reject);
    EXPECT_FALSE(attempt->failure(now.time)) << "without a mac anybody may have sent it";
    reject.mac = caller.reject_mac(reject);
    attempt->on_reject(reject);
    const std::optional<Error> failure = attempt->failure(now.time);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->reason, Reason::unexpected_peer);
    EXPECT_TRUE(failure->authenticated);
}

struct HandshakeConfirmationTest : ::testing::Test {
    HandshakeConfirmation confirmation;
    std::vector<uint8_t> memory = std::vector<uint8_t>(datagram_min);

    /// The FINAL that a packet written now begins with.
    std::optional<FinalFrame> sent() {
        PacketBuilder packet(memory);
        confirmation.begin(packet);
        FrameReader reader(Bytes(memory).subspan(session_header_size, packet.out.size()));
        Frame frame;
        if (!reader.next(frame)) return std::nullopt;
        EXPECT_TRUE(packet.ack_eliciting);
        EXPECT_EQ(packet.frames.control().size(), 1u);
        return std::get<FinalFrame>(frame);
    }
};

TEST_F(HandshakeConfirmationTest, a_callers_writes_nothing) {
    EXPECT_FALSE(confirmation.due());
    EXPECT_FALSE(sent());
    confirmation.on_asked_again();
    EXPECT_FALSE(confirmation.due());
}

TEST_F(HandshakeConfirmationTest, begins_every_packet_until_one_is_acknowledged) {
    confirmation.accept(true);
    EXPECT_TRUE(confirmation.due());
    for (int i = 0; i < 3; i++) {
        const auto frame = sent();
        ASSERT_TRUE(frame);
        EXPECT_EQ(frame->code, 0);
        EXPECT_TRUE(frame->resumed);
        EXPECT_FALSE(confirmation.due()) << "it does not leave by itself again";
    }
    confirmation.on_acked();
    EXPECT_FALSE(sent());
}

TEST_F(HandshakeConfirmationTest, leaves_by_itself_when_lost_or_asked_for) {
    confirmation.accept(false);
    ASSERT_TRUE(sent());
    confirmation.on_lost();
    EXPECT_TRUE(confirmation.due());
    ASSERT_TRUE(sent());
    confirmation.on_asked_again();
    EXPECT_TRUE(confirmation.due());
    ASSERT_TRUE(sent());
    confirmation.on_acked();
    confirmation.on_lost();
    confirmation.on_asked_again();
    EXPECT_FALSE(confirmation.due()) << "a copy was taken for lost, but one has arrived";
}

TEST_F(HandshakeConfirmationTest, turns_a_caller_away_and_says_why) {
    confirmation.refuse(make_error(ErrorCode::too_many_sessions, Reason::busy, ErrorOrigin::local, "busy"));
    EXPECT_TRUE(confirmation.refusal_due());
    const auto frame = sent();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->code, static_cast<uint16_t>(ErrorCode::too_many_sessions));
    EXPECT_EQ(frame->text, "busy");
    EXPECT_FALSE(confirmation.refusal_due());
}

}  // namespace
}  // namespace stt
