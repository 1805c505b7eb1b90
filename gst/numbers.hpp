// SPDX-License-Identifier: LGPL-2.1-or-later
/// Numbers in message headers: a length byte, then that many bytes, big-endian without leading zeros. Unlike
/// a varint this holds every 64-bit value. Times of some hours take seven bytes with the length.
#pragma once

#include <bit>

#include "core/base/bytes.hpp"

namespace stt {

inline void write_number(ByteWriter& out, uint64_t value) {
    const int size = (static_cast<int>(std::bit_width(value)) + 7) / 8;
    out.u8(static_cast<uint8_t>(size));
    for (int i = size - 1; i >= 0; i--) out.u8(static_cast<uint8_t>(value >> (8 * i)));
}

/// A length over eight yields zero, and `in` is no longer ok().
inline uint64_t read_number(ByteReader& in) {
    const uint8_t size = in.u8();
    if (size > 8) {
        in.bytes(in.remaining() + 1);
        return 0;
    }
    uint64_t value = 0;
    for (const uint8_t byte : in.bytes(size)) value = value << 8 | byte;
    return value;
}

/// Writes a difference modulo 2^64 that is usually small and may have either sign.
inline void write_difference(ByteWriter& out, uint64_t difference) {
    write_number(out, difference << 1 ^ (difference >> 63 ? ~uint64_t{0} : 0));
}
inline uint64_t read_difference(ByteReader& in) {
    const uint64_t folded = read_number(in);
    return folded >> 1 ^ (folded & 1 ? ~uint64_t{0} : 0);
}

inline void write_double(ByteWriter& out, double value) { out.u64(std::bit_cast<uint64_t>(value)); }
inline double read_double(ByteReader& in) { return std::bit_cast<double>(in.u64()); }

}  // namespace stt
