// SPDX-License-Identifier: LGPL-2.1-or-later
/// The layout of the handshake's packets: the clear headers and the contents of the sealed payloads. This
/// module only encodes and decodes; core/crypto/handshake seals and opens.
///
/// Every handshake packet begins with the type (1 byte), a checksum (4 bytes) and the version (2 bytes). The
/// checksum is the CRC-32C of the packet without the checksum field.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// Names one attempt to connect. It is random, chosen by the caller, and echoed in every answer.
using AttemptId = std::array<uint8_t, 16>;
using Cookie = std::array<uint8_t, 16>;  ///< all zeros: no cookie
using HandshakeNonce = std::array<uint8_t, 16>;
/// Names a session, for logs and for resumption: the beginning of its handshake hash, the same at both ends.
using SessionName = std::array<uint8_t, 16>;
using RejectMac = std::array<uint8_t, 16>;  ///< all zeros: not authenticated

enum class Cipher : uint8_t { aes256_gcm = 1, chacha20_poly1305 = 2 };
/// A set of ciphers, with one bit `1 << cipher` each.
using CipherSet = uint8_t;
constexpr CipherSet cipher_bit(Cipher cipher) {
    return static_cast<CipherSet>(1u << static_cast<unsigned>(cipher));
}

inline constexpr size_t handshake_prefix_size = 7;
/// prefix, attempt id (16), caller's session id (8), cookie (16)
inline constexpr size_t hello_header_size = 47;
/// prefix, attempt id (16), receiver's session id (8)
inline constexpr size_t challenge_header_size = 31;
inline constexpr size_t auth_proof_header_size = 31;
inline constexpr size_t token_max = 700;
/// The longest acknowledgement delay that a side may announce: 2^14 ms (compare RFC 9000, section 18.2).
inline constexpr uint64_t ack_delay_us_max = (uint64_t{1} << 14) * 1000;

struct HelloHeader {
    uint16_t version = wire_version;
    AttemptId attempt{};
    SessionId caller_session = 0;
    Cookie cookie{};
};
/// The clear header of CHALLENGE and AUTH_PROOF.
struct HandshakeHeader {
    uint16_t version = wire_version;
    AttemptId attempt{};
    SessionId receiver_session = 0;
};
/// Answers a HELLO under load: the same HELLO with this cookie will be processed.
struct CookiePacket {
    uint16_t version = wire_version;
    AttemptId attempt{};
    SessionId receiver_session = 0;
    Cookie cookie{};
    WallTime time{};  ///< the responder's clock
};
struct RejectPacket {
    uint16_t version = wire_version;  ///< the responder's version
    AttemptId attempt{};
    SessionId receiver_session = 0;
    uint16_t code = 0;
    uint8_t sub_code = 0;
    WallTime time{};  ///< the responder's clock
    /// A MAC over all fields before it, keyed from the seed. It is present when the responder knows that both
    /// nodes have the same seed.
    RejectMac mac{};
};
/// Reports that a session does not exist. It is not authenticated, so it is a hint and not a proof.
struct SessionUnknownPacket {
    uint16_t version = wire_version;
    SessionId session = 0;  ///< the id that is unknown
};

/// The limits that each side sets for the other, exchanged in CHALLENGE and AUTH_PROOF.
struct SessionLimits {
    uint64_t session_window = 0;  ///< bytes, initial value
    uint64_t stream_window = 0;   ///< bytes per stream, initial value
    uint64_t max_streams = 0;
    /// The largest datagram that this side accepts, in bytes; at least datagram_min.
    uint64_t max_datagram = datagram_min;
    /// The longest deliberate delay of an acknowledgement, in microseconds; at most ack_delay_us_max.
    uint64_t ack_delay_us = 0;
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
/// Proves knowledge of an earlier session, whose streams the new session is to resume.
struct ResumeProof {
    SessionName session{};
    std::array<uint8_t, 32> mac{};
};
struct AuthProofPayload {
    SessionLimits limits;
    std::vector<uint8_t> token;  ///< bytes: at most token_max
    std::optional<ResumeProof> resume_proof;
};

/// The type of a packet by its first byte; null when it is not an STT packet type.
std::optional<PacketType> packet_type(Bytes packet);
/// Checks the checksum of a handshake packet and returns its version. Null when the packet is no handshake
/// packet, is too short or has a wrong checksum.
std::optional<uint16_t> handshake_version(Bytes packet);
/// Computes and stores a handshake packet's checksum.
void seal_handshake_checksum(MutableBytes packet);

// Headers. The write functions fill the beginning of `out`, which must be large enough, and leave the
// checksum to seal_handshake_checksum(). The read functions require that handshake_version() has succeeded,
// and return null when the packet is too short. A HELLO with a session id of zero gives null too.
void write_hello_header(MutableBytes out, const HelloHeader& header);
std::optional<HelloHeader> read_hello_header(Bytes packet);
void write_handshake_header(MutableBytes out, PacketType type, const HandshakeHeader& header);
std::optional<HandshakeHeader> read_handshake_header(Bytes packet);

/// The part of a HELLO's clear header that is the Noise prologue: all bytes but the checksum.
std::vector<uint8_t> hello_prologue(const HelloHeader& header);

// Whole packets that are not sealed. encode() includes the checksum. The read functions return null when the
// size or the time is invalid.
std::vector<uint8_t> encode(const CookiePacket& packet);
std::optional<CookiePacket> read_cookie(Bytes packet);
std::vector<uint8_t> encode(const RejectPacket& packet);
std::optional<RejectPacket> read_reject(Bytes packet);
/// The bytes of `packet` that its MAC covers.
std::vector<uint8_t> reject_mac_input(const RejectPacket& packet);
std::vector<uint8_t> encode(const SessionUnknownPacket& packet);
std::optional<SessionUnknownPacket> read_session_unknown(Bytes packet);

// Sealed payloads. Each is a list of fields, which have a varint tag, a varint length and a value. Unknown
// tags are skipped, and a tag of zero starts padding to the end. Errors have the code handshake_failure and a
// text that names the message.
std::vector<uint8_t> encode(const HelloPayload& payload);
Result<HelloPayload> decode_hello_payload(Bytes bytes);
std::vector<uint8_t> encode(const ChallengePayload& payload);
Result<ChallengePayload> decode_challenge_payload(Bytes bytes);
std::vector<uint8_t> encode(const AuthProofPayload& payload);
Result<AuthProofPayload> decode_auth_proof_payload(Bytes bytes);

}  // namespace stt
