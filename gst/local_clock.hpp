// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reads the time of sttsrc's pipeline.
#pragma once

#include <gst/gst.h>

#include "core/base/time.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/timeline.hpp"

namespace stt {

/// The clock is read once for all messages that were taken together, as it is expensive to read it for each
/// of a million small buffers per second. Used on the streaming thread.
class LocalClock {
  public:
    /// `element` outlives the clock.
    explicit LocalClock(GstElement* element) : element_(element) {}

    /// Forgets all readings. Called while no streaming thread runs.
    void start();

    /// Reads the pipeline's clock. Returns false if the pipeline has none yet: now() has no running time
    /// then, and keeps the rest of what it had.
    bool read();
    /// Returns the local time as of the last read(). `latency` and `from_peer` are not set here.
    const LocalTime& now() const { return now_; }
    LocalTime& now() { return now_; }

    /// Returns the local running time of `time`, when a message arrived, however late this thread has taken
    /// it. If that is unknown, the result is the running time at this moment. It is none if the pipeline has
    /// no clock.
    /// @param time as of CLOCK_MONOTONIC; 0: the message has not come over the network
    GstClockTime running_time_at(Time time) const;

  private:
    GstElement* const element_;
    PipelineClock line_;
    LocalTime now_;
};

}  // namespace stt
