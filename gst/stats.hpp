// SPDX-License-Identifier: LGPL-2.1-or-later
/// Statistics in the form for users.
#pragma once

#include <gst/gst.h>

#include <functional>

#include "core/io/link.hpp"
#include "gst/lateness.hpp"

namespace stt {

/// Sets the fields of `application/x-stt-stats` on `structure`. Counters are in packets and bytes, times in
/// microseconds and rates in bits per second.
void set_stats(GstStructure* structure, const LinkStats& stats);

/// Adds what a receiver knows of the sender's clock, ns. Microseconds would be coarser than what can be
/// measured on a local network.
void set_clock(GstStructure* structure, const ClockStats& clock);

/// Adds how punctual the latest buffers of a receiver were, ns.
void set_lateness(GstStructure* structure, const Lateness::Summary& lateness);

/// Calls a function periodically on the thread of the system clock.
class PeriodicCall {
  public:
    ~PeriodicCall() { stop(); }
    /// Starts the calls. `interval_ms` must be positive, and `call` must not block. It returns false when it
    /// need not be called again. A call in progress may outlast stop().
    void start(uint32_t interval_ms, std::function<bool()> call);
    void stop();

  private:
    GstClockID id_ = nullptr;
};

}  // namespace stt
