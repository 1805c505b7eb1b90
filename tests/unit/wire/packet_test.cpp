// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/packet.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace stt {
namespace {

TEST(Packet, HeaderHasTheSizesThatWereDeclared) {
    std::vector<uint8_t> packet(session_overhead, 0xee);
    write_session_header(packet, {PacketType::session_odd, ~uint64_t{0}, 0xffffffff});
    EXPECT_EQ(packet[session_aad_size - 1], 0xff);
    EXPECT_EQ(packet[session_aad_size], 0xee) << "the checksum is not written yet";
    seal_checksum(packet);
    EXPECT_EQ(packet[session_header_size], 0xee) << "the checksum ends with the header";
    EXPECT_TRUE(checksum_fits(packet));
}

TEST(Packet, ReadsSessionPacketsOnly) {
    std::vector<uint8_t> packet(session_overhead);
    write_session_header(packet, {PacketType::session_even, 5, 6});
    for (unsigned type = 0; type < 256; type++) {
        packet[0] = static_cast<uint8_t>(type);
        const auto header = read_session_header(packet);
        ASSERT_EQ(header.has_value(), type == 10 || type == 11) << type;
        if (header) {
            EXPECT_EQ(header->session, 5u);
            EXPECT_EQ(header->number_low, 6u);
            EXPECT_EQ(header->type, static_cast<PacketType>(type));
        }
    }
}

TEST(Packet, TooShortToHoldATagIsNoPacket) {
    std::vector<uint8_t> packet(session_overhead);
    write_session_header(packet, {PacketType::session_even, 5, 6});
    packet.resize(session_overhead - 1);
    EXPECT_FALSE(read_session_header(packet));
    packet.resize(session_header_size - 1);
    EXPECT_FALSE(checksum_fits(packet));
}

TEST(Packet, NumbersExpandToTheNearest) {
    EXPECT_EQ(expand_packet_number(0, 0), 0u);
    EXPECT_EQ(expand_packet_number(0xffffffff, 0), 0xffffffffu) << "below zero there is nothing nearer";
    EXPECT_EQ(expand_packet_number(0, 0xffffffff), uint64_t{1} << 32);
    EXPECT_EQ(expand_packet_number(0xfffffff0, (uint64_t{1} << 32) + 5), 0xfffffff0u);
    // RFC 9000, appendix A.3 has 0xa82f9b32 for 0x9b32 after 0xa82f30ea; here with 32 bits.
    EXPECT_EQ(expand_packet_number(0xa82f9b32, 0x7700000000 | 0xa82f30eb), 0x77a82f9b32u);
}

TEST(Packet, NumbersExpandWhereverTheyAreWithinHalfTheRange) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 100'000; i++) {
        const uint64_t expected = (random() & varint_max) >> random() % 62;
        const uint64_t distance = random() % (uint64_t{1} << 31);
        const uint64_t above = expected + distance;
        if (above <= varint_max - (uint64_t{1} << 32)) {
            ASSERT_EQ(expand_packet_number(static_cast<uint32_t>(above), expected), above) << expected;
        }
        if (distance <= expected) {
            const uint64_t below = expected - distance;
            if (distance < uint64_t{1} << 31 && expected <= varint_max - (uint64_t{1} << 33)) {
                ASSERT_EQ(expand_packet_number(static_cast<uint32_t>(below), expected), below) << expected;
            }
        }
    }
}

}  // namespace
}  // namespace stt
