// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/handshake_packet.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "describe.hpp"

namespace stt {
namespace {

TEST(HandshakePacket, TypesLeaveOtherProtocolsAlone) {
    for (unsigned first = 0; first < 256; first++) {
        const std::vector<uint8_t> packet{static_cast<uint8_t>(first)};
        EXPECT_EQ(packet_type(packet).has_value(), first >= 4 && first <= 11) << first;
    }
    EXPECT_FALSE(packet_type({}));
}

TEST(HandshakePacket, AVersionIsReadFromHandshakePacketsOnly) {
    std::vector<uint8_t> packet = encode(SessionUnknownPacket{wire_version, 5});
    EXPECT_EQ(handshake_version(packet), wire_version);
    packet[0] = static_cast<uint8_t>(PacketType::session_even);
    seal_handshake_checksum(packet);
    EXPECT_FALSE(handshake_version(packet));
    EXPECT_FALSE(handshake_version({}));
}

// A peer must be able to say "not my version" to a HELLO it cannot read any further.
TEST(HandshakePacket, ForeignVersionsAreRead) {
    HelloHeader header;
    header.version = 0x1234;
    header.attempt.fill(7);
    header.caller_session = 9;
    std::vector<uint8_t> packet(2000);
    write_hello_header(packet, header);
    seal_handshake_checksum(packet);
    EXPECT_EQ(handshake_version(packet), 0x1234);
    EXPECT_EQ(describe(*read_hello_header(packet)), describe(header));
}

TEST(HandshakePacket, ASessionIdIsNeverZero) {
    std::vector<uint8_t> packet(hello_header_size);
    write_hello_header(packet, HelloHeader());
    EXPECT_FALSE(read_hello_header(packet));
}

TEST(HandshakePacket, PrologueIsTheHeaderWithoutItsChecksum) {
    HelloHeader header;
    header.attempt.fill(1);
    header.caller_session = 2;
    header.cookie.fill(3);
    std::vector<uint8_t> packet(hello_header_size);
    write_hello_header(packet, header);
    seal_handshake_checksum(packet);
    packet.erase(packet.begin() + 1, packet.begin() + 5);
    EXPECT_EQ(hex(hello_prologue(header)), hex(packet));
}

TEST(HandshakePacket, RejectMacCoversAllBeforeItButTheChecksum) {
    RejectPacket reject;
    reject.attempt.fill(1);
    reject.receiver_session = 2;
    reject.code = 3;
    reject.sub_code = 4;
    reject.time = WallTime(5);
    reject.mac.fill(6);
    std::vector<uint8_t> packet = encode(reject);
    packet.erase(packet.end() - static_cast<ptrdiff_t>(reject.mac.size()), packet.end());
    packet.erase(packet.begin() + 1, packet.begin() + 5);
    const auto input = reject_mac_input(reject);
    EXPECT_EQ(hex(input), hex(packet));
    reject.mac.fill(0);
    EXPECT_EQ(reject_mac_input(reject), input);
}

TEST(HandshakePacket, SmallPacketsHaveOneSize) {
    for (std::vector<uint8_t> packet :
         {encode(CookiePacket()), encode(RejectPacket()), encode(SessionUnknownPacket())}) {
        packet.push_back(0);
        EXPECT_FALSE(read_cookie(packet));
        EXPECT_FALSE(read_reject(packet));
        EXPECT_FALSE(read_session_unknown(packet));
    }
}

TEST(HandshakePacket, TimesStayWithinADuration) {
    const auto largest = WallTime(static_cast<int64_t>(microseconds_max));
    for (const auto& [time, good] : {std::pair(largest, true), std::pair(largest + WallTime(1), false),
                                     std::pair(WallTime(-1), false)}) {
        CookiePacket cookie;
        cookie.time = time;
        RejectPacket reject;
        reject.time = time;
        EXPECT_EQ(read_cookie(encode(cookie)).has_value(), good);
        EXPECT_EQ(read_reject(encode(reject)).has_value(), good);
    }
}

}  // namespace
}  // namespace stt
