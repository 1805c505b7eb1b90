// SPDX-License-Identifier: LGPL-2.1-or-later
/// A GstClock that runs at the rate of a sender's clock.
#pragma once

#include <gst/gst.h>

#include <map>
#include <mutex>
#include <optional>

#include "gst/affine.hpp"

namespace stt {

/// Returns a clock derived from GstSystemClock, which shows CLOCK_MONOTONIC until it is given a rate to
/// follow. The caller owns the reference.
GstClock* sender_clock_new();
/// Sets the rate at which the clock is to run relative to CLOCK_MONOTONIC. `rate` is limited to 1 ± 5 %. The
/// clock approaches it within some seconds, and the time shown is continuous. It may be called at any
/// interval; the last rate stays in force. Callable from any thread.
void sender_clock_follow(GstClock* clock, double rate);
/// Returns the clock's time as an exact function of CLOCK_MONOTONIC, or null if `clock` was not created here.
/// Callable from any thread.
std::optional<Affine> sender_clock_line(GstClock* clock);

/// The clocks of this process by the epoch of the sender's clock that they follow. It holds weak references
/// only. Thread-safe.
class SenderClocks {
  public:
    static SenderClocks& process();
    ~SenderClocks();

    /// Returns a new reference to the clock that follows the sender's clock of `epoch`, or null if there is
    /// none.
    GstClock* find(uint64_t epoch);
    /// Registers that `clock` follows the sender's clock of `epoch`, unless another clock does already.
    void add(uint64_t epoch, GstClock* clock);
    size_t size() const;

  private:
    mutable std::mutex mutex_;
    std::map<uint64_t, GWeakRef> clocks_;  // each clock at most once; under mutex_
};

}  // namespace stt
