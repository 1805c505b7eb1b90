// SPDX-License-Identifier: LGPL-2.1-or-later
/// Limits the bytes in flight after a round trip in which almost nothing arrived.
///
/// A window is an estimate of what the path holds, and what is declared lost leaves it. On a path that loses
/// nearly everything, the few packets that arrive would release one full window after the other. These may be
/// the small ones on a path that has become too narrow for the others. Only the pacer would limit the rate.
///
/// After such a round the limit is twice what has arrived. It grows by what arrives, as in slow start, until
/// the controller's window is smaller.
///
/// The ratio leaves random loss to the controller: a path that loses 90 % loses nine bytes for each that it
/// delivers.
#pragma once

#include <cstdint>
#include <limits>

namespace stt {

class FlightLimit {
  public:
    /// Lost bytes per arrived byte above which a round counts as lost.
    static constexpr uint64_t lost_ratio = 15;
    /// A round with fewer lost packets is not evaluated.
    static constexpr uint64_t lost_packets = 16;
    static constexpr uint64_t packets_min = 4;

    /// The result of one acknowledgement, NACK or timeout, in bytes. `newest` is the number of the newest
    /// packet acknowledged in it, and `next` that of the next packet to be sent. `window` is the controller's
    /// window.
    struct Step {
        uint64_t acked, lost;
        bool any_acked;
        uint64_t newest, next;
        uint64_t window, max_datagram;
    };
    void on_step(const Step& step);
    /// Returns the number of bytes that may be in flight, or the largest number if there is no limit.
    uint64_t bytes() const { return bytes_; }
    /// The path has changed or was cut, so that the losses provide no information about it.
    void reset() { *this = {}; }

  private:
    static constexpr uint64_t unlimited = std::numeric_limits<uint64_t>::max();

    uint64_t bytes_ = unlimited;
    // The present round.
    uint64_t end_ = 0;  // the acknowledgement of this packet or a later one ends the round
    uint64_t acked_ = 0, lost_ = 0;
};

}  // namespace stt
