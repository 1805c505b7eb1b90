// SPDX-License-Identifier: LGPL-2.1-or-later
/// Round-trip time estimation (RFC 9002, section 5).
#pragma once

#include "core/base/time.hpp"

namespace stt {

class RttEstimator {
  public:
    /// The kInitialRtt of RFC 9002, which applies until the first sample.
    static constexpr Duration initial = 333ms;
    /// Timer granularity (RFC 9002, section 6.1.2).
    static constexpr Duration granularity = 1ms;

    /// Adds a sample. `ack_delay` is how long the peer reports to have held the acknowledgement back, limited
    /// to its advertised maximum.
    void sample(Duration latest, Duration ack_delay);
    /// Forgets all samples after a change of path.
    void reset();

    bool measured() const { return measured_; }
    Duration latest() const { return latest_; }
    Duration smoothed() const { return smoothed_; }
    Duration variation() const { return variation_; }
    /// Returns the lowest sample of this path.
    Duration minimum() const { return minimum_; }
    /// Returns the probe timeout without backoff: smoothed + max(4 × variation, granularity) +
    /// `ack_delay_max`.
    Duration probe_timeout(Duration ack_delay_max) const;

  private:
    bool measured_ = false;
    Duration latest_ = initial, smoothed_ = initial, variation_ = initial / 2, minimum_ = initial;
};

}  // namespace stt
