// SPDX-License-Identifier: LGPL-2.1-or-later
/// Records: numbered, time-stamped payloads that can be found again in a stream that was cut elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stt::bench {

/// CLOCK_MONOTONIC in nanoseconds: the same for every process and network namespace of a machine.
int64_t now_ns();

/// Writes and checks records of one size.
class RecordFormat {
  public:
    static constexpr size_t smallest = 64;

    /// `size`: bytes of a record, at least `smallest`.
    explicit RecordFormat(size_t size);

    size_t size() const { return size_; }
    /// Fills `record`, which has size() bytes, stamped with the time now.
    void write(std::span<uint8_t> record, uint64_t sequence) const;

    struct Stamp {
        uint64_t sequence;
        int64_t sent_ns;
    };
    /// Whether `record`, of size() bytes, is one, from its first byte to its last (samples in between).
    bool read(std::span<const uint8_t> record, Stamp& stamp) const;
    /// Where in `bytes` a record may begin, at or after `from`; bytes.size() when nowhere.
    static size_t find(std::span<const uint8_t> bytes, size_t from);

  private:
    size_t size_;
    std::vector<uint8_t> pattern_;
};

/// What arrived of `count` records.
class Arrivals {
  public:
    explicit Arrivals(RecordFormat format, uint64_t count);

    /// Takes bytes as they come off the wire; records may be split over calls and have gaps.
    void feed(std::span<const uint8_t> bytes);

    uint64_t received() const { return static_cast<uint64_t>(latencies_.size()); }
    uint64_t duplicated() const { return duplicated_; }
    uint64_t reordered() const { return reordered_; }
    /// Bytes that belong to no whole record.
    uint64_t stray_bytes() const { return stray_bytes_; }
    /// When the first record to arrive was sent; 0 before it.
    int64_t first_sent_ns() const { return first_sent_ns_; }
    /// When the last record arrived; 0 before the first.
    int64_t last_ns() const { return last_ns_; }
    /// One-way latency below which `fraction` of the records stayed, in nanoseconds; 0 without records.
    int64_t latency_ns(double fraction);

  private:
    /// Takes what is whole at the front of `bytes`; returns how many bytes are done with.
    size_t take(std::span<const uint8_t> bytes);
    void record(const RecordFormat::Stamp& stamp);

    RecordFormat format_;
    std::vector<bool> seen_;
    std::vector<uint8_t> partial_;
    std::vector<int64_t> latencies_;
    uint64_t next_ = 0;
    uint64_t duplicated_ = 0;
    uint64_t reordered_ = 0;
    uint64_t stray_bytes_ = 0;
    int64_t first_sent_ns_ = 0;
    int64_t last_ns_ = 0;
};

}  // namespace stt::bench
