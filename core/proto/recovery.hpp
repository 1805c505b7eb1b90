// SPDX-License-Identifier: LGPL-2.1-or-later
/// Loss detection, probe timeouts and the delivery rate of what is sent on one path (RFC 9002).
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
    /// Loss by reordering: this many later packets acknowledged (RFC 9002, kPacketThreshold); grows when a
    /// loss turns out to have been a reordering.
    static constexpr uint64_t packet_threshold_initial = 3;
    // Loss by time: 9/8 of the larger of smoothed and latest RTT (kTimeThreshold).

    /// What became of packets in one step, appended. Vectors are reused by the caller: no allocation in the
    /// steady state. `acked` includes packets that had been declared lost before and turn out to have arrived
    /// (their state still says `lost`, the others' `in_flight`): their frames count as delivered, too.
    struct Outcome {
        std::vector<SentPacket> acked;
        std::vector<SentPacket> lost;
        void clear() {
            acked.clear();
            lost.clear();
        }
    };

    explicit Recovery(std::unique_ptr<CongestionController> controller);

    /// The path carries data from now on. `first`: the number of its first packet. Only before anything was
    /// sent on it.
    void begin(Time now, uint64_t first);
    /// The number the next packet must bear.
    uint64_t next_number() const { return next_number_; }
    /// `packet.number` == next_number(); size, ack_eliciting, mtu_probe and frames are the caller's to fill
    /// in.
    void on_sent(Time now, SentPacket packet);
    /// The packets from `first` to the last one sent leave in one piece.
    void set_batched(uint64_t first);
    /// To be called when a turn of sending ends: `limited`: nothing more is waiting that window and pacer
    /// would let go (no data, or the peer's flow control forbids it). Rate samples of what is in flight and
    /// of the next packet then say nothing about the path's limit.
    void set_app_limited(bool limited);

    /// False: the peer acknowledges what was never sent (a protocol violation); nothing changed.
    bool on_ack(Time now, const AckFrame& ack, Duration ack_delay_max, Outcome& outcome);
    /// The peer gave these packets up. Ranges of packets never sent are ignored. A packet younger than the
    /// reordering window that experience has taught is left to the ordinary rules.
    void on_nack(Time now, const NackFrame& nack, Outcome& outcome);

    enum class TimeoutAction {
        none,
        probe,  ///< send one or two ack-eliciting packets, regardless of window and pacer
    };
    /// Call at or after next_timeout(). Losses by time come in `outcome`.
    TimeoutAction on_timeout(Time now, Duration ack_delay_max, Outcome& outcome);
    /// Loss timer or probe timeout, whichever is due; time_never when nothing is in flight.
    Time next_timeout(Duration ack_delay_max) const;
    /// Probe timeouts in a row without any acknowledgement.
    unsigned probe_count() const { return probe_count_; }

    /// The path is back after an outage: everything in flight is handed out as lost, the probe timeout's
    /// backoff is reset.
    void on_path_restored(Time now, Outcome& outcome);
    /// Another path carries the data from now on: everything in flight is handed out as lost, and nothing
    /// more is sent on this one.
    void retire(Time now, Outcome& outcome);
    /// After retire(): an acknowledgement that may name packets of this path, too.
    void on_late_ack(Time now, const AckFrame& ack, Outcome& outcome);

    /// Whether window and pacer let a full datagram leave now.
    bool may_send(Time now) { return next_send_time(now) <= now; }
    /// When the pacer would let one leave; time_never when it is the window that holds it back.
    Time next_send_time(Time now);
    void set_pacing_ceiling(double bytes_per_second) { pacing_ceiling_ = bytes_per_second; }
    void set_max_datagram(uint64_t bytes);

    /// The packet that has been under way longest, or null.
    const SentPacket* oldest_in_flight();
    /// The handshake has measured a first round trip.
    void seed_rtt(Duration round_trip) { rtt_.sample(round_trip, Duration::zero()); }

    uint64_t in_flight() const { return in_flight_; }
    bool anything_in_flight() const { return eliciting_in_flight_ > 0; }
    const RttEstimator& rtt() const { return rtt_; }
    const CongestionController& controller() const { return *controller_; }
    /// Bytes that may be in flight.
    uint64_t window() const { return std::min(controller_->window(), flight_limit_.bytes()); }

    struct Counters {
        uint64_t packets_sent = 0, packets_lost = 0, packets_spurious = 0, probes = 0;
        uint64_t bytes_sent = 0, bytes_acked = 0, bytes_lost = 0;

        void add(const Counters& other) {
            packets_sent += other.packets_sent;
            packets_lost += other.packets_lost;
            packets_spurious += other.packets_spurious;
            probes += other.probes;
            bytes_sent += other.bytes_sent;
            bytes_acked += other.bytes_acked;
            bytes_lost += other.bytes_lost;
        }
    };
    const Counters& counters() const { return counters_; }

  private:
    /// What a sent packet tells of its time.
    struct Snapshot {
        explicit Snapshot(const SentPacket& packet);

        uint64_t number;
        Time sent, delivered_time, first_sent_time;
        uint64_t delivered, lost_total, in_flight;
        bool app_limited, was_lost;
    };
    /// One acknowledgement, NACK or timeout.
    struct Step {
        Step(const Recovery& recovery, Time at, Outcome& to);

        Time now;
        Outcome& outcome;
        uint64_t prior_in_flight, prior_delivered, prior_lost;
        std::optional<Snapshot> newest_acked;  // the delivery rate is its
        std::optional<Snapshot> oldest_lost;
        Duration ack_delay{};  // of newest_acked
        bool persistent_congestion = false;
    };
    /// Settles those in `range` that had been declared lost. Whether there were any.
    bool settle_late(Step& step, const PacketRange& range);
    void declare_all_lost(Step& step);
    /// Takes an arrived packet out of the accounts and hands it over.
    void settle_acked(Step& step, SentPacket& packet);
    void note_spurious_loss(Time now, const SentPacket& packet);
    /// Declares lost what RFC 9002, section 6.1, says is.
    void detect_losses(Step& step);
    void declare_lost(Step& step, SentPacket& packet, bool by_reordering);
    /// Ends a step: tells the controller.
    void finish(const Step& step);
    void update_flight_limit(const Step& step, const AckSample& sample);
    void drop_settled(Time now);
    Duration loss_delay() const;
    bool reordered() const {
        return packet_threshold_ > packet_threshold_initial || reordering_window_ > Duration::zero();
    }
    Duration round_trip_of(const Snapshot& newest, Time now) const;
    void forget_reordering(Time now);
    Duration backed_off_timeout(Duration ack_delay_max) const;

    std::unique_ptr<CongestionController> controller_;
    FlightLimit flight_limit_;
    RttEstimator rtt_;
    Pacer pacer_;
    double pacing_ceiling_ = 0;
    PacketRing packets_;           // settled ones at the front are dropped
    std::deque<SentPacket> lost_;  // for lost_retention(), by number: they may turn up yet
    uint64_t next_number_ = 0;
    uint64_t largest_acked_ = 0;
    bool any_acked_ = false;
    uint64_t in_flight_ = 0;            // bytes
    uint64_t eliciting_in_flight_ = 0;  // packets
    uint64_t max_datagram_ = datagram_min;
    Time last_eliciting_sent_{};
    Time loss_time_ = time_never;
    Time first_rtt_sample_ = time_never;
    Duration ack_delay_max_{};  // the peer's, as last told
    unsigned probe_count_ = 0;
    // What losses that were none have taught about reordering on this path.
    uint64_t packet_threshold_ = packet_threshold_initial;
    Duration reordering_window_{};
    Time last_spurious_{};
    Duration typical_rtt_{};  // moving average over packets; zero: none yet
    // Delivery rate.
    uint64_t delivered_ = 0;
    Time delivered_time_{};
    Time first_sent_time_{};
    uint64_t app_limited_until_ = 0;  // delivered_ at which the limited stretch ends; 0: not limited
    Counters counters_;
};

}  // namespace stt
