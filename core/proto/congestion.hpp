// SPDX-License-Identifier: LGPL-2.1-or-later
/// The seam between loss recovery and a congestion controller.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/time.hpp"
#include "core/proto/rtt.hpp"

namespace stt {

/// What one acknowledgement says about the path (delivery rate after
/// draft-cheng-iccrg-delivery-rate-estimation).
struct AckSample {
    Time now{};
    uint64_t acked_bytes = 0;      ///< newly acknowledged
    uint64_t lost_bytes = 0;       ///< newly declared lost in the same step
    uint64_t in_flight = 0;        ///< after this step
    uint64_t prior_in_flight = 0;  ///< before it
    uint64_t delivered_total = 0;  ///< bytes acknowledged in the session's life, this step included
    uint64_t prior_delivered = 0;  ///< delivered_total when the newest acknowledged packet left
    uint64_t lost_total = 0;
    double delivery_rate = 0;            ///< bytes per second; 0: no valid sample
    bool rate_app_limited = false;       ///< the sample was taken while the application had nothing to send
    Duration rtt{};                      ///< of the newest acknowledged packet; 0: none
    Duration ack_delay{};                ///< of that, what the peer says it held the acknowledgement back
    bool reordered = false;              ///< the path is known to reorder: rtt is a moving average
    uint64_t newest_sent_in_flight = 0;  ///< in flight when the newest acknowledged packet had left
    uint64_t newest_lost_total = 0;      ///< lost_total when the newest acknowledged packet left
    uint64_t lost_delivered = 0;         ///< delivered_total when the oldest packet of lost_bytes left
    uint64_t lost_sent_in_flight = 0;    ///< in flight when it had left
};

/// Bytes are UDP payload bytes throughout.
class CongestionController {
  public:
    virtual ~CongestionController() = default;
    virtual std::string_view name() const = 0;
    /// Also called when only losses were found: acked_bytes is 0 then.
    virtual void on_ack(const AckSample& sample, const RttEstimator& rtt) = 0;
    /// `in_flight` is after the packet.
    virtual void on_sent(Time now, uint64_t bytes, uint64_t in_flight) = 0;
    /// Nothing came back for so long that the window must be earned anew (RFC 9002, section 7.6.2), or the
    /// same path is back after an outage.
    virtual void on_persistent_congestion(Time now) = 0;
    /// The path begins to carry data now: nothing is known of it.
    virtual void on_path_change(Time now) = 0;
    virtual void on_mtu(uint64_t max_datagram) = 0;
    /// Bytes that may be in flight.
    virtual uint64_t window() const = 0;
    /// Bytes per second; 0: not paced.
    virtual double pacing_rate() const = 0;
    /// The controller's idea of the bottleneck's bandwidth, bytes per second; 0: none.
    virtual double bandwidth() const { return 0; }
    /// Whether it still looks for that, and sends ever more.
    virtual bool starting() const { return false; }
};

enum class CongestionAlgorithm { bbr, cubic };
std::unique_ptr<CongestionController> make_congestion_controller(CongestionAlgorithm algorithm,
                                                                 uint64_t max_datagram);

}  // namespace stt
