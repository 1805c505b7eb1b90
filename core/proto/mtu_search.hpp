// SPDX-License-Identifier: LGPL-2.1-or-later
/// Packetization-layer path MTU discovery (RFC 8899).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/time.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// Sizes are datagram (UDP payload) bytes.
class MtuSearch {
  public:
    /// `fixed`: this size, or the base size (datagram_min) while the path does not take it. Otherwise a
    /// search from datagram_min up to `ceiling`.
    MtuSearch(std::optional<uint64_t> fixed, uint64_t ceiling);

    /// The peer takes nothing larger than `most` (≥ datagram_min). Before anything was sent.
    void limit(uint64_t most);

    /// Largest size known to get through.
    uint64_t current() const { return current_; }
    /// The size to probe now, if a probe is due; the caller sends it and says so with on_probe_sent. At most
    /// `room`: a probe that outweighs the congestion window would hold everything else up until it is lost. A
    /// fixed size is worth that.
    std::optional<uint64_t> probe_due(Time now, uint64_t room) const;
    void on_probe_sent(Time now, uint64_t number, uint64_t size);
    /// Acknowledged or lost packets that were probes.
    void on_probe_acked(Time now, uint64_t number);
    /// True: the path does not take the fixed size, which was not known yet.
    bool on_probe_lost(Time now, uint64_t number);
    /// The network stack refused a datagram of `size` bytes as too long (EMSGSIZE). True: as on_probe_lost().
    bool on_too_big(Time now, uint64_t size);
    /// Black-hole detection (RFC 8899, section 4.3): probe timeouts in a row while larger than the base size;
    /// true: the size fell back to the base and the search starts over. A fixed size is probed, too: losses
    /// alone do not prove that it does not fit.
    bool on_black_hole(Time now);
    /// Another path: start over; with another fixed size, if it is fixed.
    void reset(Time now, std::optional<uint64_t> fixed);
    Time next_timeout(uint64_t room) const;

  private:
    void start_search(Time now);
    /// The next size up to `room` that is worth a probe; none when the search is over, or waits for more
    /// room.
    std::optional<uint64_t> candidate(uint64_t room) const;
    /// After a verdict on a size.
    void next_step(Time now);

    uint64_t ceiling() const { return fixed_.value_or(ceiling_); }
    bool fixed_does_not_fit() { return fixed_ && !std::exchange(told_, true); }

    std::optional<uint64_t> fixed_;  // at most ceiling_
    bool told_ = false;              // that the path does not take the fixed size
    uint64_t ceiling_;
    uint64_t current_;
    uint64_t low_, high_;    // low_ works; above high_ nothing is tried
    unsigned failures_ = 0;  // of the present candidate
    std::optional<uint64_t> outstanding_number_;
    uint64_t outstanding_size_ = 0;
    Time next_probe_{};
};

}  // namespace stt
