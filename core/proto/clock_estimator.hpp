// SPDX-License-Identifier: LGPL-2.1-or-later
/// Estimates a peer's monotonic clock from two-way exchanges, over changing networks and through jumps of
/// either clock. Reads no clock itself. docs/media-time.md, section 1, has the method and its figures.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "core/proto/clock_fit.hpp"
#include "core/proto/clock_line.hpp"
#include "core/proto/clock_pairs.hpp"
#include "core/proto/clock_path.hpp"

namespace stt {

class ClockEstimator {
  public:
    enum class Outcome : uint8_t {
        ignored,     ///< it makes no sense, or is older than the one before
        trusted,     ///< the line follows it
        distrusted,  ///< it has waited in the network, or goes another way: the line goes on without it
        relocked,    ///< a clock has jumped, and the line with it: more exchanges are wanted at once
    };
    /// Takes in an exchange. `sample.received` should ascend.
    Outcome add(const ClockSample& sample);

    /// The line; none before the third exchange.
    const std::optional<ClockLine>& line() const { return line_; }

  private:
    /// A sample as differences that a double holds to a fraction of a nanosecond. In seconds.
    struct Exchange {
        double time;  ///< its middle, since origin_
        double seen;  ///< when the response arrived, since origin_
        double rtt;
        double gap;  ///< offset over base_
    };
    Exchange measure(const ClockSample& sample) const;
    Outcome judge(const ClockSample& sample, const Exchange& exchange);
    ClockPaths::Verdict judge_path(const Exchange& exchange);
    bool jumped(const Exchange& exchange) const;
    bool off_line(const Exchange& exchange, const ClockPaths::Verdict& verdict) const;
    /// Begins anew from these, of which the newest is the last.
    void relock(std::span<const ClockSample> samples, bool keep_drift);
    /// Has the line follow an exchange.
    void pair(const Exchange& exchange, const ClockPaths::Verdict& verdict);
    void take(const Exchange& exchange, const ClockPaths::Verdict& verdict);
    void renew_prior(double time);
    void steer(double time);
    bool settling(double time) const;
    void check_network();
    void note_delay(const Exchange& exchange);
    void publish();

    // Set at the first exchange; base_ moves with every re-lock.
    int64_t origin_ = 0;         // local time
    int64_t base_ = 0;           // offset
    int64_t last_received_ = 0;  // local time
    int64_t last_peer_ = 0;      // the peer's

    ClockPaths paths_;
    ClockFit fit_;
    ClockPairs pairs_;  // of the path taken
    uint64_t pairs_path_ = 0;
    ClockFit::Prior prior_{0, 0};
    bool drift_known_ = false;
    double slow_drift_ = 0;  // its average over minutes
    double slow_at_ = 0;

    // Since the last lock.
    uint64_t exchanges_ = 0;
    double locked_at_ = 0;
    double longest_rtt_ = 0;     // while settling
    bool network_known_ = true;  // the paths were trusted since

    double accepted_at_ = 0;
    double floor_fell_at_ = 0;
    // Trusted exchanges in a row that were off the line, to the same side, by more than they can be.
    std::vector<ClockSample> off_;
    bool off_above_ = false;

    // The line that is given out, from the last exchange on, relative as Exchange is.
    struct Output {
        double time = 0, offset = 0, drift = 0, slew = 0, slew_for = 0;
        double at(double t) const;
    } output_;
    uint64_t generation_ = 0;

    // The shortest round trips of the last windows.
    static constexpr size_t delay_windows = 6;
    std::array<double, delay_windows> shortest_{};
    int64_t delay_window_ = -1;

    std::optional<ClockLine> line_;
};

}  // namespace stt
