// SPDX-License-Identifier: LGPL-2.1-or-later
/// Round-trip time estimation (RFC 9002, section 5).
#pragma once

#include "core/base/time.hpp"

namespace stt {

class RttEstimator {
  public:
    /// RFC 9002's kInitialRtt of 333 ms until the first sample.
    static constexpr Duration initial = 333ms;
    /// Timer granularity (RFC 9002, section 6.1.2).
    static constexpr Duration granularity = 1ms;

    /// `ack_delay` is what the peer says it held the acknowledgement back; already capped by its advertised
    /// maximum.
    void sample(Duration latest, Duration ack_delay);
    /// Forgets everything but a starting point, after a change of path.
    void reset();

    bool measured() const { return measured_; }
    Duration latest() const { return latest_; }
    Duration smoothed() const { return smoothed_; }
    Duration variation() const { return variation_; }
    /// Lowest sample of this path.
    Duration minimum() const { return minimum_; }
    /// The probe timeout without backoff: smoothed + max(4 × variation, granularity) + `ack_delay_max`.
    Duration probe_timeout(Duration ack_delay_max) const;

  private:
    bool measured_ = false;
    Duration latest_ = initial, smoothed_ = initial, variation_ = initial / 2, minimum_ = initial;
};

}  // namespace stt
