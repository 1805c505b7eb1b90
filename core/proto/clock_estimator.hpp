// SPDX-License-Identifier: LGPL-2.1-or-later
/// Estimates a peer's monotonic clock from two-way exchanges, despite changing networks and jumps of either
/// clock. It reads no clock itself. docs/media-time.md, section 1, describes the method and its constants.
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
        ignored,  ///< the exchange is implausible, or older than the one before
        trusted,  ///< the line follows the exchange
        /// The exchange was delayed in the network or took another path. The line continues without it.
        distrusted,
        /// A clock has jumped, and so has the line. More exchanges are needed at once.
        relocked,
    };
    /// Adds an exchange. `sample.received` should ascend.
    Outcome add(const ClockSample& sample);

    /// Returns the line, or none before the third exchange.
    const std::optional<ClockLine>& line() const { return line_; }

  private:
    /// A sample as differences, in seconds, which a double represents to a fraction of a nanosecond.
    struct Exchange {
        double time;  ///< middle of the exchange, since origin_
        double seen;  ///< when the response arrived, since origin_
        double rtt;
        double gap;  ///< offset minus base_
    };
    Exchange measure(const ClockSample& sample) const;
    Outcome judge(const ClockSample& sample, const Exchange& exchange);
    ClockPaths::Verdict judge_path(const Exchange& exchange);
    bool jumped(const Exchange& exchange) const;
    bool off_line(const Exchange& exchange, const ClockPaths::Verdict& verdict) const;
    /// Starts again from `samples`, the last of which is the newest.
    void relock(std::span<const ClockSample> samples, bool keep_drift);
    /// Makes the line follow an exchange.
    void pair(const Exchange& exchange, const ClockPaths::Verdict& verdict);
    void take(const Exchange& exchange, const ClockPaths::Verdict& verdict);
    void renew_prior(double time);
    void steer(double time);
    bool settling(double time) const;
    void check_network();
    void note_delay(const Exchange& exchange);
    void publish();

    // Set at the first exchange; base_ changes with every re-lock. All are in nanoseconds.
    int64_t origin_ = 0;         // local time
    int64_t base_ = 0;           // offset
    int64_t last_received_ = 0;  // local time
    int64_t last_peer_ = 0;      // peer's time

    ClockPaths paths_;
    ClockFit fit_;
    ClockPairs pairs_;  // of the path in use
    uint64_t pairs_path_ = 0;
    ClockFit::Prior prior_{0, 0};
    bool drift_known_ = false;
    double slow_drift_ = 0;  // average over minutes
    double slow_at_ = 0;

    // Since the latest lock.
    uint64_t exchanges_ = 0;
    double locked_at_ = 0;
    double longest_rtt_ = 0;     // seconds; while settling
    bool network_known_ = true;  // whether the paths have been trusted since the lock

    double accepted_at_ = 0;
    double floor_fell_at_ = 0;
    // Consecutive trusted exchanges that were off the line, to the same side, by more than is plausible.
    std::vector<ClockSample> off_;
    bool off_above_ = false;

    // The published line, from the latest exchange on, in the units of Exchange.
    struct Output {
        double time = 0, offset = 0, drift = 0, slew = 0, slew_for = 0;
        double at(double t) const;
    } output_;
    uint64_t generation_ = 0;

    // The shortest round trips of the latest windows, in seconds.
    static constexpr size_t delay_windows = 6;
    std::array<double, delay_windows> shortest_{};
    int64_t delay_window_ = -1;

    std::optional<ClockLine> line_;
};

}  // namespace stt
