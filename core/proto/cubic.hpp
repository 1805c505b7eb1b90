// SPDX-License-Identifier: LGPL-2.1-or-later
/// CUBIC (RFC 9438) with pacing. Slow start also ends when the delay rises (after RFC 9406).
#pragma once

#include "core/proto/congestion.hpp"

namespace stt {

class Cubic final : public CongestionController {
  public:
    explicit Cubic(uint64_t max_datagram);

    std::string_view name() const override { return "cubic"; }
    void on_ack(const AckSample& sample, const RttEstimator& rtt) override;
    void on_sent(Time, uint64_t, uint64_t) override {}
    void on_persistent_congestion(Time now) override;
    void on_path_change(Time now) override;
    void on_mtu(uint64_t max_datagram) override { max_datagram_ = max_datagram; }
    uint64_t window() const override { return static_cast<uint64_t>(window_); }
    double pacing_rate() const override;
    const char* phase_name() const override { return slow_start() ? "slow-start" : "avoidance"; }

  private:
    bool slow_start() const { return window_ < threshold_; }
    void reduce(const AckSample& sample);
    void check_delay(const AckSample& sample, const RttEstimator& rtt);
    void grow(const AckSample& sample, const RttEstimator& rtt);
    double window_min() const { return 2.0 * static_cast<double>(max_datagram_); }

    uint64_t max_datagram_;
    double window_;  // bytes
    double threshold_;
    double window_max_ = 0;        // W_max of RFC 9438
    double window_friendly_ = 0;   // W_est of RFC 9438
    double origin_ = 0;            // plateau of the current epoch's cubic function
    Duration plateau_after_{};     // K of RFC 9438
    Time epoch_ = time_never;      // start of the current growth function; time_never: none yet
    uint64_t recovery_until_ = 0;  // delivered + lost bytes at which every packet sent before the reduction
                                   // is settled
    Duration smoothed_{};
    uint64_t round_end_ = 0;  // delivered_total that ends the round of slow start
    Duration round_rtt_ = Duration::max(), last_round_rtt_ = Duration::max();
};

}  // namespace stt
