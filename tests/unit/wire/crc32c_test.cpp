// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/crc32c.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace stt {
namespace {

using Way = uint32_t (*)(Bytes, uint32_t);

std::vector<Way> ways() {
    std::vector<Way> all{crc32c, crc32c_ways::portable};
    if (crc32c_ways::has_hardware()) all.push_back(crc32c_ways::hardware);
    return all;
}

std::vector<uint8_t> random_bytes(size_t size, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    return bytes;
}

TEST(Crc32c, VectorsOfRfc3720) {  // appendix B.4; the RFC prints the bytes in the order they are sent
    std::vector<uint8_t> up(32), down(32);
    for (uint8_t i = 0; i < 32; i++) {
        up[i] = i;
        down[i] = static_cast<uint8_t>(31 - i);
    }
    const std::vector<uint8_t> read_command{
        0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18,
        0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    for (Way way : ways()) {
        EXPECT_EQ(way(std::vector<uint8_t>(32, 0x00), 0), 0x8a9136aau);
        EXPECT_EQ(way(std::vector<uint8_t>(32, 0xff), 0), 0x62a8ab43u);
        EXPECT_EQ(way(up, 0), 0x46dd794eu);
        EXPECT_EQ(way(down, 0), 0x113fdb5cu);
        EXPECT_EQ(way(read_command, 0), 0xd9963a56u);
    }
}

TEST(Crc32c, CheckValue) {  // of the catalogue of parametrised CRC algorithms, CRC-32/ISCSI
    constexpr std::string_view digits = "123456789";
    for (Way way : ways()) {
        EXPECT_EQ(way({reinterpret_cast<const uint8_t*>(digits.data()), digits.size()}, 0), 0xe3069283u);
        EXPECT_EQ(way({}, 0), 0u);
        EXPECT_EQ(way({}, 0x12345678), 0x12345678u);
    }
}

// Around every change of step: single bytes, words, three lanes, and lanes of full length (9,216 bytes).
TEST(Crc32c, EveryWayAgreesAtEverySizeAndAlignment) {
    const std::vector<uint8_t> bytes = random_bytes(28'000, 1);
    for (size_t size = 0; size < 300; size++) {
        for (size_t from = 0; from < 9; from++) {
            const Bytes part = Bytes(bytes).subspan(from, size);
            for (Way way : ways()) {
                ASSERT_EQ(way(part, 77), crc32c_ways::portable(part, 77)) << size << " from " << from;
            }
        }
    }
    for (size_t size : {1200u, 1383u, 1400u, 8972u, 9215u, 9216u, 9217u, 9239u, 9240u, 18432u, 27999u}) {
        for (Way way : ways()) {
            ASSERT_EQ(way(Bytes(bytes).first(size), 0), crc32c_ways::portable(Bytes(bytes).first(size), 0))
                << size;
        }
    }
}

TEST(Crc32c, ContinuesWhereItStopped) {
    const std::vector<uint8_t> bytes = random_bytes(2000, 2);
    for (size_t split = 0; split <= bytes.size(); split += 61) {
        for (Way way : ways()) {
            EXPECT_EQ(way(Bytes(bytes).subspan(split), way(Bytes(bytes).first(split), 0)), way(bytes, 0));
        }
    }
}

}  // namespace
}  // namespace stt
