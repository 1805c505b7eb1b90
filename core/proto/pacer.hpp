// SPDX-License-Identifier: LGPL-2.1-or-later
/// Spreads packets over time.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"

namespace stt {

/// A token bucket whose rate follows the congestion controller. Bursts up to `burst` bytes leave at once, so
/// that an application-limited stream is never held back and a fast one still fills segmentation batches.
class Pacer {
  public:
    /// Longest burst, as time at the pacing rate; a timer tick's worth, so that late wake-ups cost no
    /// throughput.
    static constexpr Duration burst_time = 2ms;
    static constexpr uint64_t burst_min = 16 * 1500;
    /// Once exhausted, the bucket first collects this much time's worth, so that packets leave in batches
    /// that segmentation offload can use and a fast session is not woken for every packet.
    static constexpr Duration batch_time = 500us;
    /// next_ready() is never further away, whatever the rate; the caller then asks again.
    static constexpr Duration wait_max = 1s;

    /// `rate` in bytes per second, 0: unlimited. `ceiling` likewise: the application's limit.
    void set_rate(Time now, double rate, double ceiling);
    /// Whether a packet may leave now.
    bool ready(Time now);
    void on_sent(Time now, uint64_t bytes);
    /// When ready() becomes true; a past time when it already is.
    Time next_ready() const;

  private:
    void refill(Time now);
    double burst() const;
    double batch() const;
    double rate_ = 0;            // bytes per second
    double tokens_ = burst_min;  // bytes; negative while in debt
    bool collecting_ = false;
    Time refilled_{};
};

}  // namespace stt
