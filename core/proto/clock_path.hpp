// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which round trips between two nodes say something of their clocks: those near the shortest. What is longer
/// waited in a queue, on one way or the other, and nothing tells on which. Times are in seconds, local.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/proto/clock_pairs.hpp"

namespace stt {

/// The round trips of one way through the network.
class ClockPath {
  public:
    /// Takes one in; by how much the floor fell.
    double add(double rtt);
    /// There is one as short as this, if not the same way both times; by how much the floor fell.
    double lower_floor(double rtt);
    bool empty() const { return seen_ == 0; }
    /// The shortest round trip.
    double floor() const { return floor_; }
    /// The floor when its gate first held.
    double first_floor() const { return first_floor_; }
    double excess(double rtt) const { return rtt > floor_ ? rtt - floor_ : 0; }
    /// The excess up to which a round trip is trusted: 90 % of an exponential jitter, and no queue. Until
    /// enough are known, any.
    double gate() const;
    double quarter() const { return quarter_; }  ///< lower quartile of the excesses
    double median() const { return median_; }
    /// How far below the floor a shorter round trip may yet be found.
    double floor_error() const;

  private:
    void renew_quantiles();

    std::vector<double> recent_;  // round trips; once full, `next_` is the oldest
    size_t next_ = 0;
    uint64_t seen_ = 0;
    double floor_ = 0, first_floor_ = 0, quarter_ = 0, median_ = 0;
};

/// The ways known, and the one taken now. The first is the reference. Where another becomes the usual one (a
/// route, or a queue that stays), it is given the bias that lets the line go on as it was: that the network
/// changed is likelier than that the clock did.
class ClockPaths {
  public:
    struct Verdict {
        bool trusted = false;
        uint64_t path = 0;   ///< names the path taken
        double excess = 0;   ///< over its floor
        double bias = 0;     ///< of the offsets measured on it
        double scatter = 0;  ///< standard error of that
        double fell = 0;     ///< by how much its floor fell
        /// The reference's floor was that of a queue: everything is to start over.
        bool was_queue = false;
        std::optional<uint64_t> forget;  ///< a path that was left, whose bias had been a mere guess
    };
    /// A round trip, whose offset lies `gap` above the line as it is. `error`: standard error of the line;
    /// `noise` (of an offset without excess) and `slope` (per excess): of the offsets.
    struct Measured {
        double time, rtt, gap, error, noise, slope;
    };
    Verdict judge(const Measured& measured);

    /// The clock has jumped: what waits to be understood was about the clock before.
    void clear_candidate() { candidate_.clear(); }
    /// The network is another one.
    void reset() { *this = ClockPaths(); }

    double lower_floor(double rtt) { return at(current_).path.lower_floor(rtt); }
    const ClockPath& current() const { return at(current_).path; }

  private:
    struct Route {
        uint64_t id = 0;
        ClockPath path;
        double bias = 0, scatter = 0;
        double used = 0;  // when it was taken last
    };
    const Route& at(uint64_t id) const;
    Route& at(uint64_t id);
    Verdict accept(const Measured& measured, Verdict verdict);
    void consider(const Measured& measured);
    struct Candidate {
        ClockPath path;
        double shortest = 0, quarter = 0;  // of all that wait
        double bias = 0, error = 0;
        double scatter = 0;  // of the offsets about the bias
    };
    Candidate candidate(const Measured& measured) const;
    bool steady(const Candidate& candidate) const;
    void open(const Candidate& candidate, double time, double scatter);

    std::vector<Route> paths_;  // the reference first
    uint64_t current_ = 0;      // an id
    uint64_t next_id_ = 0;
    std::vector<ClockPairs::Exchange> candidate_;  // what was not trusted, since the last that was
};

}  // namespace stt
