// SPDX-License-Identifier: LGPL-2.1-or-later
/// Loss detection, probe timeouts and the delivery rate of the packets sent on one path (RFC 9002).
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>

#include "core/proto/congestion.hpp"
#include "core/proto/flight_limit.hpp"
#include "core/proto/pacer.hpp"
#include "core/proto/rtt.hpp"
#include "core/proto/sent_packet.hpp"

namespace stt {

class Recovery {
  public:
    /// A packet is lost by reordering when this many later packets have been acknowledged (RFC 9002,
    /// kPacketThreshold). The threshold grows when a loss proves to be spurious.
    static constexpr uint64_t packet_threshold_initial = 3;
    // A packet is lost by time after 9/8 of the larger of smoothed and latest RTT (kTimeThreshold).

    /// What one step has found: the fate of packets. The functions that return it reuse its memory, so that
    /// nothing is allocated in the steady state. It is valid until the next of them is called.
    ///
    /// `acked` includes packets that had been declared lost and have arrived after all. Their state is still
    /// `lost`, while that of the others is `in_flight`. Their frames count as delivered, too.
    struct Outcome {
        std::vector<SentPacket> acked;
        std::vector<SentPacket> lost;
        /// A probe timeout has passed: one or two ack-eliciting packets must be sent, regardless of window
        /// and pacer.
        bool probe_due = false;
    };

    explicit Recovery(std::unique_ptr<CongestionController> controller);

    /// The path carries data from now on. `first` is the number of its first packet. Must be called before
    /// anything was sent on the path.
    void begin(Time now, uint64_t first);
    /// Returns the number that the next packet must have.
    uint64_t next_number() const { return next_number_; }
    /// `packet.number` must equal next_number(). The caller fills in size, ack_eliciting, mtu_probe and
    /// frames.
    void on_sent(Time now, SentPacket packet);
    /// The packets from `first` to the last one sent leave in one batch.
    void set_batched(uint64_t first);
    /// Must be called at the end of each turn of sending. `limited` means that there is nothing more that
    /// window and pacer would let leave: there is no data, or the peer's flow control forbids it. The rate
    /// samples of the packets in flight and of the next packet then do not show the limit of the path.
    void set_app_limited(bool limited);

    /// Sets the longest time for which the peer holds an acknowledgement back on purpose, as its handshake
    /// says. It is zero at first.
    void set_peer_ack_delay(Duration most) { peer_ack_delay_ = most; }
    Duration peer_ack_delay() const { return peer_ack_delay_; }
    /// Returns null if the peer acknowledges a packet that was never sent, which is a protocol violation.
    /// Nothing has then changed.
    const Outcome* on_ack(Time now, const AckFrame& ack);
    /// The peer reports these packets as missing. Ranges of packets never sent are ignored. The ordinary
    /// rules apply to a packet younger than the learned reordering window.
    const Outcome& on_nack(Time now, const NackFrame& nack);

    /// Packets are lost by time, or a probe is due. Must be called at or after next_timeout().
    const Outcome& on_timeout(Time now);
    /// Returns when the loss timer or the probe timeout is due, or time_never when nothing is in flight.
    Time next_timeout() const;
    /// Returns the probe timeout without its backoff.
    Duration probe_timeout() const { return rtt_.probe_timeout(peer_ack_delay_); }
    /// Returns when the loss timer is due, or time_never if no packet is about to be lost by time.
    Time loss_time() const { return loss_time_; }
    /// Returns the number of consecutive probe timeouts without any acknowledgement.
    unsigned probe_count() const { return probe_count_; }

    /// The path is back after an outage. Everything in flight is reported as lost, and the backoff of the
    /// probe timeout is reset.
    const Outcome& on_path_restored(Time now);
    /// Another path carries the data from now on. Everything in flight is reported as lost, and nothing more
    /// may be sent on this path.
    const Outcome& retire(Time now);
    /// Handles an acknowledgement after retire(), which may name packets of this path.
    const Outcome& on_late_ack(Time now, const AckFrame& ack);

    /// Returns whether window and pacer let a full datagram leave now.
    bool may_send(Time now) const { return next_send_time(now) <= now; }
    /// Returns when the pacer lets a full datagram leave, or time_never if the window holds it back.
    Time next_send_time(Time now) const;
    /// Limits the pacing rate; 0 means that there is no limit.
    void set_pacing_ceiling(double bytes_per_second);
    void set_max_datagram(uint64_t bytes);

    /// Returns the packet that has been in flight longest, or null.
    const SentPacket* oldest_in_flight() const;
    /// Sets the first round trip, which the handshake has measured.
    void seed_rtt(Duration round_trip) { rtt_.sample(round_trip, Duration::zero()); }

    uint64_t in_flight() const { return in_flight_; }
    bool anything_in_flight() const { return eliciting_in_flight_ > 0; }
    const RttEstimator& rtt() const { return rtt_; }
    const CongestionController& controller() const { return *controller_; }
    /// Returns the number of bytes that may be in flight.
    uint64_t window() const { return std::min(controller_->window(), flight_limit_.bytes()); }

    struct Counters {
        uint64_t packets_sent = 0, packets_lost = 0, packets_spurious = 0, probes = 0;
        uint64_t bytes_sent = 0, bytes_lost = 0;

        void add(const Counters& other) {
            packets_sent += other.packets_sent;
            packets_lost += other.packets_lost;
            packets_spurious += other.packets_spurious;
            probes += other.probes;
            bytes_sent += other.bytes_sent;
            bytes_lost += other.bytes_lost;
        }
    };
    const Counters& counters() const { return counters_; }

  private:
    /// The data of a sent packet that concern its timing and delivery rate.
    struct Snapshot {
        explicit Snapshot(const SentPacket& packet);

        uint64_t number;
        Time sent, delivered_time, first_sent_time;
        uint64_t delivered, lost_total, in_flight;
        bool app_limited, was_lost;
    };
    /// One acknowledgement, NACK or timeout. It begins with an empty outcome.
    struct Step {
        Step(Recovery& recovery, Time at);

        Time now;
        Outcome& outcome;
        uint64_t prior_in_flight, prior_delivered, prior_lost;
        std::optional<Snapshot> newest_acked;  // the delivery rate is computed for this packet
        std::optional<Snapshot> oldest_lost;
        Duration ack_delay{};  // of newest_acked
        bool persistent_congestion = false;
    };
    /// Settles the packets in `range` that had been declared lost. Returns whether there were any.
    bool settle_late(Step& step, const PacketRange& range);
    void declare_all_lost(Step& step);
    /// Removes an arrived packet from the counts in flight and appends it to the outcome.
    void settle_acked(Step& step, SentPacket& packet);
    void note_spurious_loss(Time now, const SentPacket& packet);
    /// Declares packets lost according to RFC 9002, section 6.1.
    void detect_losses(Step& step);
    void declare_lost(Step& step, SentPacket& packet, bool by_reordering);
    /// Ends a step by reporting it to the controller.
    void finish(const Step& step);
    void update_flight_limit(const Step& step, const AckSample& sample);
    void drop_settled(Time now);
    /// Must be called after the controller may have changed its rate.
    void update_pacer(Time now) { pacer_.set_rate(now, controller_->pacing_rate(), pacing_ceiling_); }
    Duration loss_delay() const;
    bool reordered() const {
        return packet_threshold_ > packet_threshold_initial || reordering_window_ > Duration::zero();
    }
    Duration round_trip_of(const Snapshot& newest, Time now) const;
    void forget_reordering(Time now);
    Duration backed_off_timeout() const;

    /// Whether the path carries data. The first path does so without begin().
    enum class Phase : uint8_t { active, retired };

    Phase phase_ = Phase::active;
    Outcome outcome_;  // of the latest step
    std::unique_ptr<CongestionController> controller_;
    FlightLimit flight_limit_;
    RttEstimator rtt_;
    Pacer pacer_;
    double pacing_ceiling_ = 0;
    PacketRing packets_;           // settled packets at the front are removed
    std::deque<SentPacket> lost_;  // kept for lost_retention(), by number, because they may still arrive
    uint64_t next_number_ = 0;
    uint64_t largest_acked_ = 0;
    bool any_acked_ = false;
    uint64_t in_flight_ = 0;            // bytes
    uint64_t eliciting_in_flight_ = 0;  // packets
    uint64_t max_datagram_ = datagram_min;
    Time last_eliciting_sent_{};
    Time loss_time_ = time_never;
    Time first_rtt_sample_ = time_never;
    Duration peer_ack_delay_{};
    unsigned probe_count_ = 0;
    // What spurious losses have shown about reordering on this path.
    uint64_t packet_threshold_ = packet_threshold_initial;
    Duration reordering_window_{};
    Time last_spurious_{};
    Duration typical_rtt_{};  // moving average over packets; zero: none yet
    // State of the delivery rate estimate; byte counts.
    uint64_t delivered_ = 0;
    Time delivered_time_{};
    Time first_sent_time_{};
    // delivered_ at which the application-limited period ends; 0: not limited.
    uint64_t app_limited_until_ = 0;
    Counters counters_;
};

}  // namespace stt
