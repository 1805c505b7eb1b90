// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <random>

#include "core/wire/handshake_packet.hpp"
#include "describe.hpp"

namespace stt {
namespace {

HelloPayload hello() {
    HelloPayload payload;
    payload.time = WallTime(1);
    payload.nonce.fill(2);
    payload.ciphers = 6;
    return payload;
}

ChallengePayload challenge() {
    ChallengePayload payload;
    payload.responder_session = 1;
    payload.cipher = Cipher::aes256_gcm;
    return payload;
}

std::vector<uint8_t> with(std::vector<uint8_t> bytes, std::string_view more) {
    const auto tail = from_hex(more);
    bytes.insert(bytes.end(), tail.begin(), tail.end());
    return bytes;
}

std::string error_of(const auto& result) { return result.ok() ? "none" : result.error().text; }

TEST(HandshakePayload, PaddingAndUnknownFieldsAreSteppedOver) {
    const auto bytes = encode(hello());
    const auto padded = decode_hello_payload(with(bytes, "00ffffff"));
    ASSERT_TRUE(padded.ok()) << error_of(padded);
    EXPECT_EQ(describe(*padded), describe(hello()));
    EXPECT_TRUE(decode_hello_payload(with(bytes,
                                          "0e02ffff"
                                          "7fff00"))
                    .ok());
    EXPECT_TRUE(decode_hello_payload(with(bytes, "0c02ffff")).ok()) << "known elsewhere, unknown here";
    EXPECT_TRUE(decode_hello_payload(with(bytes, "0000")).ok());
}

TEST(HandshakePayload, SaysWhatIsWrong) {
    const auto bytes = encode(hello());
    EXPECT_EQ(error_of(decode_hello_payload({})), "HELLO lacks a field");
    EXPECT_EQ(error_of(decode_hello_payload(with(bytes, "0301"))), "HELLO is truncated");
    EXPECT_EQ(error_of(decode_hello_payload(with(bytes, "030106"))), "HELLO contains a field twice");
    for (const std::string_view ciphers : {"0300", "03020606"}) {
        const std::vector<uint8_t> others(bytes.begin(), bytes.end() - 3);
        EXPECT_EQ(error_of(decode_hello_payload(with(others, ciphers))),
                  "HELLO has a field of the wrong length");
    }
    EXPECT_EQ(decode_hello_payload({}).error().code, ErrorCode::handshake_failure);
}

TEST(HandshakePayload, ChallengeNamesASessionAndAKnownCipher) {
    ChallengePayload payload = challenge();
    EXPECT_TRUE(decode_challenge_payload(encode(payload)).ok());
    payload.responder_session = 0;
    EXPECT_EQ(error_of(decode_challenge_payload(encode(payload))), "CHALLENGE has a session id of zero");
    payload = challenge();
    payload.cipher = Cipher{3};
    EXPECT_EQ(error_of(decode_challenge_payload(encode(payload))), "CHALLENGE chooses an unknown cipher");
}

TEST(HandshakePayload, LimitsAreBounded) {
    const auto accepted = [](SessionLimits limits) {
        ChallengePayload payload = challenge();
        payload.limits = limits;
        return decode_challenge_payload(encode(payload)).ok();
    };
    SessionLimits limits;
    EXPECT_TRUE(accepted(limits));
    limits.session_window = limits.stream_window = limits.max_streams = varint_max;
    EXPECT_TRUE(accepted(limits));
    limits.max_datagram = datagram_min - 1;
    EXPECT_FALSE(accepted(limits)) << "every path carries that much";
    limits.max_datagram = varint_max;
    limits.ack_delay_us = ack_delay_us_max;
    limits.keepalive_timeout_ms = microseconds_max / 1000;
    EXPECT_TRUE(accepted(limits));
    limits.ack_delay_us++;
    EXPECT_FALSE(accepted(limits));
    limits.ack_delay_us--;
    limits.keepalive_timeout_ms++;
    EXPECT_FALSE(accepted(limits));
}

TEST(HandshakePayload, TokensAreBounded) {
    AuthProofPayload payload;
    payload.token.resize(token_max);
    EXPECT_TRUE(decode_auth_proof_payload(encode(payload)).ok());
    payload.token.resize(token_max + 1);
    EXPECT_FALSE(decode_auth_proof_payload(encode(payload)).ok());
}

TEST(HandshakePayload, TimesStayWithinADuration) {
    HelloPayload payload = hello();
    payload.time = WallTime(static_cast<int64_t>(microseconds_max));
    EXPECT_TRUE(decode_hello_payload(encode(payload)).ok());
    payload.time++;
    EXPECT_EQ(error_of(decode_hello_payload(encode(payload))), "HELLO has a time that is out of range");
}

TEST(HandshakePayload, RandomValuesRoundTrip) {
    std::mt19937_64 random(7);
    const auto number = [&] { return (random() & varint_max) >> random() % 62; };
    for (int round = 0; round < 1000; round++) {
        ChallengePayload challenge;
        challenge.responder_session = random() | 1;
        challenge.cipher = random() % 2 == 0 ? Cipher::aes256_gcm : Cipher::chacha20_poly1305;
        challenge.time = WallTime(static_cast<int64_t>(number() & microseconds_max));
        challenge.limits = {number(),
                            number(),
                            number(),
                            std::max<uint64_t>(number(), datagram_min),
                            number() % (ack_delay_us_max + 1),
                            number() % (microseconds_max / 1000)};
        const auto read = decode_challenge_payload(encode(challenge));
        ASSERT_TRUE(read.ok()) << error_of(read);
        EXPECT_EQ(describe(*read), describe(challenge));

        AuthProofPayload proof;
        proof.limits = challenge.limits;
        proof.token.resize(random() % (token_max + 1), static_cast<uint8_t>(random()));
        if (random() % 2) proof.resume_proof.emplace().mac.fill(static_cast<uint8_t>(random()));
        const auto read_proof = decode_auth_proof_payload(encode(proof));
        ASSERT_TRUE(read_proof.ok()) << error_of(read_proof);
        EXPECT_EQ(describe(*read_proof), describe(proof));
    }
}

TEST(HandshakePayload, RandomBytesAreHandled) {
    std::mt19937_64 random(8);
    for (int round = 0; round < 20'000; round++) {
        std::vector<uint8_t> bytes(random() % 80);
        for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 20);
        (void)decode_hello_payload(bytes);
        (void)decode_challenge_payload(bytes);
        (void)decode_auth_proof_payload(bytes);
    }
}

}  // namespace
}  // namespace stt
