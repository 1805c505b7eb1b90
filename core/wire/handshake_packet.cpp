// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/handshake_packet.hpp"

namespace stt {
namespace {

constexpr size_t checksum_at = 1;
constexpr size_t version_at = 5;
constexpr size_t cookie_packet_size = challenge_header_size + 16 + 8;
constexpr size_t reject_packet_size = challenge_header_size + 2 + 1 + 8 + 16;
constexpr size_t session_unknown_packet_size = handshake_prefix_size + 8;

static_assert(hello_header_size == handshake_prefix_size + 16 + 8 + 16);
static_assert(challenge_header_size == handshake_prefix_size + 16 + 8);
// Answers to a HELLO are shorter than it, so that a forged source address gives no amplification.
static_assert(reject_packet_size < datagram_min && cookie_packet_size < datagram_min);

uint32_t checksum_of(Bytes packet) { return crc32c(packet.subspan(version_at), crc32c(packet.first(1))); }

void write_prefix(ByteWriter& out, PacketType type, uint16_t version) {
    out.u8(static_cast<uint8_t>(type));
    out.zeros(version_at - checksum_at);
    out.u16(version);
}

// A reader for `packet` from behind its checksum on.
ByteReader after_checksum(Bytes packet) {
    return ByteReader(packet.size() < version_at ? Bytes() : packet.subspan(version_at));
}

uint64_t wire_time(WallTime time) { return static_cast<uint64_t>(time.count()); }

template <class Packet>
std::optional<Packet> if_complete(const ByteReader& in, const Packet& packet) {
    if (!in.ok() || !in.empty()) return std::nullopt;
    return packet;
}

std::vector<uint8_t> sealed(std::vector<uint8_t> packet) {
    seal_handshake_checksum(packet);
    return packet;
}

// Encodes a REJECT, with its checksum still zero.
std::vector<uint8_t> unsealed(const RejectPacket& packet) {
    std::vector<uint8_t> bytes(reject_packet_size);
    ByteWriter out(bytes);
    write_prefix(out, PacketType::reject, packet.version);
    out.bytes(packet.attempt);
    out.u64(packet.receiver_session);
    out.u16(packet.code);
    out.u8(packet.sub_code);
    out.u64(wire_time(packet.time));
    out.bytes(packet.mac);
    return bytes;
}

}  // namespace

std::optional<PacketType> packet_type(Bytes packet) {
    if (packet.empty()) return std::nullopt;
    constexpr auto first = static_cast<uint8_t>(PacketType::hello);
    constexpr auto last = static_cast<uint8_t>(PacketType::session_odd);
    if (packet[0] < first || packet[0] > last) return std::nullopt;
    return PacketType{packet[0]};
}

std::optional<uint16_t> handshake_version(Bytes packet) {
    const auto type = packet_type(packet);
    if (!type || *type >= PacketType::session_even) return std::nullopt;
    ByteReader in(packet.subspan(checksum_at));
    const uint32_t checksum = in.u32();
    const uint16_t version = in.u16();
    if (!in.ok() || checksum != checksum_of(packet)) return std::nullopt;
    return version;
}

void seal_handshake_checksum(MutableBytes packet) {
    ByteWriter(packet.subspan(checksum_at)).u32(checksum_of(packet));
}

void write_hello_header(MutableBytes bytes, const HelloHeader& header) {
    ByteWriter out(bytes);
    write_prefix(out, PacketType::hello, header.version);
    out.bytes(header.attempt);
    out.u64(header.caller_session);
    out.bytes(header.cookie);
}

std::optional<HelloHeader> read_hello_header(Bytes packet) {
    ByteReader in = after_checksum(packet);
    HelloHeader header;
    header.version = in.u16();
    in.copy_to(header.attempt);
    header.caller_session = in.u64();
    in.copy_to(header.cookie);
    if (!in.ok() || header.caller_session == 0) return std::nullopt;
    return header;
}

void write_handshake_header(MutableBytes bytes, PacketType type, const HandshakeHeader& header) {
    ByteWriter out(bytes);
    write_prefix(out, type, header.version);
    out.bytes(header.attempt);
    out.u64(header.receiver_session);
}

std::optional<HandshakeHeader> read_handshake_header(Bytes packet) {
    ByteReader in = after_checksum(packet);
    HandshakeHeader header;
    header.version = in.u16();
    in.copy_to(header.attempt);
    header.receiver_session = in.u64();
    if (!in.ok()) return std::nullopt;
    return header;
}

std::vector<uint8_t> hello_prologue(const HelloHeader& header) {
    std::vector<uint8_t> bytes(hello_header_size);
    write_hello_header(bytes, header);
    bytes.erase(bytes.begin() + checksum_at, bytes.begin() + version_at);
    return bytes;
}

std::vector<uint8_t> encode(const CookiePacket& packet) {
    std::vector<uint8_t> bytes(cookie_packet_size);
    ByteWriter out(bytes);
    write_prefix(out, PacketType::cookie, packet.version);
    out.bytes(packet.attempt);
    out.u64(packet.receiver_session);
    out.bytes(packet.cookie);
    out.u64(wire_time(packet.time));
    return sealed(std::move(bytes));
}

std::optional<CookiePacket> read_cookie(Bytes packet) {
    ByteReader in = after_checksum(packet);
    CookiePacket result;
    result.version = in.u16();
    in.copy_to(result.attempt);
    result.receiver_session = in.u64();
    in.copy_to(result.cookie);
    const uint64_t time = in.u64();
    if (time > microseconds_max) return std::nullopt;
    result.time = WallTime(time);
    return if_complete(in, result);
}

std::vector<uint8_t> encode(const RejectPacket& packet) { return sealed(unsealed(packet)); }

std::optional<RejectPacket> read_reject(Bytes packet) {
    ByteReader in = after_checksum(packet);
    RejectPacket result;
    result.version = in.u16();
    in.copy_to(result.attempt);
    result.receiver_session = in.u64();
    result.code = in.u16();
    result.sub_code = in.u8();
    const uint64_t time = in.u64();
    if (time > microseconds_max) return std::nullopt;
    result.time = WallTime(time);
    in.copy_to(result.mac);
    return if_complete(in, result);
}

std::vector<uint8_t> reject_mac_input(const RejectPacket& packet) {
    std::vector<uint8_t> bytes = unsealed(packet);
    bytes.resize(reject_packet_size - packet.mac.size());
    bytes.erase(bytes.begin() + checksum_at, bytes.begin() + version_at);
    return bytes;
}

std::vector<uint8_t> encode(const SessionUnknownPacket& packet) {
    std::vector<uint8_t> bytes(session_unknown_packet_size);
    ByteWriter out(bytes);
    write_prefix(out, PacketType::session_unknown, packet.version);
    out.u64(packet.session);
    return sealed(std::move(bytes));
}

std::optional<SessionUnknownPacket> read_session_unknown(Bytes packet) {
    ByteReader in = after_checksum(packet);
    SessionUnknownPacket result;
    result.version = in.u16();
    result.session = in.u64();
    return if_complete(in, result);
}

}  // namespace stt
