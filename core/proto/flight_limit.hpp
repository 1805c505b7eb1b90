// SPDX-License-Identifier: LGPL-2.1-or-later
/// Bounds what may be in flight after a round trip of which next to nothing arrived.
///
/// A window is an estimate of what the path holds, and what is declared lost leaves it. Where a path loses
/// nearly all, the few packets that arrive (the small ones, where it has become too narrow for the others)
/// would therefore release one full window after the other, at whatever rate the pacer allows. So after such
/// a round twice what has arrived may be in flight, and it grows by what arrives, as in slow start, until the
/// controller's window is less.
///
/// The ratio leaves random loss to the controller: a path that loses 90 % delivers a ninth of what it loses.
#pragma once

#include <cstdint>
#include <limits>

namespace stt {

class FlightLimit {
  public:
    /// Bytes lost, for each that arrived, beyond which a round counts as lost.
    static constexpr uint64_t lost_ratio = 15;
    /// A round that lost less says nothing.
    static constexpr uint64_t lost_packets = 16;
    static constexpr uint64_t packets_min = 4;

    /// What one acknowledgement, NACK or timeout came to, in bytes. `newest`: number of the newest packet
    /// acknowledged in it; `next`: of the next packet to be sent; `window`: the controller's.
    struct Step {
        uint64_t acked, lost;
        bool any_acked;
        uint64_t newest, next;
        uint64_t window, max_datagram;
    };
    void on_step(const Step& step);
    /// Bytes that may be in flight; no limit: the largest number.
    uint64_t bytes() const { return bytes_; }
    /// The path is another one, or was cut: what was lost says nothing about it.
    void reset() { *this = {}; }

  private:
    static constexpr uint64_t unlimited = std::numeric_limits<uint64_t>::max();

    uint64_t bytes_ = unlimited;
    // The present round.
    uint64_t end_ = 0;  // the acknowledgement of this packet, or a later one, ends it
    uint64_t acked_ = 0, lost_ = 0;
};

}  // namespace stt
