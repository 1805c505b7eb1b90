// SPDX-License-Identifier: LGPL-2.1-or-later
/// Packetization-layer path MTU discovery (RFC 8899).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/time.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// All sizes are datagram sizes, in bytes of UDP payload.
class MtuSearch {
  public:
    /// `fixed` sets this size, or the base size (datagram_min) while the path does not carry it. Without
    /// `fixed`, the search runs from datagram_min up to `ceiling`.
    MtuSearch(std::optional<uint64_t> fixed, uint64_t ceiling);

    /// The peer accepts nothing larger than `most` (≥ datagram_min). Must be called before anything was sent.
    void limit(uint64_t most);

    /// Returns the largest size known to get through.
    uint64_t current() const { return current_; }
    /// Returns the size to probe now, if a probe is due. The caller sends it and calls on_probe_sent(). The
    /// size is at most `room`, because a probe larger than the congestion window would block all other data
    /// until it is lost. A fixed size is probed even then.
    std::optional<uint64_t> probe_due(Time now, uint64_t room) const;
    void on_probe_sent(Time now, uint64_t number, uint64_t size);
    /// Packet `number` was acknowledged; it need not have been a probe. on_probe_lost() is the same for a
    /// lost packet.
    void on_probe_acked(Time now, uint64_t number);
    /// Returns true if the path does not carry the fixed size and this was not known yet.
    bool on_probe_lost(Time now, uint64_t number);
    /// The network stack refused a datagram of `size` bytes as too long (EMSGSIZE). Returns the same as
    /// on_probe_lost().
    bool on_too_big(Time now, uint64_t size);
    /// A black hole was detected (RFC 8899, section 4.3). The size falls back to the base size, and the
    /// search starts over. A fixed size is probed again as well, because losses alone do not prove that it
    /// does not fit.
    void on_black_hole(Time now);
    Time next_timeout(uint64_t room) const;

  private:
    void start_search(Time now);
    /// Returns the next size up to `room` that is worth a probe. It is none when the search is over, or while
    /// the size exceeds `room`.
    std::optional<uint64_t> candidate(uint64_t room) const;
    /// Continues the search after a size was found to fit or not to fit.
    void next_step(Time now);

    uint64_t ceiling() const { return fixed_.value_or(ceiling_); }
    bool fixed_does_not_fit() { return fixed_ && !std::exchange(told_, true); }

    std::optional<uint64_t> fixed_;  // at most ceiling_
    bool told_ = false;              // the path is known not to carry the fixed size
    uint64_t ceiling_;
    uint64_t current_;
    uint64_t low_, high_;    // low_ gets through; nothing above high_ is tried
    unsigned failures_ = 0;  // lost probes of the present candidate
    std::optional<uint64_t> outstanding_number_;
    uint64_t outstanding_size_ = 0;
    Time next_probe_{};
};

}  // namespace stt
