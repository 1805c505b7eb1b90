// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notices that a path loses so much, in one direction, that somebody should know.
///
/// Loss counts by seconds, and only while packets keep arriving: an outage is another matter. A second of
/// loss is no news either, as of a line that has become full or a path that has moved; several in a row are.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/time.hpp"

namespace stt {

class LossMeter {
  public:
    /// What is worth telling: more than this share of so many packets, over so many seconds in a row, in each
    /// of which it was more. The first and the last may be bad in part only. Lost probes of the path's MTU,
    /// one a round trip, are missing at a receiver as well; they are fewer.
    static constexpr double share_told = 0.1;
    static constexpr int64_t packets_min = 300;
    static constexpr unsigned seconds_min = 4;
    /// Fewer packets than packets_min in so many seconds are too few to tell of.
    static constexpr unsigned seconds_max = 6;
    /// When nothing arrives for this long the path is cut, or there is nothing to measure.
    static constexpr Duration silence = 1s;
    /// What is lost while nothing arrives for this long is an outage's, if a short one.
    static constexpr Duration outage = 250ms;
    /// What goes on is told again after this time, summed up; after quiet_again without a finding it is news.
    static constexpr Duration told_again = 60s, quiet_again = 15s;

    struct Finding {
        int64_t lost, packets;  ///< `packets` includes those lost
        Duration within;
        bool again;  ///< it has been told of, and has gone on
    };
    /// `arrived` packets are known to have arrived, and `lost` to be lost; negative: as many more arrived
    /// after all. Only packets that were sent at counted_from() or later.
    std::optional<Finding> add(Time now, int64_t arrived, int64_t lost);
    /// Begins anew: what was sent before `now` does not count.
    void restart(Time now);
    Time counted_from() const { return counted_from_; }

  private:
    struct Sum {
        int64_t arrived = 0, lost = 0;
        int64_t packets() const { return arrived + lost; }
        bool more_than(double share) const {
            return static_cast<double>(lost) > share * static_cast<double>(packets());
        }
        void add(const Sum& other) {
            arrived += other.arrived;
            lost += other.lost;
        }
    };
    std::optional<Finding> end_second(Time now);
    std::optional<Finding> tell(Time now);

    Time counted_from_{};
    Time last_arrival_{};
    Time second_begin_{};
    Sum second_;            // the one under way
    Sum row_;               // seconds in a row that lost much
    unsigned seconds_ = 0;  // of row_
    Time row_begin_{};
    // Of what has been told.
    Sum untold_;
    Time told_{}, untold_begin_{}, found_{};
};

/// Packets that are missing by their numbers.
class NumberGaps {
  public:
    /// Packet `number` arrived. How many more are missing now; negative: it had been missing itself, or it
    /// does not count.
    int64_t on_arrival(uint64_t number) {
        if (number < next_) return number < first_ ? 0 : -1;
        const auto missing = static_cast<int64_t>(number - next_);
        next_ = number + 1;
        return missing;
    }
    /// Numbers below `number` do not count.
    void restart(uint64_t number) { first_ = next_ = number; }

  private:
    uint64_t first_ = 0, next_ = 0;
};

}  // namespace stt
