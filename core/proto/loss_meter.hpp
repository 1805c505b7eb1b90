// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notices that a path loses so much, in one direction, that somebody should know.
///
/// Loss counts by intervals of a second, and only while packets keep arriving: an outage is another matter.
/// One interval of loss is no news either, as of a line that has become full or a path that has moved;
/// several in a row, a run, are.
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
    /// What is reported: a run of so many intervals and packets, more than this share of each interval's
    /// packets lost. The first and the last interval may be bad in part only. Lost probes of the path's MTU,
    /// one a round trip, are missing at a receiver as well; they are fewer.
    static constexpr double share_min = 0.1;
    static constexpr int64_t packets_min = 300;
    static constexpr unsigned intervals_min = 4;
    /// In so many of them large packets have arrived, of a path that is known to carry them. Where only small
    /// ones do, the others are too large for it, which their sender reports: another matter. The interval in
    /// which the path narrowed and the one in which it was restored may be bad as well.
    static constexpr unsigned large_intervals_min = 3;
    /// For so long at most: a sender ends a session over a path that is too narrow (keepalive_timeout).
    static constexpr Duration narrow_for = 30s;
    /// An interval lasts as long as it takes to see so many packets, and a second at least: in fewer, chance
    /// decides.
    static constexpr int64_t interval_packets_min = 40;
    /// When nothing arrives for this long the path is cut, or there is nothing to measure.
    static constexpr Duration silence = 1s;
    /// Loss that lasts is reported again after this time; a run that begins quiet_again after the last is
    /// news.
    static constexpr Duration report_again = 60s, quiet_again = 15s;

    struct Report {
        int64_t lost, packets;  ///< since the last report, or of the run; `packets` includes those lost
        Duration within;
        bool again;  ///< it has been reported, and has lasted
    };
    /// A packet arrived, or an acknowledgement, of whatever time: to be called before add(). True: after a
    /// silence, so that what was sent before `now` does not count.
    bool on_alive(Time now);
    struct Sum {
        int64_t arrived = 0;
        int64_t lost = 0;   ///< negative: as many fewer, since they arrived after all or were damaged
        int64_t large = 0;  ///< of those that arrived, as large as every path must carry
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
    /// What is known of some more packets that were sent at counted_from() or later.
    std::optional<Report> add(Time now, const Sum& packets);
    /// Begins anew: what was sent before `now` does not count.
    void restart(Time now);
    Time counted_from() const { return counted_from_; }

  private:
    std::optional<Report> end_interval(Time now);
    std::optional<Report> report(Time now);
    void end_run();

    Time counted_from_{};
    Time last_alive_{};
    Time interval_begin_{};
    Sum interval_;  // the one under way
    // Large packets arrived, and no interval without much loss has passed without one.
    bool large_fit_ = false;
    Time large_arrived_{};  // the end of the last interval in which one did
    Sum run_;
    unsigned intervals_ = 0;  // of run_
    unsigned counting_ = 0;   // of them: in which large packets arrived, or were not to be expected
    Time run_begin_{};
    // Since the last report, whatever was lost.
    Sum since_;
    Time reported_{};  // Time{}: never
    Time last_run_{};  // when a run was last long enough
};

/// What took packets that are missing in a row: an outage, if those around them left, or arrived, further
/// apart than this. They do not count as lost.
inline constexpr Duration loss_outage = 250ms;

/// Packets that are missing by their numbers.
class NumberGaps {
  public:
    /// Packet `number` arrived. How many more are missing now; negative: it had been missing itself.
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

/// Of the packets that a sender lost, those that the latest outage took.
class SentOutage {
  public:
    /// A packet that left at `sent` was acknowledged.
    void on_acked(Time sent) {
        if (sent > newest_acked_) step_.push_back(sent);
    }
    /// To be called after the packets of one acknowledgement, which come in any order.
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
    /// Whether it took a packet that left at `sent`.
    bool took(Time sent) const { return sent > begin_ && sent < end_; }

  private:
    std::vector<Time> step_;  // its memory is reused
    Time newest_acked_{};
    Time begin_{}, end_{};
};

}  // namespace stt
