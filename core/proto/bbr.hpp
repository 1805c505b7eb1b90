// SPDX-License-Identifier: LGPL-2.1-or-later
/// Congestion control of the BBR family (after draft-cardwell-iccrg-bbr-congestion-control, versions 1 to 3).
///
/// The controller keeps a model of the path: the largest recent delivery rate and the smallest recent RTT. It
/// sends at that rate with a little more than their product in flight. A cycle of phases probes for more
/// bandwidth (up), drains the queue that this made (down) and then holds the estimate (cruise).
///
/// Losses. Random loss must not slow the session down, but a full buffer must. One number cannot tell them
/// apart, but two can. While draining, the session sends below the rate of the bottleneck and the queue
/// shrinks. What is lost then was not lost to a queue that the session made. The loss ratio measured in every
/// `drain` and `down` is the baseline. Only loss well above the baseline counts as congestion.
///
/// Congestion ends startup once the delivery rate stops growing. It ends a probe, and it bounds the bytes in
/// flight until a probe succeeds. Outside of probes it lowers the rate to what was delivered, by at most 15 %
/// per cycle. A path that has just become lossy thus costs little until the next `down` has measured it. The
/// sending rate compensates for the baseline, because an estimate of what is delivered is lower than the
/// bottleneck's rate by that ratio.
///
/// Compensating for every loss would be self-confirming, however large the overload. A baseline above 10 % is
/// therefore accepted only with evidence, and then up to 50 %. The evidence must appear while there is no
/// queue. This is the case when the RTT is close to the smallest known. It is also the case when a round's
/// lowest RTT exceeds that by less than the usual variation of round trips. Also, `up` must not lose more:
/// random loss does not depend on the rate, but a full or policed line loses more of what exceeds its rate.
/// There is no such evidence where the RTT is too short to show a queue.
///
/// An application that sends less than the path can carry provides no information about the path. Its rounds
/// therefore neither age the bandwidth nor end startup. Rounds with a queue and with loss above the baseline
/// are an exception and count like any other.
///
/// Short paths. On a LAN or a loopback the RTT is mostly thread scheduling: tens of microseconds, then ten
/// times that, with acknowledgements of hundreds of packets at once. Round trips shorter than `quantum` are
/// therefore treated as `quantum`, both in counting rounds and in the size of the window.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "core/proto/congestion.hpp"

namespace stt {

/// The maximum over the last N rounds.
template <size_t N>
class RoundMaximum {
  public:
    void add(double value) { slots_[index_] = std::max(slots_[index_], value); }
    void next_round() {
        index_ = (index_ + 1) % N;
        slots_[index_] = 0;
    }
    double value() const { return *std::max_element(slots_.begin(), slots_.end()); }
    /// Keeps the present maximum for `rounds` < N more rounds and forgets all other values.
    void expire_in(size_t rounds) {
        const double present = value();
        slots_.fill(0);
        slots_[(index_ + rounds) % N] = present;
    }

  private:
    std::array<double, N> slots_{};
    size_t index_ = 0;
};

/// The range of the round trips in one round.
struct RttRange {
    void add(Duration rtt) {
        lowest = std::min(lowest, rtt);
        highest = std::max(highest, rtt);
    }
    Duration lowest = Duration::max(), highest{};  // highest is zero if there were none
};

/// The share of bytes lost among those sent in certain stretches of time. A packet belongs to a stretch by
/// the number of bytes that had been delivered when it left.
class LossShare {
  public:
    void begin(uint64_t delivered) {
        begin_ = delivered;
        end_ = std::numeric_limits<uint64_t>::max();
    }
    void end(uint64_t delivered) { end_ = std::min(end_, delivered); }
    bool covers(uint64_t delivered) const { return delivered >= begin_ && delivered < end_; }
    void add(double acked, double lost) {
        acked_ += acked;
        lost_ += lost;
    }
    /// Halves the weight of what has been counted, if that is more than `bytes`.
    void fade(double bytes) {
        if (total() <= bytes) return;
        acked_ /= 2;
        lost_ /= 2;
    }
    double total() const { return acked_ + lost_; }
    double ratio() const { return total() > 0 ? lost_ / total() : 0; }

  private:
    uint64_t begin_ = 0, end_ = 0;
    double acked_ = 0, lost_ = 0;  // bytes
};

class Bbr final : public CongestionController {
  public:
    /// The shortest round trip assumed: how long a thread of a busy machine waits to be scheduled.
    static constexpr Duration quantum = 2ms;
    /// The ten packets of RFC 6928 are meant to be unpaced and per TCP connection. These packets leave over
    /// one round trip. They determine the first bandwidth estimate, and so the whole startup.
    static constexpr uint64_t initial_packets = 32;

    enum class Phase { startup, drain, up, down, cruise, probe_rtt };

    explicit Bbr(uint64_t max_datagram);

    std::string_view name() const override { return "bbr"; }
    void on_ack(const AckSample& sample, const RttEstimator& rtt) override;
    void on_sent(Time now, uint64_t bytes, uint64_t in_flight) override;
    void on_persistent_congestion(Time now) override;
    void on_path_change(Time now) override;
    void on_mtu(uint64_t max_datagram) override { max_datagram_ = max_datagram; }
    uint64_t window() const override;
    double pacing_rate() const override { return pacing_rate_; }
    double bandwidth() const override { return std::min(model_.bandwidth.value(), model_.bandwidth_bound); }

    bool starting() const override { return phase() == Phase::startup; }
    Phase phase() const { return model_.phase; }
    const char* phase_name() const override;
    /// Returns the loss ratio (0 to 1) that is not caused by the session.
    double baseline_loss() const;

  private:
    static constexpr size_t filter_rounds = 10;
    static constexpr double unbounded = std::numeric_limits<double>::max();

    // All state that becomes void when the path changes.
    struct Model {
        Phase phase = Phase::startup;
        Time phase_start{};
        unsigned phase_rounds = 0;  // complete rounds since the phase began

        Time round_start{};
        uint64_t round_end = 0;  // a packet sent when this many bytes had been delivered ends the round
        bool round_started = false;
        bool round_sampled = false;
        bool round_overloaded = false;
        bool overloaded_lately = false;  // whether the round before was overloaded

        RoundMaximum<filter_rounds> bandwidth;  // bytes per second
        Duration min_rtt = Duration::max();
        Time min_rtt_seen{};
        bool reordered = false;  // whether the samples of min_rtt were taken on a reordering path
        Duration probed_rtt = Duration::max();  // lowest RTT of this probe_rtt phase
        Time probe_rtt_done = time_never;
        RoundMaximum<filter_rounds> extra_acked;  // bytes
        Time aggregation_start{};
        double aggregation_acked = 0;

        double plateau = 0;  // bandwidth that growth is measured against, bytes per second
        unsigned plateau_rounds = 0;
        unsigned overloaded_rounds = 0;  // consecutive ones in startup while the application limits
        bool pipe_filled = false;
        unsigned cruise_rounds = 0;

        LossShare quiet;  // share lost of what was sent while draining
        // Share lost of what was sent while draining, over the same time as `calm`. `calm` alone is too high
        // where losses empty the queue.
        LossShare recent;
        LossShare calm;  // the part of `recent` that was acknowledged or found lost while there was no queue
        LossShare starting;  // share lost in startup
        LossShare probing;   // share lost of what was sent in `up`
        bool calm_now = false;
        // The variation of round trips within one round while the application limits and so makes no queue.
        Duration jitter{};
        RttRange rtts;                             // of the present round
        Duration lowest_before = Duration::max();  // lowest RTT of the round before
        bool lossy = false;  // there was loss above the baseline, and no quiet phase since
        // A probe that met losses is followed by a quiet phase until this time, long enough to judge them.
        Time quiet_until{};
        double lost_in_flight = 0;           // bytes in flight when the latest lost packet had left
        double bandwidth_bound = unbounded;  // bytes per second; until the next probe
        double inflight_bound = unbounded;   // bytes; until a probe succeeds
        bool cycle_bounded = false;

        bool idle_restart = false;
        bool restarting = false;  // the window is being earned again after an outage
    };

    void update_round(const AckSample& sample);
    void update_bandwidth(const AckSample& sample);
    void update_aggregation(const AckSample& sample);
    void update_min_rtt(const AckSample& sample);
    /// `rtt` excludes the peer's acknowledgement delay.
    void update_calm(Duration rtt);
    void update_loss(const AckSample& sample);
    void on_overload(const AckSample& sample);
    void advance(const AckSample& sample);
    void advance_up();
    /// Returns the loss ratio (0 to 1) for which the window of startup compensates. It is 0 while there is a
    /// queue, because the session may then cause the losses itself. A policed line shows no queue. There the
    /// window reaches twice the usual one, until the bandwidth has stopped growing.
    double startup_loss() const;
    /// Returns whether the quiet phase was long enough to tell what caused the losses, if there were any. If
    /// there is a queue, the cause is known at once.
    bool baseline_known() const;
    void advance_probe_rtt(const AckSample& sample);
    void enter(Phase phase, Time now);
    void enter_cruise(Time now);
    void check_plateau(const AckSample& sample);
    void update_pacing();
    void update_window(const AckSample& sample);

    Duration round_trip() const { return std::max(model_.min_rtt, quantum); }
    double packets(double count) const { return count * static_cast<double>(max_datagram_); }
    /// Returns `gain` times the path's bandwidth × delay, in bytes.
    double inflight(double gain) const;
    /// Returns the bytes in flight when nothing is queued. The value needs no allowance for aggregated
    /// acknowledgements, because it is compared with what is in flight just after one.
    double drained() const;
    double window_min() const { return packets(4); }

    uint64_t max_datagram_;
    uint64_t delivered_ = 0;  // bytes of the session, as of the latest sample
    double window_ = 0;       // bytes
    double pacing_rate_ = 0;
    double in_flight_ = 0;
    Model model_;
};

}  // namespace stt
