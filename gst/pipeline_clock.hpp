// SPDX-License-Identifier: LGPL-2.1-or-later
/// A pipeline's clock against this host's CLOCK_MONOTONIC, which is what hosts compare with each other.
#pragma once

#include <gst/gst.h>

#include <deque>

#include "gst/affine.hpp"

namespace stt {

/// A random number kept with a GstClock object: elements on one clock announce the same epoch, and another
/// clock is another epoch. Never 0. Any thread.
uint64_t epoch_of(GstClock* clock);

/// CLOCK_MONOTONIC, ns.
int64_t monotonic_now();

/// Follows one GstClock at a time: it may drift against CLOCK_MONOTONIC, be steered, jump, or be replaced.
/// One thread at a time.
class PipelineClock {
  public:
    /// How the clock is read, as a pair of CLOCK_MONOTONIC and the clock's time at one instant, ns.
    struct Reading {
        int64_t monotonic, clock;
    };

    /// Looks at `clock` where that is due: every `jump_interval` for a jump, and for the line as often as it
    /// is old, every `sample_interval` in the end. True: line() or epoch() has changed. `clock` may be null:
    /// then nothing changes.
    bool observe(GstClock* clock);
    /// The same with a reading that the caller has taken, of the clock of `epoch`.
    bool observe(uint64_t epoch, Reading reading);

    /// Null until a clock was observed.
    explicit operator bool() const { return epoch_ != 0; }
    uint64_t epoch() const { return epoch_; }
    /// The clock's time as a function of CLOCK_MONOTONIC.
    const Affine& line() const { return line_; }

    /// Time between two looks for a jump, ns.
    static constexpr int64_t jump_interval = 10'000'000;
    /// Longest time between two samples for the line, ns.
    static constexpr int64_t sample_interval = 1'000'000'000;
    /// Samples that make a line: half a minute, in which a quartz stays straight to some microseconds.
    static constexpr size_t samples_max = 32;
    /// A reading further off the line than this is a jump, ns. Clocks of audio devices move in steps of up to
    /// 20 ms.
    static constexpr int64_t jump = 40'000'000;
    /// A line is renewed when the newest would be further off it than this in a second, ns: reading two
    /// clocks one after the other is exact to some microseconds.
    static constexpr int64_t tolerance = 20'000;
    /// No clock that plays media is further off than this: two in a hundred.
    static constexpr double skew_max = 0.02;

  private:
    bool observe_line(uint64_t epoch, int64_t now, const Affine& line);
    bool due(int64_t now) const;
    void begin(uint64_t epoch, Reading reading);
    Affine fitted() const;

    uint64_t epoch_ = 0;
    Affine line_;
    int64_t looked_ = 0;  // when it was last looked at, CLOCK_MONOTONIC
    std::deque<Reading> samples_;
};

}  // namespace stt
