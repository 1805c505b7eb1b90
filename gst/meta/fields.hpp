// SPDX-License-Identifier: LGPL-2.1-or-later
/// The fields of a meta on the wire: numbers as in gst/numbers.hpp; byte strings and texts preceded by a
/// number for their length.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gst/numbers.hpp"
#include "gst/text_scan.hpp"

namespace stt {

/// Appends to a vector that it does not own.
class FieldWriter {
  public:
    explicit FieldWriter(std::vector<uint8_t>& out) : out_(out) {}

    void number(uint64_t value) {
        uint8_t space[9];
        ByteWriter writer(space);
        write_number(writer, value);
        out_.insert(out_.end(), writer.written().begin(), writer.written().end());
    }
    /// Writes a number of either sign.
    void signed_number(int64_t value) {
        uint8_t space[9];
        ByteWriter writer(space);
        write_difference(writer, static_cast<uint64_t>(value));
        out_.insert(out_.end(), writer.written().begin(), writer.written().end());
    }
    void bytes(Bytes value) {
        number(value.size());
        out_.insert(out_.end(), value.begin(), value.end());
    }
    void text(std::string_view value) {
        bytes({reinterpret_cast<const uint8_t*>(value.data()), value.size()});
    }

  private:
    std::vector<uint8_t>& out_;
};

/// Reads untrusted bytes. A field that is missing or exceeds the limit given reads as zero or empty, and ok()
/// stays false from then on.
class FieldReader {
  public:
    explicit FieldReader(Bytes bytes) : in_(bytes) {}

    bool ok() const { return ok_ && in_.ok(); }

    uint64_t number(uint64_t max = std::numeric_limits<uint64_t>::max()) {
        const uint64_t value = read_number(in_);
        ok_ = ok_ && value <= max;
        return ok() ? value : 0;
    }
    uint32_t number32() { return static_cast<uint32_t>(number(std::numeric_limits<uint32_t>::max())); }
    int64_t signed_number(int64_t min, int64_t max) {
        const auto value = static_cast<int64_t>(read_difference(in_));
        ok_ = ok_ && value >= min && value <= max;
        return ok() ? value : 0;
    }
    int32_t signed_number32() {
        return static_cast<int32_t>(
            signed_number(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
    }
    bool boolean() { return number(1) != 0; }
    Bytes bytes(size_t max) {
        const uint64_t size = number(max);
        return ok() ? in_.bytes(size) : Bytes();
    }
    /// Reads UTF-8 without a NUL, of at most `max` bytes.
    std::string text(size_t max) {
        const Bytes read = bytes(max);
        std::string value(reinterpret_cast<const char*>(read.data()), read.size());
        ok_ = ok_ && valid_utf8(value);
        return ok() ? value : std::string();
    }

  private:
    ByteReader in_;
    bool ok_ = true;
};

}  // namespace stt
