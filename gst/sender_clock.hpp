// SPDX-License-Identifier: LGPL-2.1-or-later
/// A GstClock that runs as fast as a sender's clock.
#pragma once

#include <gst/gst.h>

#include <map>
#include <mutex>
#include <optional>

#include "gst/affine.hpp"

namespace stt {

/// A clock as of GstSystemClock, which shows CLOCK_MONOTONIC until it is given a rate to follow. Owned by the
/// caller.
GstClock* sender_clock_new();
/// `rate`: how fast it is to run against CLOCK_MONOTONIC, within 5 % of 1. It is approached in some seconds;
/// the time shown is continuous. Called at any interval; as nobody calls, the last rate stays. Any thread.
void sender_clock_follow(GstClock* clock, double rate);
/// Its time as a function of CLOCK_MONOTONIC, exactly; null: not a clock made here. Any thread.
std::optional<Affine> sender_clock_line(GstClock* clock);

/// The clocks of this process by the sender's clock they follow. They are held by their users alone. Any
/// thread.
class SenderClocks {
  public:
    static SenderClocks& process();
    ~SenderClocks();

    /// The one that follows the sender's clock of `epoch`, a reference of the caller's; null: none does.
    GstClock* find(uint64_t epoch);
    /// From now on `clock` follows that of `epoch`, unless another one does already.
    void add(uint64_t epoch, GstClock* clock);
    size_t size() const;

  private:
    mutable std::mutex mutex_;
    std::map<uint64_t, GWeakRef> clocks_;  // under mutex_; each clock once
};

}  // namespace stt
