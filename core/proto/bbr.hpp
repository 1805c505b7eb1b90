// SPDX-License-Identifier: LGPL-2.1-or-later
/// Congestion control of the BBR family (ideas of draft-cardwell-iccrg-bbr-congestion-control, versions 1 to
/// 3).
///
/// It keeps a model of the path, the largest delivery rate and the smallest RTT seen of late, and sends at
/// that rate with a little more than their product in flight. A cycle of phases probes for more bandwidth
/// (up), drains what that queued (down) and then holds the estimate (cruise).
///
/// Losses. Random loss must not slow the session; a full buffer must. One number cannot tell them apart, but
/// two can: while draining, the session sends below the bottleneck's rate and the queue shrinks, so that
/// whatever is lost then was not lost to a queue of its making. That ratio, measured in every `drain` and
/// `down`, is the baseline. Only loss well above it counts as congestion. It ends startup once the delivery
/// rate stops growing, ends a probe, and bounds what may be in flight until a probe succeeds; outside of
/// probes it lowers the rate to what was delivered, by at most 15 % a cycle, so that a path that has just
/// become lossy costs little until the next `down` has measured it. The baseline is made up for in the
/// sending rate: an estimate of what is delivered is lower than the bottleneck's rate by just that ratio.
///
/// Doing so for every loss would feed on itself: overload of any size would be self-confirming. So what is
/// above 10 % is believed only on evidence, up to 50 %. It must show while there is no queue (the RTT is
/// about the smallest that is known, or a round's lowest exceeds that by less than round trips differ
/// anyway), and `up` must lose no more: random loss does not depend on the rate, but a full or policed line
/// loses more of what exceeds it. Where the RTT is too short to show a queue there is no such evidence.
///
/// An application that sends less than the path takes says nothing about it, so its rounds neither age the
/// bandwidth nor end startup. Loss above the baseline says otherwise where there is a queue as well: such
/// rounds count as any other.
///
/// Short paths. On a LAN or a loopback the RTT is mostly the scheduling of threads: tens of microseconds, ten
/// times that a moment later, acknowledgements of hundreds of packets at once. Round trips are therefore
/// never taken for shorter than `quantum`, neither in counting rounds nor in the size of the window.
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
    /// Lets the present maximum count for `rounds` < N more, and all else be forgotten.
    void expire_in(size_t rounds) {
        const double present = value();
        slots_.fill(0);
        slots_[(index_ + rounds) % N] = present;
    }

  private:
    std::array<double, N> slots_{};
    size_t index_ = 0;
};

/// The round trips of one round.
struct RttRange {
    void add(Duration rtt) {
        lowest = std::min(lowest, rtt);
        highest = std::max(highest, rtt);
    }
    Duration lowest = Duration::max(), highest{};  // zero: there were none
};

/// How much of what was sent in some stretches of time was lost. A stretch is known by the bytes that had
/// been delivered when a packet left.
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
    /// Halves the weight of what has been seen, if that is more than `bytes`.
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
    /// Shortest round trip assumed: how long a thread of a busy machine waits for its turn.
    static constexpr Duration quantum = 2ms;
    /// RFC 6928's ten packets are meant to be unpaced and per TCP connection; these leave over one round trip
    /// and are what picks the first, hence the whole startup's, bandwidth estimate.
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
    /// Loss ratio that is not the session's doing.
    double baseline_loss() const;

  private:
    static constexpr size_t filter_rounds = 10;
    static constexpr double unbounded = std::numeric_limits<double>::max();

    // Everything that another path makes void.
    struct Model {
        Phase phase = Phase::startup;
        Time phase_start{};
        unsigned phase_rounds = 0;  // complete ones since the phase began

        Time round_start{};
        uint64_t round_end = 0;  // a packet sent when this much was delivered ends the round
        bool round_started = false;
        bool round_sampled = false;
        bool round_overloaded = false;
        bool overloaded_lately = false;  // in the round before

        RoundMaximum<filter_rounds> bandwidth;  // bytes per second
        Duration min_rtt = Duration::max();
        Time min_rtt_seen{};
        bool reordered = false;                 // how the samples of min_rtt were taken
        Duration probed_rtt = Duration::max();  // lowest of this probe_rtt phase
        Time probe_rtt_done = time_never;
        RoundMaximum<filter_rounds> extra_acked;  // bytes
        Time aggregation_start{};
        double aggregation_acked = 0;

        double plateau = 0;  // bandwidth that growth is measured against
        unsigned plateau_rounds = 0;
        unsigned overloaded_rounds = 0;  // in a row, in startup, limited by the application
        bool pipe_filled = false;
        unsigned cruise_rounds = 0;

        LossShare quiet;  // of what was sent while draining
        LossShare
            recent;      // the same over as long as calm: that alone is too high where losses empty the queue
        LossShare calm;  // of that, what was acknowledged, or found lost, while there was no queue
        LossShare probing;  // of what was sent in `up`
        bool calm_now = false;
        // How much round trips of one round differ while the application limits and so makes no queue.
        Duration jitter{};
        RttRange rtts;                             // of the present round
        Duration lowest_before = Duration::max();  // of the round before
        bool lossy = false;         // loss above the baseline, and no quiet phase without since
        Time quiet_until{};         // a probe that met losses is followed by enough quiet to judge them by
        double lost_in_flight = 0;  // when the latest lost packet had left
        double bandwidth_bound = unbounded;  // until the next probe
        double inflight_bound = unbounded;   // until a probe succeeds
        bool cycle_bounded = false;

        bool idle_restart = false;
        bool restarting = false;  // earning the window again after an outage
    };

    void update_round(const AckSample& sample);
    void update_bandwidth(const AckSample& sample);
    void update_aggregation(const AckSample& sample);
    void update_min_rtt(const AckSample& sample);
    /// `rtt` without the peer's delay.
    void update_calm(Duration rtt);
    void update_loss(const AckSample& sample);
    void on_overload(const AckSample& sample);
    void advance(const AckSample& sample);
    void advance_up();
    /// Whether there has been quiet enough to tell whose doing the losses are, if there were any. A queue
    /// tells it at once.
    bool baseline_known() const;
    void advance_probe_rtt(const AckSample& sample);
    void enter(Phase phase, Time now);
    void enter_cruise(Time now);
    void check_plateau(const AckSample& sample);
    void update_pacing();
    void update_window(const AckSample& sample);

    Duration round_trip() const { return std::max(model_.min_rtt, quantum); }
    double packets(double count) const { return count * static_cast<double>(max_datagram_); }
    /// Bytes in flight that `gain` times the path's bandwidth × delay stand for.
    double inflight(double gain) const;
    /// Bytes in flight when nothing is queued. Aggregated acknowledgements need no allowance: it is compared
    /// with what is in flight just after one.
    double drained() const;
    double window_min() const { return packets(4); }

    uint64_t max_datagram_;
    uint64_t delivered_ = 0;  // the session's, as last told
    double window_ = 0;       // bytes
    double pacing_rate_ = 0;
    double in_flight_ = 0;
    Model model_;
};

}  // namespace stt
