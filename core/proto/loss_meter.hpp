// SPDX-License-Identifier: LGPL-2.1-or-later
/// Detects when a path loses so much in one direction that it should be reported.
///
/// Loss is counted in intervals of at least a second, and only while packets keep arriving. An outage is a
/// different condition. A single interval of loss is not reported either: a line may have become full or a
/// path may have moved. Several bad intervals in a row, a run, are reported.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/time.hpp"

namespace stt {

class LossMeter {
  public:
    /// A run is reported when it has this many intervals and packets, with more than this share of the
    /// packets lost in each interval. The first and the last interval may be bad only in part. At a receiver,
    /// lost MTU probes, one per round trip, are missing as well; they are fewer.
    static constexpr double share_min = 0.1;
    static constexpr int64_t packets_min = 300;
    static constexpr unsigned intervals_min = 4;
    /// In at least this many intervals of the run large packets must have arrived, if the path is known to
    /// carry them. If only small packets arrive, the large ones exceed the path's MTU. Their sender reports
    /// that as a different condition. The intervals in which the path narrowed and was restored may be bad as
    /// well.
    static constexpr unsigned large_intervals_min = 3;
    /// Large packets are expected for at most this long, because a sender ends a session over a path that is
    /// too narrow (keepalive_timeout).
    static constexpr Duration narrow_for = 30s;
    /// An interval lasts until this many packets are known, and at least a second. With fewer packets chance
    /// decides.
    static constexpr int64_t interval_packets_min = 40;
    /// If nothing arrives for this long, the path is cut or there is nothing to measure.
    static constexpr Duration silence = 1s;
    /// Continuing loss is reported again after report_again. A run that begins quiet_again after the last one
    /// counts as new.
    static constexpr Duration report_again = 60s, quiet_again = 15s;

    struct Report {
        /// Counted since the latest report, or over the run. `packets` includes those lost.
        int64_t lost, packets;
        Duration within;
        bool again;  ///< the loss has been reported before and has continued
    };
    /// A packet or an acknowledgement has arrived, regardless of when it was sent. Must be called before
    /// add(). Returns true after a silence, in which case what was sent before `now` does not count.
    bool on_alive(Time now);
    struct Sum {
        int64_t arrived = 0;
        /// May be negative, if packets arrived after all or were damaged.
        int64_t lost = 0;
        int64_t large = 0;  ///< arrived packets at least as large as every path must carry
        int64_t packets() const { return arrived + lost; }
        bool more_than(double share) const {
            return static_cast<double>(lost) > share * static_cast<double>(packets());
        }
        void add(const Sum& other) {
            arrived += other.arrived;
            lost += other.lost;
            large += other.large;
        }
    };
    /// Adds the result of further packets that were sent at counted_from() or later. Returns a report if one
    /// is due.
    std::optional<Report> add(Time now, const Sum& packets);
    /// Starts again. What was sent before `now` does not count.
    void restart(Time now);
    Time counted_from() const { return counted_from_; }

  private:
    std::optional<Report> end_interval(Time now);
    std::optional<Report> report(Time now);
    void end_run();

    Time counted_from_{};
    Time last_alive_{};
    Time interval_begin_{};
    Sum interval_;  // the current interval
    // Large packets have arrived, and no interval without much loss has passed without one since.
    bool large_fit_ = false;
    Time large_arrived_{};  // end of the latest interval in which one arrived
    Sum run_;
    unsigned intervals_ = 0;  // of run_
    unsigned counting_ = 0;   // of these, intervals in which large packets arrived or were not expected
    Time run_begin_{};
    // Since the latest report, including intervals outside of runs.
    Sum since_;
    Time reported_{};  // Time{}: never
    Time last_run_{};  // when a run was last long enough to report
};

/// If the packets around a run of missing ones left, or arrived, further apart than this, an outage took the
/// missing ones. They do not count as lost.
inline constexpr Duration loss_outage = 250ms;

/// Finds packets that are missing, by gaps in their numbers.
class NumberGaps {
  public:
    /// Packet `number` has arrived. Returns how many more packets are missing now. The result is -1 if the
    /// packet itself had been missing.
    int64_t on_arrival(Time now, uint64_t number) {
        if (now - std::exchange(last_, now) > loss_outage) restart(std::max(number, next_));
        if (number < next_) return number < first_ ? 0 : -1;
        const auto missing = static_cast<int64_t>(number - next_);
        next_ = number + 1;
        return missing;
    }
    /// Numbers below `number` do not count.
    void restart(uint64_t number) { first_ = next_ = number; }

  private:
    Time last_{};
    uint64_t first_ = 0, next_ = 0;
};

/// The latest outage of a sender, which determines the lost packets that belong to it.
class SentOutage {
  public:
    /// A packet that left at `sent` was acknowledged.
    void on_acked(Time sent) {
        if (sent > newest_acked_) step_.push_back(sent);
    }
    /// Must be called after the packets of one acknowledgement, which come in any order.
    void end_step() {
        std::sort(step_.begin(), step_.end());
        for (const Time sent : step_) {
            if (sent - newest_acked_ > loss_outage) {
                begin_ = newest_acked_;
                end_ = sent;
            }
            newest_acked_ = sent;
        }
        step_.clear();
    }
    /// Returns whether the outage took a packet that left at `sent`.
    bool took(Time sent) const { return sent > begin_ && sent < end_; }

  private:
    std::vector<Time> step_;  // reused, to avoid allocation
    Time newest_acked_{};
    Time begin_{}, end_{};
};

}  // namespace stt
