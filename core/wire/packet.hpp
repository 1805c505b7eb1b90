// SPDX-License-Identifier: LGPL-2.1-or-later
/// The clear part of every packet: the type, the checksum and, in a session's packets, the short header.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/wire/crc32c.hpp"

namespace stt {

/// The version of the wire format that this code implements, and the only one it accepts.
inline constexpr uint16_t wire_version = 1;

/// The first byte of a packet. The values 4 to 15 leave STUN (0–3), DTLS, TURN channels, RTP and QUIC usable
/// on a shared port (RFC 7983, RFC 9443).
enum class PacketType : uint8_t {
    hello = 4,
    challenge = 5,
    auth_proof = 6,
    cookie = 7,
    reject = 8,
    session_unknown = 9,
    session_even = 10,  ///< a session's packet, sealed with a key of an even phase
    session_odd = 11,   ///< a session's packet, sealed with a key of an odd phase
};

/// The receiver's number for a session: random, chosen by the receiver, and never zero.
using SessionId = uint64_t;

/// type (1), session id (8), packet number (4), checksum (4)
inline constexpr size_t session_header_size = 17;
/// The part of the header that the AEAD authenticates: all but the checksum.
inline constexpr size_t session_aad_size = 13;
inline constexpr size_t aead_tag_size = 16;
inline constexpr size_t session_overhead = session_header_size + aead_tag_size;

/// The smallest datagram that every path must carry, and the size of a HELLO (RFC 9000, section 14).
inline constexpr size_t datagram_min = 1200;
/// The largest datagram that is ever sent: a 9,000-byte jumbo frame less the IPv4 and UDP headers.
inline constexpr size_t datagram_max = 8972;

struct SessionHeader {
    PacketType type;
    SessionId session;
    uint32_t number_low;  ///< the low 32 bits of the packet number
};

/// Writes all but the checksum at the beginning of `packet`, which has at least session_header_size bytes.
void write_session_header(MutableBytes packet, const SessionHeader& header);
/// Null when `packet` is shorter than session_overhead or is not a session's packet. The checksum is not
/// checked.
std::optional<SessionHeader> read_session_header(Bytes packet);

/// Computes and stores the checksum of a session packet, which covers all bytes but its own four.
void seal_checksum(MutableBytes packet);
/// Whether the checksum of a session packet fits. It is worth computing only after the AEAD has refused the
/// packet, to distinguish line noise from tampering.
bool checksum_fits(Bytes packet);

/// The packet number nearest to `expected` whose low 32 bits are `low` (RFC 9000, appendix A.3).
uint64_t expand_packet_number(uint32_t low, uint64_t expected);

}  // namespace stt
