// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tracks how far a stream has been pushed and whether data is missing before the next buffer.
#pragma once

#include <gst/gst.h>

#include "gst/owned.hpp"

namespace stt {

/// Used on the streaming thread. Timestamps are those pushed downstream.
class Continuity {
  public:
    /// The sender has begun another segment: timestamps before and after it cannot be compared.
    void begin() { end_ = GST_CLOCK_TIME_NONE; }
    /// Records that data is missing before the next buffer. `duration` is the part of it that is known, ns; 0
    /// means that nothing is known.
    void miss(GstClockTime duration) {
        missing_ = true;
        missing_duration_ += duration;
    }
    /// Returns the GAP event to be pushed before `buffer`. `known` says whether the buffer lies in a TIME
    /// segment that plays forwards. Returns null if nothing is missing or if the start of the gap is unknown.
    EventPtr gap_before(GstBuffer* buffer, bool known);
    /// Records what was pushed.
    void pass(GstBuffer* buffer);
    void pass(GstClockTime start, GstClockTime duration);

  private:
    GstClockTime end_ = GST_CLOCK_TIME_NONE;  // end of what was pushed last, ns; none: nothing was pushed
    bool missing_ = false;
    GstClockTime missing_duration_ = 0;
};

}  // namespace stt
