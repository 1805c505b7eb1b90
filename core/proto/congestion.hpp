// SPDX-License-Identifier: LGPL-2.1-or-later
/// The interface between loss recovery and a congestion controller.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/time.hpp"
#include "core/proto/rtt.hpp"

namespace stt {

/// What one acknowledgement shows about the path. The delivery rate is computed after
/// draft-cheng-iccrg-delivery-rate-estimation.
struct AckSample {
    Time now{};
    uint64_t acked_bytes = 0;      ///< bytes newly acknowledged
    uint64_t lost_bytes = 0;       ///< bytes newly declared lost in the same step
    uint64_t in_flight = 0;        ///< bytes after this step
    uint64_t prior_in_flight = 0;  ///< bytes before this step
    uint64_t delivered_total = 0;  ///< bytes acknowledged in the session's life, this step included
    uint64_t prior_delivered = 0;  ///< delivered_total when the newest acknowledged packet left
    uint64_t lost_total = 0;
    double delivery_rate = 0;       ///< bytes per second; 0: no valid sample
    bool rate_app_limited = false;  ///< the application had nothing to send when the sample was taken
    Duration rtt{};                 ///< of the newest acknowledged packet; 0: no sample
    Duration ack_delay{};    ///< part of rtt for which the peer reports to have held the acknowledgement back
    bool reordered = false;  ///< the path is known to reorder, and rtt is a moving average
    uint64_t newest_sent_in_flight = 0;  ///< bytes in flight when the newest acknowledged packet had left
    uint64_t newest_lost_total = 0;      ///< lost_total when the newest acknowledged packet left
    uint64_t lost_delivered = 0;         ///< delivered_total when the oldest packet of lost_bytes left
    uint64_t lost_sent_in_flight = 0;    ///< bytes in flight when that packet had left
};

/// All byte counts are UDP payload bytes.
class CongestionController {
  public:
    virtual ~CongestionController() = default;
    virtual std::string_view name() const = 0;
    /// Also called when only losses were found; acked_bytes is then 0.
    virtual void on_ack(const AckSample& sample, const RttEstimator& rtt) = 0;
    /// `in_flight` includes the packet.
    virtual void on_sent(Time now, uint64_t bytes, uint64_t in_flight) = 0;
    /// The window must be earned again. Nothing was acknowledged for very long (RFC 9002, section 7.6.2), or
    /// the same path has returned after an outage.
    virtual void on_persistent_congestion(Time now) = 0;
    /// The path begins to carry data now, and nothing is known about it.
    virtual void on_path_change(Time now) = 0;
    virtual void on_mtu(uint64_t max_datagram) = 0;
    /// Returns the number of bytes that may be in flight.
    virtual uint64_t window() const = 0;
    /// Returns the pacing rate in bytes per second, or 0 if packets are not paced. Only the calls that have a
    /// time change it.
    virtual double pacing_rate() const = 0;
    /// Returns the estimated bandwidth of the bottleneck in bytes per second, or 0 if there is no estimate.
    virtual double bandwidth() const { return 0; }
    /// Returns whether the controller still searches for that bandwidth with a growing rate.
    virtual bool starting() const { return false; }
    /// Returns the name of the phase that the controller is in, for traces.
    virtual const char* phase_name() const = 0;
};

enum class CongestionAlgorithm { bbr, cubic };
std::unique_ptr<CongestionController> make_congestion_controller(CongestionAlgorithm algorithm,
                                                                 uint64_t max_datagram);

}  // namespace stt
