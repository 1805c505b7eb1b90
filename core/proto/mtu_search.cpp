// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/mtu_search.hpp"

#include <algorithm>

namespace stt {

namespace {

// The payload sizes of Ethernet over IPv4 and over IPv6, and what common tunnels leave of them.
constexpr uint64_t likely_sizes[] = {1472, 1452, 1400};
constexpr unsigned probes_max = 3;         // MAX_PROBES, RFC 8899, section 5.1.2
constexpr Duration raise_interval = 600s;  // PMTU_RAISE_TIMER, RFC 8899, section 5.1.1
constexpr uint64_t precision = 16;         // bytes; a narrower search is not worth its probes

}  // namespace

MtuSearch::MtuSearch(std::optional<uint64_t> fixed, uint64_t ceiling)
    : fixed_(fixed),
      ceiling_(std::max<uint64_t>(ceiling, datagram_min)),
      current_(fixed.value_or(datagram_min)),
      low_(current_),
      high_(fixed ? current_ : ceiling_) {}

void MtuSearch::limit(uint64_t most) {
    ceiling_ = std::min(ceiling_, most);
    high_ = std::min(high_, most);
    low_ = std::min(low_, most);
    current_ = std::min(current_, most);
    if (fixed_) fixed_ = std::min(*fixed_, most);
}

std::optional<uint64_t> MtuSearch::candidate(uint64_t room) const {
    if (low_ >= high_) return std::nullopt;
    if (fixed_) return high_ == *fixed_ ? fixed_ : std::nullopt;
    if (high_ == ceiling_ && ceiling_ <= room) return ceiling_;
    for (const uint64_t size : likely_sizes)
        if (size > low_ && size <= std::min(high_, room)) return size;
    if (high_ == ceiling_ || high_ - low_ < precision) return std::nullopt;
    const uint64_t middle = low_ + (high_ - low_ + 1) / 2;
    return middle <= room ? std::optional(middle) : std::nullopt;
}

std::optional<uint64_t> MtuSearch::probe_due(Time now, uint64_t room) const {
    if (outstanding_number_ || now < next_probe_) return std::nullopt;
    return candidate(room);
}

void MtuSearch::on_probe_sent(Time, uint64_t number, uint64_t size) {
    outstanding_number_ = number;
    outstanding_size_ = size;
}

void MtuSearch::on_probe_acked(Time now, uint64_t number) {
    if (outstanding_number_ != number) return;
    outstanding_number_.reset();
    failures_ = 0;
    told_ = false;
    current_ = low_ = std::max(low_, outstanding_size_);
    next_step(now);
}

bool MtuSearch::on_probe_lost(Time now, uint64_t number) {
    if (outstanding_number_ != number) return false;
    outstanding_number_.reset();
    if (++failures_ < probes_max) return false;
    failures_ = 0;
    high_ = outstanding_size_ - 1;
    next_step(now);
    return fixed_does_not_fit();
}

bool MtuSearch::on_too_big(Time now, uint64_t size) {
    if (size <= datagram_min || size > ceiling()) return false;
    if (outstanding_number_ && outstanding_size_ >= size) {
        outstanding_number_.reset();
        failures_ = 0;
    }
    if (size <= current_) current_ = low_ = datagram_min;
    high_ = std::min(high_, size - 1);
    next_step(now);
    return fixed_does_not_fit();
}

void MtuSearch::on_black_hole(Time now) {
    if (current_ != datagram_min) start_search(now);
}

void MtuSearch::start_search(Time now) {
    current_ = low_ = datagram_min;
    high_ = ceiling();
    failures_ = 0;
    outstanding_number_.reset();
    next_probe_ = now;
}

Time MtuSearch::next_timeout(uint64_t room) const {
    return outstanding_number_ || !candidate(room) ? time_never : next_probe_;
}

void MtuSearch::next_step(Time now) {
    next_probe_ = now;
    if (candidate(ceiling())) return;
    // The search has ended. The path may carry more later.
    high_ = ceiling();
    next_probe_ = now + raise_interval;
}

}  // namespace stt
