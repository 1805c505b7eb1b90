// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/record.hpp"

#include <time.h>

#include <algorithm>
#include <cstring>

namespace stt::bench {
namespace {

constexpr uint64_t magic = 0x9d5c'a3f1'70e8'42b6;
constexpr size_t sample_stride = 101;

struct Head {
    uint64_t mark;
    uint64_t size;
    uint64_t sequence;
    int64_t sent_ns;
};

}  // namespace

int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

RecordFormat::RecordFormat(size_t size) : size_(std::max(size, smallest)), pattern_(size_ + 256) {
    for (size_t i = 0; i < pattern_.size(); ++i) pattern_[i] = static_cast<uint8_t>(i * 7);
}

void RecordFormat::write(std::span<uint8_t> record, uint64_t sequence) const {
    std::memcpy(record.data(), pattern_.data() + sequence % 256, size_);
    std::memcpy(record.data() + size_ - sizeof sequence, &sequence, sizeof sequence);
    const Head head{magic, size_, sequence, now_ns()};
    std::memcpy(record.data(), &head, sizeof head);
}

bool RecordFormat::read(std::span<const uint8_t> record, Stamp& stamp) const {
    Head head{};
    std::memcpy(&head, record.data(), sizeof head);
    if (head.mark != magic || head.size != size_) return false;
    if (std::memcmp(record.data() + size_ - sizeof head.sequence, &head.sequence, sizeof head.sequence))
        return false;
    const uint8_t* pattern = pattern_.data() + head.sequence % 256;
    for (size_t i = sizeof head; i < size_ - sizeof head.sequence; i += sample_stride) {
        if (record[i] != pattern[i]) return false;
    }
    stamp = {head.sequence, head.sent_ns};
    return true;
}

size_t RecordFormat::find(std::span<const uint8_t> bytes, size_t from) {
    if (from >= bytes.size()) return bytes.size();
    const void* found = memmem(bytes.data() + from, bytes.size() - from, &magic, sizeof magic);
    if (found) return static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes.data());
    // The last bytes may be the beginning of one.
    return std::max(from, bytes.size() - std::min(bytes.size(), sizeof magic - 1));
}

Arrivals::Arrivals(RecordFormat format, uint64_t count) : format_(std::move(format)), seen_(count) {
    latencies_.reserve(count);
}

void Arrivals::feed(std::span<const uint8_t> bytes) {
    if (partial_.empty()) {
        bytes = bytes.subspan(take(bytes));
        partial_.assign(bytes.begin(), bytes.end());
        return;
    }
    partial_.insert(partial_.end(), bytes.begin(), bytes.end());
    if (partial_.size() < format_.size()) return;
    const size_t done = take(partial_);
    partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(done));
}

size_t Arrivals::take(std::span<const uint8_t> bytes) {
    size_t at = 0;
    while (bytes.size() - at >= format_.size()) {
        RecordFormat::Stamp stamp{};
        if (format_.read(bytes.subspan(at, format_.size()), stamp) && stamp.sequence < seen_.size()) {
            record(stamp);
            at += format_.size();
            continue;
        }
        const size_t next = RecordFormat::find(bytes, at + 1);
        stray_bytes_ += next - at;
        at = next;
    }
    return at;
}

void Arrivals::record(const RecordFormat::Stamp& stamp) {
    if (seen_[stamp.sequence]) {
        ++duplicated_;
        return;
    }
    seen_[stamp.sequence] = true;
    if (stamp.sequence < next_) {
        ++reordered_;
    } else {
        next_ = stamp.sequence + 1;
    }
    last_ns_ = now_ns();
    if (first_sent_ns_ == 0) first_sent_ns_ = stamp.sent_ns;
    latencies_.push_back(last_ns_ - stamp.sent_ns);
}

int64_t Arrivals::latency_ns(double fraction) {
    if (latencies_.empty()) return 0;
    const auto rank = static_cast<std::ptrdiff_t>(static_cast<double>(latencies_.size() - 1) * fraction);
    std::nth_element(latencies_.begin(), latencies_.begin() + rank, latencies_.end());
    return latencies_[static_cast<size_t>(rank)];
}

}  // namespace stt::bench
