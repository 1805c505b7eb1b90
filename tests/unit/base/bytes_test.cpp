// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/bytes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace stt {
namespace {

std::vector<uint8_t> varint_bytes(uint64_t value) {
    std::array<uint8_t, 8> buffer;
    ByteWriter out(buffer);
    out.varint(value);
    EXPECT_TRUE(out.ok());
    return {out.written().begin(), out.written().end()};
}

uint64_t read_varint(std::vector<uint8_t> bytes) {
    ByteReader in(bytes);
    const uint64_t value = in.varint();
    EXPECT_TRUE(in.ok());
    EXPECT_TRUE(in.empty());
    return value;
}

TEST(Bytes, VarintsAreThoseOfRfc9000) {  // appendix A.1
    EXPECT_EQ(varint_bytes(151288809941952652),
              (std::vector<uint8_t>{0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}));
    EXPECT_EQ(varint_bytes(494878333), (std::vector<uint8_t>{0x9d, 0x7f, 0x3e, 0x7d}));
    EXPECT_EQ(varint_bytes(15293), (std::vector<uint8_t>{0x7b, 0xbd}));
    EXPECT_EQ(varint_bytes(37), (std::vector<uint8_t>{0x25}));
    EXPECT_EQ(read_varint({0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c}), 151288809941952652u);
    EXPECT_EQ(read_varint({0x9d, 0x7f, 0x3e, 0x7d}), 494878333u);
    EXPECT_EQ(read_varint({0x7b, 0xbd}), 15293u);
    EXPECT_EQ(read_varint({0x25}), 37u);
    EXPECT_EQ(read_varint({0x40, 0x25}), 37u) << "longer forms are taken";
}

TEST(Bytes, VarintsRoundTripAtEveryEdge) {
    for (int bit = 0; bit <= 62; bit++) {
        for (int64_t delta : {-1, 0, 1}) {
            const uint64_t value = (uint64_t{1} << bit) + static_cast<uint64_t>(delta);
            if (value > varint_max) continue;
            const auto bytes = varint_bytes(value);
            EXPECT_EQ(bytes.size(), varint_size(value));
            EXPECT_EQ(read_varint(bytes), value);
        }
    }
}

TEST(Bytes, IntegersAreBigEndian) {
    std::array<uint8_t, 15> buffer;
    ByteWriter out(buffer);
    out.u8(0x01);
    out.u16(0x0203);
    out.u32(0x04050607);
    out.u64(0x08090a0b0c0d0e0f);
    ASSERT_TRUE(out.ok());
    for (size_t i = 0; i < buffer.size(); i++) EXPECT_EQ(buffer[i], i + 1);
    ByteReader in(buffer);
    EXPECT_EQ(in.peek(), 1);
    EXPECT_EQ(in.u8(), 0x01);
    EXPECT_EQ(in.u16(), 0x0203);
    EXPECT_EQ(in.u32(), 0x04050607u);
    EXPECT_EQ(in.u64(), 0x08090a0b0c0d0e0fu);
    EXPECT_TRUE(in.ok());
    EXPECT_TRUE(in.empty());
    EXPECT_EQ(in.peek(), 0);
}

TEST(Bytes, AnOverReadFailsForGood) {
    const std::array<uint8_t, 3> bytes{1, 2, 3};
    ByteReader in(bytes);
    EXPECT_EQ(in.u32(), 0u);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.u8(), 0) << "what is left must not be taken for something else";
    EXPECT_TRUE(in.rest().empty());
    EXPECT_FALSE(in.ok());
}

TEST(Bytes, TakesByteStringsWithinBoundsOnly) {
    const std::array<uint8_t, 4> bytes{1, 2, 3, 4};
    ByteReader in(bytes);
    EXPECT_EQ(in.bytes(3).size(), 3u);
    EXPECT_TRUE(in.bytes(varint_max).empty());
    EXPECT_FALSE(in.ok());

    std::array<uint8_t, 5> copy{9, 9, 9, 9, 9};
    ByteReader again(bytes);
    again.copy_to(copy);
    EXPECT_FALSE(again.ok());
    EXPECT_EQ(copy, (std::array<uint8_t, 5>{9, 9, 9, 9, 9}));
}

TEST(Bytes, EveryTruncationOfAVarintFails) {
    for (uint64_t value : {uint64_t{37}, uint64_t{15293}, uint64_t{494878333}, varint_max}) {
        const auto whole = varint_bytes(value);
        for (size_t size = 0; size < whole.size(); size++) {
            const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
            ByteReader in(cut);
            EXPECT_EQ(in.varint(), 0u);
            EXPECT_FALSE(in.ok());
        }
    }
}

TEST(Bytes, WhatDoesNotFitIsNotWritten) {
    std::array<uint8_t, 4> buffer{};
    ByteWriter out(MutableBytes(buffer).first(3));
    out.u16(0x0102);
    out.u16(0x0304);
    EXPECT_FALSE(out.ok());
    EXPECT_EQ(out.size(), 2u);
    out.u8(5);
    EXPECT_EQ(out.size(), 2u) << "nothing follows a gap";
    EXPECT_TRUE(out.reserve(1).empty());
    EXPECT_EQ(buffer, (std::array<uint8_t, 4>{1, 2, 0, 0}));
}

TEST(Bytes, WritesRunsAndReservations) {
    std::array<uint8_t, 6> buffer;
    buffer.fill(0xee);
    ByteWriter out(buffer);
    out.zeros(2);
    out.bytes(std::array<uint8_t, 2>{7, 8});
    const MutableBytes room = out.reserve(1);
    ASSERT_EQ(room.size(), 1u);
    room[0] = 9;
    out.bytes({});
    EXPECT_TRUE(out.ok());
    EXPECT_EQ(out.remaining(), 1u);
    EXPECT_EQ(buffer, (std::array<uint8_t, 6>{0, 0, 7, 8, 9, 0xee}));
}

TEST(Bytes, RandomSequencesRoundTrip) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 2000; round++) {
        std::array<uint8_t, 512> buffer;
        ByteWriter out(buffer);
        std::vector<std::pair<int, uint64_t>> sequence;
        for (size_t count = random() % 40; count > 0; count--) {
            const uint64_t value = (random() & varint_max) >> random() % 62;
            const int kind = static_cast<int>(random() % 5);
            sequence.emplace_back(kind, value);
            if (kind == 0) out.u8(static_cast<uint8_t>(value));
            if (kind == 1) out.u16(static_cast<uint16_t>(value));
            if (kind == 2) out.u32(static_cast<uint32_t>(value));
            if (kind == 3) out.u64(value);
            if (kind == 4) out.varint(value);
        }
        ASSERT_TRUE(out.ok());
        ByteReader in(out.written());
        for (const auto& [kind, value] : sequence) {
            if (kind == 0) {
                EXPECT_EQ(in.u8(), static_cast<uint8_t>(value));
            }
            if (kind == 1) {
                EXPECT_EQ(in.u16(), static_cast<uint16_t>(value));
            }
            if (kind == 2) {
                EXPECT_EQ(in.u32(), static_cast<uint32_t>(value));
            }
            if (kind == 3) {
                EXPECT_EQ(in.u64(), value);
            }
            if (kind == 4) {
                EXPECT_EQ(in.varint(), value);
            }
        }
        EXPECT_TRUE(in.ok());
        EXPECT_TRUE(in.empty());
    }
}

}  // namespace
}  // namespace stt
