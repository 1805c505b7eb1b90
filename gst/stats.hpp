// SPDX-License-Identifier: LGPL-2.1-or-later
/// Statistics as users read them.
#pragma once

#include <gst/gst.h>

#include <functional>

#include "core/io/link.hpp"
#include "gst/lateness.hpp"

namespace stt {

/// Sets the fields of `application/x-stt-stats` on `structure`. Counters in packets and bytes, times in
/// microseconds, rates in bits per second.
void set_stats(GstStructure* structure, const LinkStats& stats);

/// … and what a receiver knows of the sender's clock, ns: a microsecond would be coarser than what is
/// measured on a local network.
void set_clock(GstStructure* structure, const ClockStats& clock);

/// … and how punctual the latest buffers of a receiver were, ns.
void set_lateness(GstStructure* structure, const Lateness::Summary& lateness);

/// Calls back at an interval on the system clock's thread.
class PeriodicCall {
  public:
    ~PeriodicCall() { stop(); }
    /// `interval_ms` > 0. `call` must not block; one that has begun may outlast stop().
    void start(uint32_t interval_ms, std::function<void()> call);
    void stop();

  private:
    GstClockID id_ = nullptr;
};

}  // namespace stt
