// SPDX-License-Identifier: LGPL-2.1-or-later
/// Relates a pipeline's clock to the local CLOCK_MONOTONIC, which is the clock that hosts compare with each
/// other.
#pragma once

#include <gst/gst.h>

#include <deque>

#include "gst/affine.hpp"

namespace stt {

/// Returns a random number that is kept with the GstClock object and is never 0. Elements on one clock
/// announce the same epoch; another clock has another epoch. Callable from any thread.
uint64_t epoch_of(GstClock* clock);

/// Returns CLOCK_MONOTONIC, ns.
int64_t monotonic_now();

/// Follows one GstClock at a time. The clock may drift against CLOCK_MONOTONIC, be steered, jump or be
/// replaced. Used by one thread at a time.
class PipelineClock {
  public:
    /// CLOCK_MONOTONIC and the clock's time at the same instant, ns.
    struct Reading {
        int64_t monotonic, clock;
    };

    /// Reads `clock` if a reading is due: every `jump_interval` to detect a jump. Samples for the line are
    /// taken at intervals that grow with its age up to `sample_interval`. Returns true if line() or epoch()
    /// has changed. If `clock` is null, nothing changes.
    bool observe(GstClock* clock);
    /// Does the same with a reading that the caller has taken of the clock of `epoch`.
    bool observe(uint64_t epoch, Reading reading);

    /// False until a clock has been observed.
    explicit operator bool() const { return epoch_ != 0; }
    uint64_t epoch() const { return epoch_; }
    /// The clock's time as a function of CLOCK_MONOTONIC.
    const Affine& line() const { return line_; }

    /// Time between two checks for a jump, ns.
    static constexpr int64_t jump_interval = 10'000'000;
    /// Longest time between two samples for the line, ns.
    static constexpr int64_t sample_interval = 1'000'000'000;
    /// The number of samples that are kept for a line: half a minute, in which a quartz oscillator deviates
    /// from a line by some microseconds only.
    static constexpr size_t samples_max = 32;
    /// A reading further off the line than this is a jump, ns. The clocks of audio devices move in steps of
    /// up to 20 ms.
    static constexpr int64_t jump = 40'000'000;
    /// The line is fitted again if the newest sample is further off it than this, ns. The line of a
    /// sender_clock is taken over if it differs by more in a second. Reading two clocks in sequence is exact
    /// to some microseconds.
    static constexpr int64_t tolerance = 20'000;
    /// The largest skew: no clock that plays media is off by more than two percent.
    static constexpr double skew_max = 0.02;

  private:
    bool observe_line(uint64_t epoch, int64_t now, const Affine& line);
    bool due(int64_t now) const;
    void begin(uint64_t epoch, Reading reading);
    Affine fitted() const;

    uint64_t epoch_ = 0;
    Affine line_;
    int64_t looked_ = 0;  // CLOCK_MONOTONIC of the last reading, ns
    std::deque<Reading> samples_;
};

}  // namespace stt
