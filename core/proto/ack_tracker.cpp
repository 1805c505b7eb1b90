// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/ack_tracker.hpp"

#include <algorithm>

namespace stt {

namespace {

// More ranges than an ACK frame reports are kept, so that a late packet can still be distinguished from a
// duplicate.
constexpr size_t ranges_kept = 4 * ranges_max;
// Corresponds to kPacketThreshold of RFC 9002: with fewer later packets, a gap is considered reordering.
constexpr uint64_t nack_threshold = 3;
constexpr uint8_t nacks_max = 2;
// An ACK is sent for at least every second packet (RFC 9000, section 13.2.2). At high rates eight ACKs per
// round trip are sent, but at least one per ack_every_max packets. This keeps a sender's clock running and
// its bursts small.
constexpr uint64_t ack_every_min = 2;
constexpr uint64_t ack_every_max = 64;
constexpr uint64_t acks_per_rtt = 8;

}  // namespace

AckTracker::AckTracker() { ranges_.reserve(ranges_kept + 1); }

bool AckTracker::on_packet(Time now, uint64_t number, bool ack_eliciting) {
    const bool first = ranges_.empty();
    const uint64_t expected = first ? floor_ : ranges_.back().last + 1;
    if (!insert(number)) return false;
    if (first || number >= expected) largest_arrival_ = now;
    if (!ack_eliciting) return true;
    count_arrival(now);
    if (number != expected) immediate_ = true;
    if (pending_++ == 0) pending_since_ = now;
    return true;
}

bool AckTracker::insert(uint64_t number) {
    if (number < floor_) return false;
    if (!ranges_.empty() && number == ranges_.back().last + 1) {
        ranges_.back().last = number;
        return true;
    }
    // The first range that ends at or after `number`.
    auto at = std::lower_bound(ranges_.begin(), ranges_.end(), number,
                               [](const Range& range, uint64_t n) { return range.last < n; });
    if (at != ranges_.end() && at->first <= number) return false;
    const bool joins_above = at != ranges_.end() && at->first == number + 1;
    const bool joins_below = at != ranges_.begin() && (at - 1)->last + 1 == number;
    if (joins_above && joins_below) {
        (at - 1)->last = at->last;
        ranges_.erase(at);
    } else if (joins_above) {
        at->first = number;
    } else if (joins_below) {
        (at - 1)->last = number;
    } else {
        // A packet inside a gap splits it. The lower part has been reported as often as the whole gap.
        Range range{number, number};
        if (at != ranges_.end()) {
            range.nacks = at->nacks;
            range.nacked = at->nacked;
        }
        ranges_.insert(at, range);
        if (ranges_.size() > ranges_kept) {
            floor_ = ranges_.front().last + 1;
            ranges_.erase(ranges_.begin());
        }
    }
    return true;
}

void AckTracker::count_arrival(Time now) {
    interval_packets_++;
    const Duration elapsed = now - interval_start_;
    if (elapsed < std::max<Duration>(rtt_, 1ms)) return;
    // Scaled to one round trip, because the interval is longer when packets are rare.
    const auto per_rtt =
        static_cast<uint64_t>(static_cast<double>(interval_packets_) * static_cast<double>(rtt_.count()) /
                              static_cast<double>(elapsed.count()));
    ack_every_ = std::clamp(per_rtt / acks_per_rtt, ack_every_min, ack_every_max);
    interval_start_ = now;
    interval_packets_ = 0;
}

bool AckTracker::ack_due(Time now) const {
    return pending_ > 0 && (immediate_ || pending_ >= ack_every_ || now >= next_timeout());
}

Time AckTracker::next_timeout() const {
    if (pending_ == 0) return time_never;
    if (immediate_ || pending_ >= ack_every_) return pending_since_;
    // On a short path the last packet of a burst need not wait for the full delay.
    return pending_since_ + std::clamp<Duration>(rtt_ / acks_per_rtt, 1ms, ack_delay_max);
}

std::optional<AckFrame> AckTracker::make_ack(Time now) {
    if (ranges_.empty()) return std::nullopt;
    AckFrame ack;
    ack.delay_us = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - largest_arrival_).count());
    for (auto range = ranges_.rbegin(); range != ranges_.rend(); ++range)
        if (!ack.ranges.add({range->first, range->last})) break;
    pending_ = 0;
    immediate_ = false;
    return ack;
}

std::optional<NackFrame> AckTracker::make_nack(Time now) {
    NackFrame nack;
    uint64_t later = 0;
    for (size_t i = ranges_.size(); i-- > 0;) {
        Range& above = ranges_[i];
        later += above.last - above.first + 1;
        if (later < nack_threshold || above.nacks >= nacks_max || gap_first(i) == above.first) continue;
        if (above.nacks > 0 && now - above.nacked < rtt_) continue;
        if (!nack.ranges.add({gap_first(i), above.first - 1})) break;
        above.nacks++;
        above.nacked = now;
    }
    if (nack.ranges.count == 0) return std::nullopt;
    return nack;
}

void AckTracker::on_ack_frame_acked(uint64_t largest) {
    if (ranges_.empty()) return;
    // The newest packet is kept. Without it a probe could not be acknowledged.
    largest = std::min(largest, ranges_.back().last - 1);
    if (ranges_.back().last == 0 || largest < floor_) return;
    const auto keep = std::find_if(ranges_.begin(), ranges_.end(),
                                   [&](const Range& range) { return range.last > largest; });
    ranges_.erase(ranges_.begin(), keep);
    floor_ = largest + 1;
    ranges_.front().first = std::max(ranges_.front().first, floor_);
}

}  // namespace stt
