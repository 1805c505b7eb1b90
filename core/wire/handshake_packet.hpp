// SPDX-License-Identifier: LGPL-2.1-or-later
/// Layout of the handshake's packets: clear headers, and what their sealed payloads carry. Pure encode and
/// decode; core/crypto/handshake seals and opens.
///
/// Every handshake packet begins: type 1, checksum 4 (CRC-32C of all the packet but itself), version 2.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// Names one attempt to connect; random, chosen by the caller, echoed by every answer.
using AttemptId = std::array<uint8_t, 16>;
using Cookie = std::array<uint8_t, 16>;  ///< all zeros: none
using HandshakeNonce = std::array<uint8_t, 16>;
/// Names a session, the same on both sides, in logs and to resume it: the start of its handshake hash.
using SessionName = std::array<uint8_t, 16>;
using RejectMac = std::array<uint8_t, 16>;  ///< all zeros: not authenticated

enum class Cipher : uint8_t { aes256_gcm = 1, chacha20_poly1305 = 2 };
/// A set of ciphers: bit `1 << cipher`.
using CipherSet = uint8_t;
constexpr CipherSet cipher_bit(Cipher cipher) {
    return static_cast<CipherSet>(1u << static_cast<unsigned>(cipher));
}

inline constexpr size_t handshake_prefix_size = 7;
/// prefix, attempt id 16, caller's session id 8, cookie 16
inline constexpr size_t hello_header_size = 47;
/// prefix, attempt id 16, receiver's session id 8
inline constexpr size_t challenge_header_size = 31;
inline constexpr size_t auth_proof_header_size = 31;
inline constexpr size_t token_max = 700;
/// Longest delay of an acknowledgement that a side may announce: 2^14 ms (RFC 9000, section 18.2).
inline constexpr uint64_t ack_delay_us_max = (uint64_t{1} << 14) * 1000;

struct HelloHeader {
    uint16_t version = wire_version;
    AttemptId attempt{};
    SessionId caller_session = 0;
    Cookie cookie{};
};
/// CHALLENGE and AUTH_PROOF.
struct HandshakeHeader {
    uint16_t version = wire_version;
    AttemptId attempt{};
    SessionId receiver_session = 0;
};
/// Answers a HELLO under load: the same HELLO with this cookie will be looked at.
struct CookiePacket {
    uint16_t version = wire_version;
    AttemptId attempt{};
    SessionId receiver_session = 0;
    Cookie cookie{};
    WallTime time{};  ///< the responder's clock
};
struct RejectPacket {
    uint16_t version = wire_version;  ///< the responder's own
    AttemptId attempt{};
    SessionId receiver_session = 0;
    uint16_t code = 0;
    uint8_t sub_code = 0;
    WallTime time{};  ///< the responder's clock
    RejectMac
        mac{};  ///< over all before it, keyed from the seed, where the responder knows that the seeds agree
};
/// "No such session here": a hint, not a proof.
struct SessionUnknownPacket {
    uint16_t version = wire_version;
    SessionId session = 0;  ///< the id that was not known
};

/// What each side allows the other, exchanged in CHALLENGE and AUTH_PROOF.
struct SessionLimits {
    uint64_t session_window = 0;  ///< initial, bytes
    uint64_t stream_window = 0;   ///< initial, bytes, for each stream
    uint64_t max_streams = 0;
    uint64_t max_datagram = datagram_min;  ///< largest datagram this side takes; at least datagram_min
    uint64_t ack_delay_us = 0;  ///< longest deliberate delay of an acknowledgement; at most ack_delay_us_max
    uint64_t keepalive_timeout_ms = 0;
};

struct HelloPayload {
    WallTime time{};
    HandshakeNonce nonce{};
    CipherSet ciphers = 0;
};
struct ChallengePayload {
    SessionId responder_session = 0;
    Cipher cipher = Cipher::chacha20_poly1305;
    WallTime time{};
    SessionLimits limits;
};
/// Knowledge of an earlier session, whose streams the new one is to go on with.
struct ResumeProof {
    SessionName session{};
    std::array<uint8_t, 32> mac{};
};
struct AuthProofPayload {
    SessionLimits limits;
    std::vector<uint8_t> token;  ///< at most token_max
    std::optional<ResumeProof> resume_proof;
};

/// Type of a packet by its first byte; null when it is none of ours.
std::optional<PacketType> packet_type(Bytes packet);
/// Version and checksum of a handshake packet; null when it is too short or the checksum does not fit.
std::optional<uint16_t> handshake_version(Bytes packet);
/// Computes and stores a handshake packet's checksum.
void seal_handshake_checksum(MutableBytes packet);

// Headers: write_* fill the start of `out` (large enough) leaving the checksum to seal_handshake_checksum;
// read_* expect handshake_version to have succeeded and give null when the packet is too short.
void write_hello_header(MutableBytes out, const HelloHeader& header);
std::optional<HelloHeader> read_hello_header(Bytes packet);
void write_handshake_header(MutableBytes out, PacketType type, const HandshakeHeader& header);
std::optional<HandshakeHeader> read_handshake_header(Bytes packet);

/// The bytes of a HELLO's clear header that are the Noise prologue: everything but the checksum.
std::vector<uint8_t> hello_prologue(const HelloHeader& header);

// Small whole packets, checksum included.
std::vector<uint8_t> encode(const CookiePacket& packet);
std::optional<CookiePacket> read_cookie(Bytes packet);
std::vector<uint8_t> encode(const RejectPacket& packet);
std::optional<RejectPacket> read_reject(Bytes packet);
/// The bytes of `packet` its mac covers.
std::vector<uint8_t> reject_mac_input(const RejectPacket& packet);
std::vector<uint8_t> encode(const SessionUnknownPacket& packet);
std::optional<SessionUnknownPacket> read_session_unknown(Bytes packet);

// Sealed payloads: a list of fields (varint tag, varint length, value); unknown tags are stepped over, a tag
// of zero begins padding to the end. Errors: handshake_failure, with a text that names the message.
std::vector<uint8_t> encode(const HelloPayload& payload);
Result<HelloPayload> decode_hello_payload(Bytes bytes);
std::vector<uint8_t> encode(const ChallengePayload& payload);
Result<ChallengePayload> decode_challenge_payload(Bytes bytes);
std::vector<uint8_t> encode(const AuthProofPayload& payload);
Result<AuthProofPayload> decode_auth_proof_payload(Bytes bytes);

}  // namespace stt
