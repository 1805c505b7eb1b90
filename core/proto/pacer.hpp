// SPDX-License-Identifier: LGPL-2.1-or-later
/// Spreads packets over time.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"

namespace stt {

/// A token bucket whose rate follows the congestion controller. Bursts of up to `burst` bytes leave at once.
/// An application-limited stream is thus never held back, and a fast one still fills segmentation batches.
class Pacer {
  public:
    /// The longest burst, as time at the pacing rate. It is as long as a timer tick, so that late wake-ups
    /// cost no throughput.
    static constexpr Duration burst_time = 2ms;
    static constexpr uint64_t burst_min = 16 * 1500;
    /// Once exhausted, the bucket first collects the tokens of this much time. Packets then leave in batches
    /// that segmentation offload can use, and a fast session is not woken for every packet.
    static constexpr Duration batch_time = 500us;
    /// The upper limit of the time to next_ready(), whatever the rate. The caller then asks again.
    static constexpr Duration wait_max = 1s;

    /// `rate` is in bytes per second; 0 means unlimited. `ceiling` is the application's limit in the same
    /// units.
    void set_rate(Time now, double rate, double ceiling);
    /// Returns whether a packet may leave now.
    bool ready(Time now) const { return rate_ <= 0 || !collecting_ || tokens_at(now) >= batch(); }
    void on_sent(Time now, uint64_t bytes);
    /// Returns when ready() becomes true, or `now` if it already is.
    Time next_ready(Time now) const;

  private:
    void refill(Time now);
    double tokens_at(Time now) const;
    double burst() const;
    double batch() const;
    double rate_ = 0;            // bytes per second
    double tokens_ = burst_min;  // bytes; negative while in debt
    bool collecting_ = false;    // exhausted, and no packet has left since a batch was collected
    Time refilled_{};
};

}  // namespace stt
