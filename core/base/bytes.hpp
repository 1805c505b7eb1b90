// SPDX-License-Identifier: LGPL-2.1-or-later
/// Views of bytes, and the only reader and writer that access untrusted or outgoing bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace stt {

using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

/// The largest value of a varint (RFC 9000, section 16).
inline constexpr uint64_t varint_max = (uint64_t{1} << 62) - 1;

/// The encoded size of `value` as a varint: 1, 2, 4 or 8 bytes. `value` is at most varint_max.
constexpr size_t varint_size(uint64_t value) {
    return value < (1u << 6) ? 1 : value < (1u << 14) ? 2 : value < (1u << 30) ? 4 : 8;
}

/// Converts between host and network byte order.
constexpr uint8_t network_order(uint8_t value) { return value; }
constexpr uint16_t network_order(uint16_t value) {
    return std::endian::native == std::endian::little ? __builtin_bswap16(value) : value;
}
constexpr uint32_t network_order(uint32_t value) {
    return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}
constexpr uint64_t network_order(uint64_t value) {
    return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

/// Reads big-endian integers, varints and byte strings. A read beyond the end yields zeros or an empty span,
/// and ok() stays false from then on. A parser can therefore read a whole structure and check once.
class ByteReader {
  public:
    explicit ByteReader(Bytes bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    bool ok() const { return ok_; }
    bool empty() const { return at_ == end_; }
    size_t remaining() const { return static_cast<size_t>(end_ - at_); }

    /// The next byte, which is not consumed; 0 at the end.
    uint8_t peek() const { return at_ == end_ ? uint8_t{0} : *at_; }

    uint8_t u8() { return integer<uint8_t>(); }
    uint16_t u16() { return integer<uint16_t>(); }
    uint32_t u32() { return integer<uint32_t>(); }
    uint64_t u64() { return integer<uint64_t>(); }

    /// Reads a varint. Any of the four sizes is accepted for any value, as in RFC 9000, section 16.
    uint64_t varint() {
        switch (peek() >> 6) {
            case 0:
                return u8();
            case 1:
                return u16() & 0x3fffu;
            case 2:
                return u32() & 0x3fffffffu;
            default:
                return u64() & varint_max;
        }
    }

    Bytes bytes(uint64_t size) {
        if (size > remaining()) {
            fail();
            return {};
        }
        const Bytes result(at_, static_cast<size_t>(size));
        at_ += size;
        return result;
    }

    /// Reads all remaining bytes.
    Bytes rest() { return bytes(remaining()); }

    /// Fills `out`. If fewer bytes remain, `out` is unchanged and ok() is false from then on.
    void copy_to(MutableBytes out) {
        const Bytes from = bytes(out.size());
        if (!from.empty()) std::memcpy(out.data(), from.data(), from.size());
    }

  private:
    template <class Integer>
    Integer integer() {
        if (remaining() < sizeof(Integer)) {
            fail();
            return 0;
        }
        Integer value;
        std::memcpy(&value, at_, sizeof value);
        at_ += sizeof value;
        return network_order(value);
    }
    void fail() {
        ok_ = false;
        at_ = end_;
    }

    const uint8_t* at_;
    const uint8_t* end_;
    bool ok_ = true;
};

/// Writes into a buffer of the caller's. A value that does not fit is not written, and ok() stays false from
/// then on.
class ByteWriter {
  public:
    explicit ByteWriter(MutableBytes out) : begin_(out.data()), at_(begin_), end_(begin_ + out.size()) {}

    bool ok() const { return ok_; }
    size_t size() const { return static_cast<size_t>(at_ - begin_); }
    size_t remaining() const { return static_cast<size_t>(end_ - at_); }
    Bytes written() const { return {begin_, size()}; }

    void u8(uint8_t value) { integer(value); }
    void u16(uint16_t value) { integer(value); }
    void u32(uint32_t value) { integer(value); }
    void u64(uint64_t value) { integer(value); }
    /// Writes `value`, at most varint_max, in the smallest size.
    void varint(uint64_t value) {
        if (value < (1u << 6)) {
            u8(static_cast<uint8_t>(value));
        } else if (value < (1u << 14)) {
            u16(static_cast<uint16_t>(value | 0x4000u));
        } else if (value < (1u << 30)) {
            u32(static_cast<uint32_t>(value | 0x80000000u));
        } else {
            u64(value | uint64_t{3} << 62);
        }
    }
    void bytes(Bytes from) {
        const MutableBytes to = reserve(from.size());
        if (!to.empty()) std::memcpy(to.data(), from.data(), from.size());
    }
    void zeros(size_t count) {
        const MutableBytes to = reserve(count);
        if (!to.empty()) std::memset(to.data(), 0, count);
    }
    /// Reserves `size` bytes, which the caller fills in. Returns an empty span when they do not fit.
    MutableBytes reserve(size_t size) {
        if (size > remaining()) {
            fail();
            return {};
        }
        const MutableBytes result(at_, size);
        at_ += size;
        return result;
    }

  private:
    template <class Integer>
    void integer(Integer value) {
        if (remaining() < sizeof value) return fail();
        value = network_order(value);
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
    }
    void fail() {
        ok_ = false;
        end_ = at_;
    }

    uint8_t* begin_;
    uint8_t* at_;
    uint8_t* end_;
    bool ok_ = true;
};

}  // namespace stt
