// SPDX-License-Identifier: LGPL-2.1-or-later
#include "golden.hpp"

#include <fstream>

#include "describe.hpp"
#include "wire/golden_directory.hpp"

namespace stt {
namespace {

template <size_t size>
std::array<uint8_t, size> counting(uint8_t from) {
    std::array<uint8_t, size> bytes;
    for (uint8_t& byte : bytes) byte = from++;
    return bytes;
}

const std::vector<uint8_t> five{0xa0, 0xa1, 0xa2, 0xa3, 0xa4};
constexpr WallTime noon{1'700'000'000'123'456};

PacketRanges ranges(std::initializer_list<PacketRange> list) {
    PacketRanges result;
    for (const PacketRange& range : list) result.add(range);
    return result;
}

SessionLimits limits() {
    SessionLimits limits;
    limits.session_window = 1 << 20;
    limits.stream_window = 512 << 10;
    limits.max_streams = 256;
    limits.max_datagram = datagram_max;
    limits.ack_delay_us = 5000;
    limits.keepalive_timeout_ms = 30000;
    return limits;
}

HelloHeader hello_header() {
    HelloHeader header;
    header.attempt = counting<16>(0x10);
    header.caller_session = 0x0102030405060708;
    header.cookie = counting<16>(0x30);
    return header;
}

// A handshake packet whose sealed part is five bytes that nobody could open: layout only.
template <class Header, class Write>
Golden handshake_packet(const Header& header, size_t header_size, Write write) {
    std::vector<uint8_t> packet(header_size);
    write(packet);
    packet.insert(packet.end(), five.begin(), five.end());
    seal_handshake_checksum(packet);
    return {describe(header), packet};
}

Golden session_packet(PacketType type) {
    const SessionHeader header{type, 0x1112131415161718, 0x21222324};
    std::vector<uint8_t> packet(session_header_size);
    write_session_header(packet, header);
    for (uint8_t byte : counting<21>(0x80)) packet.push_back(byte);
    seal_checksum(packet);
    return {describe(header), packet};
}

}  // namespace

std::vector<Golden> read_golden(const std::string& name) {
    std::ifstream file(std::string(GOLDEN_DIRECTORY) + "/" + name + ".txt");
    std::vector<Golden> all;
    Golden golden;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("means: ")) golden.means = line.substr(7);
        if (line.starts_with("bytes: ")) {
            golden.bytes = from_hex(line.substr(7));
            all.push_back(golden);
        }
    }
    return all;
}

std::vector<Golden> made_frames() {
    AckFrame one, several;
    one.delay_us = 0;
    one.ranges = ranges({{0, 0}});
    several.delay_us = 25'000;
    several.ranges = ranges({{70'000, 70'010}, {69'000, 69'998}, {5, 1000}, {0, 3}});
    NackFrame nack;
    nack.ranges = ranges({{1'000'000, 1'000'001}, {0, 0}});
    const std::vector<Frame> frames{
        PaddingFrame{},
        KeepAliveFrame{63},
        KeepAliveAnswerFrame{64},
        one,
        several,
        nack,
        SessionWindowFrame{varint_max},
        StreamWindowFrame{4, 1 << 20, 1000},
        StreamOpenFrame{0, 7, five},
        DataFrame{1, 0, five},
        DataFrame{16384, uint64_t{1} << 40, five},
        StreamFinFrame{2, 123'456'789},
        StreamCloseFrame{3, 17, 0x0301, 0, "stopped"},
        SessionCloseFrame{CloseReason::graceful, 0, 0, ""},
        SessionCloseFrame{CloseReason::auth_failure, 0x0103, 3, "gr\u00fc\u00dfe"},
        PathChallengeFrame{counting<8>(1)},
        PathResponseFrame{counting<8>(1)},
        FinalFrame{0, 0, false, ""},
        FinalFrame{0, 0, true, ""},
        FinalFrame{0x0203, 0, false, "full"},
        NewSessionIdFrame{2, 0x3132333435363738},
        ClockRequestFrame{63},
        ClockResponseFrame{63, 86'400'000'000'000, 86'400'000'012'345},
        StreamSkipFrame{8, 100'000, 250'000},
        StreamSkippedFrame{8, 250'000, 130'000},
        StreamSkippedFrame{1, 64, 64},
        UnknownFrame{20},
        UnknownFrame{16383},
    };
    std::vector<Golden> all;
    for (const Frame& frame : frames) all.push_back({describe(frame), encoded(frame)});
    return all;
}

std::vector<Golden> made_packets() {
    HandshakeHeader handshake;
    handshake.attempt = counting<16>(0x10);
    handshake.receiver_session = 0x4142434445464748;
    CookiePacket cookie;
    cookie.attempt = counting<16>(0x10);
    cookie.receiver_session = 0x0102030405060708;
    cookie.cookie = counting<16>(0x30);
    cookie.time = noon;
    RejectPacket reject;
    reject.attempt = counting<16>(0x10);
    reject.receiver_session = 0x0102030405060708;
    reject.code = 0x0103;
    reject.sub_code = 3;
    reject.time = noon;
    reject.mac = counting<16>(0x50);
    SessionUnknownPacket unknown;
    unknown.session = 0x1112131415161718;
    const auto write = [&](PacketType type) {
        return [&, type](std::vector<uint8_t>& packet) { write_handshake_header(packet, type, handshake); };
    };
    return {
        handshake_packet(hello_header(), hello_header_size,
                         [](std::vector<uint8_t>& packet) { write_hello_header(packet, hello_header()); }),
        handshake_packet(handshake, challenge_header_size, write(PacketType::challenge)),
        handshake_packet(handshake, auth_proof_header_size, write(PacketType::auth_proof)),
        {describe(cookie), encode(cookie)},
        {describe(reject), encode(reject)},
        {describe(unknown), encode(unknown)},
        session_packet(PacketType::session_even),
        session_packet(PacketType::session_odd),
    };
}

std::vector<Golden> made_payloads() {
    HelloPayload hello;
    hello.time = noon;
    hello.nonce = counting<16>(0x60);
    hello.ciphers = cipher_bit(Cipher::aes256_gcm) | cipher_bit(Cipher::chacha20_poly1305);
    ChallengePayload challenge;
    challenge.responder_session = 0x4142434445464748;
    challenge.cipher = Cipher::aes256_gcm;
    challenge.time = noon;
    challenge.limits = limits();
    AuthProofPayload plain, full;
    plain.limits = full.limits = limits();
    full.token = five;
    full.resume_proof = {counting<16>(0x70), counting<32>(0x80)};
    return {
        {describe(hello), encode(hello)},
        {describe(challenge), encode(challenge)},
        {describe(plain), encode(plain)},
        {describe(full), encode(full)},
    };
}

std::vector<Golden> made_messages() {
    InMessage message;
    message.kind = 2;
    message.header = {9, 8, 7};
    message.payload = {Chunk::copy_of(five)};
    message.end_offset = 11;
    std::vector<uint8_t> bytes = encode_head(2, message.header, five.size());
    bytes.insert(bytes.end(), five.begin(), five.end());

    InMessage empty;
    empty.end_offset = 3;

    InMessage longer;
    longer.kind = 255;
    longer.payload = {Chunk::copy_of(std::vector<uint8_t>(100, 0xcc))};
    longer.end_offset = 104;
    std::vector<uint8_t> longer_bytes = encode_head(255, {}, 100);
    longer_bytes.resize(longer_bytes.size() + 100, 0xcc);
    return {
        {describe(message), bytes},
        {describe(empty), encode_head(0, {}, 0)},
        {describe(longer), longer_bytes},
    };
}

}  // namespace stt
