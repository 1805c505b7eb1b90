// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/crc32c.hpp"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace stt {
namespace {

// The polynomial with its bits reversed, like all remainders here: bit 31 is the coefficient of x^0.
constexpr uint32_t polynomial = 0x82f63b78;

constexpr uint32_t times_x(uint32_t remainder) {
    return remainder >> 1 ^ ((remainder & 1) != 0 ? polynomial : 0);
}

// tables[n][b] is what byte b contributes when n more bytes follow it in the same step of eight.
constexpr auto make_tables() {
    std::array<std::array<uint32_t, 256>, 8> tables{};
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = times_x(crc);
        tables[0][byte] = crc;
    }
    for (size_t n = 1; n < 8; n++) {
        for (size_t byte = 0; byte < 256; byte++) {
            const uint32_t before = tables[n - 1][byte];
            tables[n][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
    return tables;
}
constexpr auto tables = make_tables();

uint64_t load_little_endian(const uint8_t* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

}  // namespace

uint32_t crc32c_ways::portable(Bytes bytes, uint32_t crc) {
    crc = ~crc;
    const uint8_t* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        const uint64_t word = load_little_endian(at) ^ crc;
        crc = 0;
        for (size_t i = 0; i < 8; i++) crc ^= tables[7 - i][word >> (8 * i) & 0xff];
    }
    for (; left > 0; left--, at++) crc = crc >> 8 ^ tables[0][(crc ^ *at) & 0xff];
    return ~crc;
}

#if defined(__x86_64__)

namespace {

// The crc32 instruction accepts one word per cycle but takes three cycles for the result. Three lanes of
// equal length therefore run in parallel, and are joined by a carry-less multiplication. A lane has at most
// this many 8-byte words: three of them cover every datagram up to 9,216 bytes in one pass.
constexpr size_t lane_words_max = 384;

// shifts[n - 1] = x^(64 n - 33). A carry-less multiplication of a remainder by it, reduced with one crc32
// instruction, moves the remainder up by n words. The instruction itself multiplies by x^32, and the
// bit-reversed product by x.
constexpr auto make_shifts() {
    std::array<uint32_t, 2 * lane_words_max> shifts{};
    uint32_t power = 0x80000000;
    for (int bit = 0; bit < 64 - 33; bit++) power = times_x(power);
    for (uint32_t& shift : shifts) {
        shift = power;
        for (int bit = 0; bit < 64; bit++) power = times_x(power);
    }
    return shifts;
}
constexpr auto shifts = make_shifts();

[[gnu::target("sse4.2,pclmul")]] inline uint64_t product(uint64_t remainder, uint32_t shift) {
    const __m128i result = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(remainder)),
                                                _mm_cvtsi32_si128(static_cast<int32_t>(shift)), 0);
    return static_cast<uint64_t>(_mm_cvtsi128_si64(result));
}

}  // namespace

bool crc32c_ways::has_hardware() {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

[[gnu::target("sse4.2,pclmul")]] uint32_t crc32c_ways::hardware(Bytes bytes, uint32_t crc) {
    const uint8_t* at = bytes.data();
    size_t left = bytes.size();
    uint64_t first = ~crc;
    while (left >= 3 * 8) {
        const size_t words = left / (3 * 8) < lane_words_max ? left / (3 * 8) : lane_words_max;
        const uint8_t* const end = at + 8 * words;
        uint64_t second = 0, third = 0;
        for (; at != end; at += 8) {
            first = _mm_crc32_u64(first, load_little_endian(at));
            second = _mm_crc32_u64(second, load_little_endian(at + 8 * words));
            third = _mm_crc32_u64(third, load_little_endian(at + 16 * words));
        }
        const uint64_t joined = product(first, shifts[2 * words - 1]) ^ product(second, shifts[words - 1]);
        first = _mm_crc32_u64(0, joined) ^ third;
        at += 16 * words;
        left -= 24 * words;
    }
    for (; left >= 8; left -= 8, at += 8) first = _mm_crc32_u64(first, load_little_endian(at));
    uint32_t result = static_cast<uint32_t>(first);
    for (; left > 0; left--, at++) result = _mm_crc32_u8(result, *at);
    return ~result;
}

#else

bool crc32c_ways::has_hardware() { return false; }
uint32_t crc32c_ways::hardware(Bytes bytes, uint32_t crc) { return portable(bytes, crc); }

#endif

namespace {
// It is false until it is initialised, which only makes earlier calls slower.
const bool use_hardware = crc32c_ways::has_hardware();
}  // namespace

uint32_t crc32c(Bytes bytes, uint32_t crc) {
    return use_hardware ? crc32c_ways::hardware(bytes, crc) : crc32c_ways::portable(bytes, crc);
}

}  // namespace stt
