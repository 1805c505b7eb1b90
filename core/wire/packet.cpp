// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/packet.hpp"

namespace stt {
namespace {

// The checksum of a session packet, which covers all bytes but the checksum itself.
uint32_t checksum_of(Bytes packet) {
    return crc32c(packet.subspan(session_header_size), crc32c(packet.first(session_aad_size)));
}

}  // namespace

void write_session_header(MutableBytes packet, const SessionHeader& header) {
    ByteWriter out(packet);
    out.u8(static_cast<uint8_t>(header.type));
    out.u64(header.session);
    out.u32(header.number_low);
}

std::optional<SessionHeader> read_session_header(Bytes packet) {
    if (packet.size() < session_overhead) return std::nullopt;
    ByteReader in(packet);
    const auto type = PacketType{in.u8()};
    if (type != PacketType::session_even && type != PacketType::session_odd) return std::nullopt;
    const SessionId session = in.u64();
    return SessionHeader{type, session, in.u32()};
}

void seal_checksum(MutableBytes packet) {
    ByteWriter(packet.subspan(session_aad_size)).u32(checksum_of(packet));
}

bool checksum_fits(Bytes packet) {
    if (packet.size() < session_header_size) return false;
    return ByteReader(packet.subspan(session_aad_size)).u32() == checksum_of(packet);
}

uint64_t expand_packet_number(uint32_t low, uint64_t expected) {
    constexpr uint64_t window = uint64_t{1} << 32;
    const uint64_t candidate = (expected & ~(window - 1)) | low;
    if (candidate + window / 2 <= expected && candidate < varint_max - window) return candidate + window;
    if (candidate > expected + window / 2 && candidate >= window) return candidate - window;
    return candidate;
}

}  // namespace stt
