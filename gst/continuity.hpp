// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tracks how far a stream has been pushed, and whether the next buffer continues it.
#pragma once

#include <gst/gst.h>

#include "gst/owned.hpp"

namespace stt {

/// Used on the streaming thread. Timestamps are those pushed downstream.
class Continuity {
  public:
    /// The sender has begun another segment: timestamps before and after it cannot be compared.
    void begin() { end_ = GST_CLOCK_TIME_NONE; }
    /// Records that the next buffer does not continue the previous one.
    void interrupt() { discont_ = true; }
    /// Records whether playout jumps at the next buffer.
    void set_jump(bool jump) { resync_ = jump; }
    /// Records that data is missing before the next buffer. `duration` is the part of it that is known, ns; 0
    /// means that nothing is known.
    void miss(GstClockTime duration) {
        interrupt();
        missing_ = true;
        missing_duration_ += duration;
    }
    /// Sets the flags DISCONT and RESYNC of `buffer`, which must be writable and is the next one.
    void mark(GstBuffer* buffer);
    /// Returns the GAP event to be pushed before `buffer`. `known` says whether the buffer lies in a TIME
    /// segment that plays forwards. Returns null if nothing is missing or if the start of the gap is unknown.
    EventPtr gap_before(GstBuffer* buffer, bool known);
    /// Records what was pushed.
    void pass(GstBuffer* buffer);
    void pass(GstClockTime start, GstClockTime duration);

  private:
    GstClockTime end_ = GST_CLOCK_TIME_NONE;  // end of what was pushed last, ns; none: nothing was pushed
    bool discont_ = false;
    bool resync_ = false;
    bool missing_ = false;
    GstClockTime missing_duration_ = 0;
};

}  // namespace stt
