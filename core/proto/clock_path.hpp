// SPDX-License-Identifier: LGPL-2.1-or-later
/// Selects the round trips between two nodes that are informative about their clocks: those near the
/// shortest. A longer one has waited in a queue, and the direction of that queue is unknown. Times are in
/// seconds of the local clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/proto/clock_pairs.hpp"

namespace stt {

/// The round trips of one path through the network.
class ClockPath {
  public:
    /// Adds a round trip and returns by how much the floor fell.
    double add(double rtt);
    /// A round trip of this length is possible, although the two directions were seen in different exchanges.
    /// Returns by how much the floor fell.
    double lower_floor(double rtt);
    bool empty() const { return seen_ == 0; }
    /// The shortest round trip.
    double floor() const { return floor_; }
    /// The floor at the time when its gate first applied.
    double first_floor() const { return first_floor_; }
    double excess(double rtt) const { return rtt > floor_ ? rtt - floor_ : 0; }
    /// Returns the excess up to which a round trip is trusted. The gate passes 90 % of an exponential jitter,
    /// and no queue. Any round trip is trusted until enough are known.
    double gate() const;
    double quarter() const { return quarter_; }  ///< lower quartile of the excesses
    double median() const { return median_; }
    /// Returns by how much a later round trip may still be shorter than the floor.
    double floor_error() const;

  private:
    void renew_quantiles();

    std::vector<double> recent_;  // round trips; once full, `next_` is the oldest
    size_t next_ = 0;
    uint64_t seen_ = 0;
    double floor_ = 0, first_floor_ = 0, quarter_ = 0, median_ = 0;
};

/// The known paths, and the one in use. The first is the reference. Another path may become the usual one
/// through a new route or a lasting queue. It is then given the bias that lets the line continue unchanged,
/// as a change of network is likelier than one of the clock.
class ClockPaths {
  public:
    struct Verdict {
        bool trusted = false;
        uint64_t path = 0;   ///< id of the path in use
        double excess = 0;   ///< over the floor of the path
        double bias = 0;     ///< of the offsets measured on the path
        double scatter = 0;  ///< standard error of the bias
        double fell = 0;     ///< by how much the floor of the path fell
        /// The floor of the reference was that of a queue, and the estimate must start over.
        bool was_queue = false;
        std::optional<uint64_t> forget;  ///< a path that was left and whose bias was only a guess
    };
    /// A round trip whose offset lies `gap` above the present line. `error` is the standard error of the
    /// line. `noise` is that of an offset without excess, and `slope` its increase per excess.
    struct Measured {
        double time, rtt, gap, error, noise, slope;
    };
    Verdict judge(const Measured& measured);

    /// The clock has jumped; the waiting exchanges concern the clock before.
    void clear_candidate() { candidate_.clear(); }
    /// The network has changed.
    void reset() { *this = ClockPaths(); }

    double lower_floor(double rtt) { return at(current_).path.lower_floor(rtt); }
    const ClockPath& current() const { return at(current_).path; }

  private:
    struct Route {
        uint64_t id = 0;
        ClockPath path;
        double bias = 0, scatter = 0;
        double used = 0;  // when it was last in use
    };
    const Route& at(uint64_t id) const;
    Route& at(uint64_t id);
    Verdict accept(const Measured& measured, Verdict verdict);
    void consider(const Measured& measured);
    struct Candidate {
        ClockPath path;
        double shortest = 0, quarter = 0;  // of all waiting exchanges
        double bias = 0, error = 0;
        double scatter = 0;  // of the offsets around the bias
    };
    Candidate candidate(const Measured& measured) const;
    bool steady(const Candidate& candidate) const;
    void open(const Candidate& candidate, double time, double scatter);

    std::vector<Route> paths_;  // the reference first
    uint64_t current_ = 0;      // id of the path in use
    uint64_t next_id_ = 0;
    // Exchanges that were not trusted, since the latest trusted one.
    std::vector<ClockPairs::Exchange> candidate_;
};

}  // namespace stt
