// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/handshake.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/lib/seeded_random.hpp"
#include "tests/lib/wire_code.hpp"

namespace stt {
namespace {

using Buffer = std::vector<uint8_t>;

constexpr WallTime wall = std::chrono::hours(500000);
constexpr SessionId caller_session = 0x1111, responder_session = 0x2222;
constexpr CipherSet both = cipher_bit(Cipher::aes256_gcm) | cipher_bit(Cipher::chacha20_poly1305);

bool contains(Bytes haystack, Bytes needle) {
    return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) != haystack.end();
}

class Handshake : public testing::Test {
  protected:
    Handshake() {
        for (int i = 0; i < 3; i++) {
            SecretBytes seed(seed_size);
            random_.fill(seed.writable());
            seeds_.push_back(std::move(seed));
        }
        random_.fill(attempt_);
        proof_.limits.stream_window = 77;
        proof_.token = {1, 2, 3};
        limits_.session_window = 99;
    }
    CallerHandshake make_caller(size_t seed = 0, CipherSet ciphers = both) {
        return CallerHandshake(alice_, seeds_[seed].bytes(), attempt_, caller_session, ciphers, random_);
    }
    std::optional<ResponderHandshake> open(Bytes hello, size_t seeds = 1) {
        return ResponderHandshake::open_hello(bob_, std::span(seeds_).first(seeds), hello, random_);
    }
    Buffer challenge_from(ResponderHandshake& responder, CipherSet ciphers = both) {
        auto challenge = responder.make_challenge(responder_session, limits_, ciphers, wall);
        EXPECT_TRUE(challenge);
        return challenge ? *challenge : Buffer();
    }

    SeededRandom random_{11};
    Identity alice_ = Identity::generate(random_), bob_ = Identity::generate(random_);
    std::vector<SecretBytes> seeds_;
    AttemptId attempt_{};
    SessionLimits limits_;
    AuthProofPayload proof_;
};

TEST_F(Handshake, both_ends_agree_on_everything) {
    CallerHandshake caller = make_caller();
    const Cookie cookie{9, 9};
    const Buffer hello = caller.make_hello(wall, cookie);
    EXPECT_EQ(hello.size(), datagram_min);
    auto responder = open(hello);
    ASSERT_TRUE(responder);
    EXPECT_EQ(responder->header().attempt, attempt_);
    EXPECT_EQ(responder->header().caller_session, caller_session);
    EXPECT_EQ(responder->header().cookie, cookie);
    EXPECT_EQ(responder->payload().time, wall);
    EXPECT_EQ(responder->payload().ciphers, both);
    EXPECT_NE(responder->payload().nonce, HandshakeNonce{});

    const Buffer challenge = challenge_from(*responder);
    EXPECT_LE(challenge.size(), datagram_min);  // no amplification
    auto answer = caller.read_challenge(challenge);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->responder_session, responder_session);
    EXPECT_EQ(answer->limits.session_window, 99u);
    EXPECT_EQ(answer->time, wall);
    EXPECT_EQ(answer->cipher, Cipher::aes256_gcm);
    EXPECT_EQ(caller.peer(), bob_.node_id());

    auto proof = responder->read_auth_proof(caller.make_auth_proof(proof_));
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->token, proof_.token);
    EXPECT_EQ(proof->limits.stream_window, 77u);

    const HandshakeSecrets a = caller.finish(), b = responder->finish();
    EXPECT_EQ(to_hex(a.send_key.bytes()), to_hex(b.receive_key.bytes()));
    EXPECT_EQ(to_hex(a.receive_key.bytes()), to_hex(b.send_key.bytes()));
    EXPECT_NE(to_hex(a.send_key.bytes()), to_hex(a.receive_key.bytes()));
    EXPECT_EQ(to_hex(a.resume_secret.bytes()), to_hex(b.resume_secret.bytes()));
    EXPECT_NE(to_hex(a.resume_secret.bytes()), to_hex(a.send_key.bytes()));
    EXPECT_EQ(a.session, b.session);
    EXPECT_EQ(a.peer, bob_.node_id());
    EXPECT_EQ(b.peer, alice_.node_id());
    EXPECT_EQ(a.cipher, b.cipher);
    EXPECT_TRUE(a.caller);
    EXPECT_FALSE(b.caller);
}

TEST_F(Handshake, a_resume_proof_is_good_for_its_handshake_only) {
    const Buffer secret(32, 5), other_secret(32, 6);
    std::vector<std::array<uint8_t, 32>> macs;
    for (int i = 0; i < 2; i++) {
        CallerHandshake caller = make_caller();
        auto responder = open(caller.make_hello(wall, {}));
        ASSERT_TRUE(caller.read_challenge(challenge_from(*responder)));
        macs.push_back(caller.resume_mac(secret));
        ASSERT_TRUE(responder->read_auth_proof(caller.make_auth_proof(proof_)));
        EXPECT_TRUE(responder->resume_mac_fits(secret, macs[i]));
        EXPECT_FALSE(responder->resume_mac_fits(other_secret, macs[i]));
        EXPECT_EQ(responder->resume_mac_fits(secret, macs[0]), i == 0);
    }
}

TEST_F(Handshake, no_two_handshakes_share_keys) {
    std::vector<std::string> keys;
    for (int i = 0; i < 2; i++) {
        CallerHandshake caller = make_caller();
        auto responder = open(caller.make_hello(wall, {}));
        ASSERT_TRUE(caller.read_challenge(challenge_from(*responder)));
        ASSERT_TRUE(responder->read_auth_proof(caller.make_auth_proof(proof_)));
        keys.push_back(to_hex(caller.finish().send_key.bytes()));
    }
    EXPECT_NE(keys[0], keys[1]);
}

TEST_F(Handshake, cipher_is_the_best_of_both) {
    constexpr CipherSet chacha = cipher_bit(Cipher::chacha20_poly1305);
    for (const auto& [ours, theirs, expected] :
         {std::tuple(both, both, Cipher::aes256_gcm), std::tuple(chacha, both, Cipher::chacha20_poly1305),
          std::tuple(both, chacha, Cipher::chacha20_poly1305)}) {
        CallerHandshake caller = make_caller(0, ours);
        auto responder = open(caller.make_hello(wall, {}));
        auto answer = caller.read_challenge(challenge_from(*responder, theirs));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->cipher, expected);
    }
    CallerHandshake caller = make_caller(0, 0);
    auto responder = open(caller.make_hello(wall, {}));
    auto challenge = responder->make_challenge(responder_session, limits_, both, wall);
    ASSERT_FALSE(challenge);
    EXPECT_EQ(challenge.error().code, ErrorCode::handshake_failure);
    EXPECT_TRUE(preferred_ciphers() & chacha);
}

// A member that answers by the rules of Noise, but with a cipher that the caller lacks.
TEST_F(Handshake, a_cipher_that_was_not_offered_is_refused) {
    CallerHandshake caller = make_caller(0, cipher_bit(Cipher::chacha20_poly1305));
    const Buffer hello = caller.make_hello(wall, {});
    const Buffer prologue = hello_prologue(*read_hello_header(hello));
    for (const Cipher cipher : {Cipher::aes256_gcm, Cipher::chacha20_poly1305}) {
        NoiseHandshake::Config config;
        config.prologue = prologue;
        config.psks = {seeds_[0].bytes()};
        config.identity = &bob_;
        config.random = &random_;
        NoiseHandshake member(config);
        ASSERT_TRUE(member.read_message(Bytes(hello).subspan(hello_header_size)));
        ChallengePayload payload;
        payload.responder_session = responder_session;
        payload.cipher = cipher;
        HandshakeHeader header;
        header.attempt = attempt_;
        header.receiver_session = caller_session;
        Buffer challenge(challenge_header_size);
        write_handshake_header(challenge, PacketType::challenge, header);
        ASSERT_TRUE(member.write_message(encode(payload), challenge));
        seal_handshake_checksum(challenge);
        EXPECT_EQ(caller.read_challenge(challenge).ok(), cipher == Cipher::chacha20_poly1305);
    }
}

TEST_F(Handshake, wrong_seed_does_not_open) {
    EXPECT_FALSE(open(make_caller(1).make_hello(wall, {}), 1));
    EXPECT_FALSE(open(make_caller(0).make_hello(wall, {}), 0));
}

TEST_F(Handshake, any_of_the_seeds_will_do) {
    for (size_t seed = 0; seed < 3; seed++) {
        CallerHandshake caller = make_caller(seed);
        auto responder = open(caller.make_hello(wall, {}), 3);
        ASSERT_TRUE(responder);
        ASSERT_TRUE(caller.read_challenge(challenge_from(*responder)));
        EXPECT_TRUE(responder->read_auth_proof(caller.make_auth_proof(proof_)));
    }
}

// A responder without the seed that pretends to have opened the HELLO.
TEST_F(Handshake, responder_without_the_seed_is_refused) {
    CallerHandshake caller = make_caller(0), other = make_caller(1);
    caller.make_hello(wall, {});
    auto impostor = ResponderHandshake::open_hello(bob_, std::span(seeds_).subspan(1, 1),
                                                   other.make_hello(wall, {}), random_);
    ASSERT_TRUE(impostor);
    auto read = caller.read_challenge(challenge_from(*impostor));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::handshake_failure);
    EXPECT_EQ(read.error().sub_code, static_cast<uint8_t>(HandshakeSubCode::challenge_decrypt_failed));
}

// Flips one bit, and makes the checksum fit again where `mend` says so: an attacker can do that too.
Buffer damaged(Buffer packet, size_t at, bool mend) {
    packet[at] = static_cast<uint8_t>(packet[at] ^ (1u << at % 8));
    if (mend) seal_handshake_checksum(packet);
    return packet;
}
// A flipped checksum that is then mended is no damage.
bool harmless(size_t at, bool mend) { return mend && at >= 1 && at < 5; }

TEST_F(Handshake, no_bit_of_a_hello_may_change) {
    const Buffer hello = make_caller().make_hello(wall, {});
    for (const bool mend : {false, true})
        for (size_t at = 0; at < hello.size(); at++) {
            if (harmless(at, mend)) continue;
            EXPECT_FALSE(open(damaged(hello, at, mend), 1)) << at;
        }
}

TEST_F(Handshake, no_bit_of_a_challenge_may_change_and_the_genuine_one_still_counts) {
    CallerHandshake caller = make_caller();
    auto responder = open(caller.make_hello(wall, {}));
    const Buffer challenge = challenge_from(*responder);
    for (const bool mend : {false, true})
        for (size_t at = 0; at < challenge.size(); at++) {
            if (harmless(at, mend)) continue;
            auto read = caller.read_challenge(damaged(challenge, at, mend));
            ASSERT_FALSE(read) << at;
            EXPECT_EQ(read.error().code, ErrorCode::handshake_failure);
            EXPECT_EQ(read.error().sub_code,
                      static_cast<uint8_t>(HandshakeSubCode::challenge_decrypt_failed));
        }
    for (size_t size = 0; size < challenge.size(); size++)
        EXPECT_FALSE(caller.read_challenge(Bytes(challenge).first(size)));
    ASSERT_TRUE(caller.read_challenge(challenge));
    EXPECT_TRUE(responder->read_auth_proof(caller.make_auth_proof(proof_)));
}

TEST_F(Handshake, no_bit_of_an_auth_proof_may_change_and_the_genuine_one_still_counts) {
    CallerHandshake caller = make_caller();
    auto responder = open(caller.make_hello(wall, {}));
    ASSERT_TRUE(caller.read_challenge(challenge_from(*responder)));
    const Buffer proof = caller.make_auth_proof(proof_);
    for (const bool mend : {false, true})
        for (size_t at = 0; at < proof.size(); at++) {
            if (harmless(at, mend)) continue;
            auto read = responder->read_auth_proof(damaged(proof, at, mend));
            ASSERT_FALSE(read) << at;
            EXPECT_EQ(read.error().sub_code,
                      static_cast<uint8_t>(HandshakeSubCode::proof_verification_failed));
        }
    ASSERT_TRUE(responder->read_auth_proof(proof));
    EXPECT_EQ(to_hex(caller.finish().send_key.bytes()), to_hex(responder->finish().receive_key.bytes()));
}

// Reflection: what we said, said back to us, in our own role or with the type changed to what we wait for.
TEST_F(Handshake, own_messages_said_back_do_not_open) {
    CallerHandshake caller = make_caller();
    Buffer hello = caller.make_hello(wall, {});
    auto responder = open(hello);
    EXPECT_FALSE(caller.read_challenge(hello));
    hello[0] = static_cast<uint8_t>(PacketType::challenge);
    seal_handshake_checksum(hello);
    EXPECT_FALSE(caller.read_challenge(hello));

    const Buffer challenge = challenge_from(*responder);
    Buffer echo = challenge;
    EXPECT_FALSE(responder->read_auth_proof(echo));
    echo[0] = static_cast<uint8_t>(PacketType::auth_proof);
    ByteWriter(MutableBytes(echo).subspan(23)).u64(responder_session);
    seal_handshake_checksum(echo);
    EXPECT_FALSE(responder->read_auth_proof(echo));

    ASSERT_TRUE(caller.read_challenge(challenge));
    EXPECT_TRUE(responder->read_auth_proof(caller.make_auth_proof(proof_)));
}

TEST_F(Handshake, a_challenge_to_an_earlier_hello_no_longer_counts) {
    CallerHandshake caller = make_caller();
    auto first = open(caller.make_hello(wall, {}));
    auto second = open(caller.make_hello(wall, Cookie{1}));
    EXPECT_NE(first->payload().nonce, second->payload().nonce);
    EXPECT_FALSE(caller.read_challenge(challenge_from(*first)));
    EXPECT_TRUE(caller.read_challenge(challenge_from(*second)));
}

// A recorded AUTH_PROOF is worth nothing to a responder that made another CHALLENGE.
TEST_F(Handshake, a_replayed_handshake_gets_no_further_than_the_challenge) {
    CallerHandshake caller = make_caller();
    const Buffer hello = caller.make_hello(wall, {});
    auto responder = open(hello);
    ASSERT_TRUE(caller.read_challenge(challenge_from(*responder)));
    const Buffer proof = caller.make_auth_proof(proof_);
    ASSERT_TRUE(responder->read_auth_proof(proof));

    auto again = open(hello);
    ASSERT_TRUE(again);  // only the nonce cache can tell
    challenge_from(*again);
    EXPECT_FALSE(again->read_auth_proof(proof));
}

TEST_F(Handshake, no_identity_is_on_the_wire) {
    CallerHandshake caller = make_caller();
    const Buffer hello = caller.make_hello(wall, {});
    auto responder = open(hello);
    const Buffer challenge = challenge_from(*responder);
    ASSERT_TRUE(caller.read_challenge(challenge));
    const Buffer proof = caller.make_auth_proof(proof_);
    for (const Buffer& packet : {hello, challenge, proof}) {
        EXPECT_FALSE(contains(packet, alice_.node_id()));
        EXPECT_FALSE(contains(packet, bob_.node_id()));
        EXPECT_FALSE(contains(packet, proof_.token));
    }
}

TEST_F(Handshake, foreign_version_is_not_opened) {
    Buffer hello = make_caller().make_hello(wall, {});
    hello[6] = 2;
    seal_handshake_checksum(hello);
    EXPECT_EQ(handshake_version(hello), 2);
    EXPECT_FALSE(open(hello));
}

TEST_F(Handshake, reject_bears_a_mac_of_the_seed) {
    CallerHandshake caller = make_caller(0), stranger = make_caller(1);
    const auto responder = open(caller.make_hello(wall, {}));
    RejectPacket reject;
    reject.attempt = attempt_;
    reject.receiver_session = caller_session;
    reject.code = wire_code(ErrorCode::handshake_failure);
    reject.sub_code = 2;
    reject.time = wall;
    EXPECT_FALSE(caller.reject_is_authentic(reject));  // all zeros
    reject.mac = responder->reject_mac(reject);
    EXPECT_TRUE(caller.reject_is_authentic(reject));
    EXPECT_FALSE(stranger.reject_is_authentic(reject));
    for (const auto& change : std::initializer_list<void (*)(RejectPacket&)>{
             [](RejectPacket& r) { r.attempt[3] ^= 1; }, [](RejectPacket& r) { r.receiver_session ^= 1; },
             [](RejectPacket& r) { r.code ^= 1; }, [](RejectPacket& r) { r.sub_code ^= 1; },
             [](RejectPacket& r) { r.time += WallTime(1); }, [](RejectPacket& r) { r.mac[15] ^= 1; },
             [](RejectPacket& r) { r.version ^= 1; }}) {
        RejectPacket forged = reject;
        change(forged);
        EXPECT_FALSE(caller.reject_is_authentic(forged));
    }
}

}  // namespace
}  // namespace stt
