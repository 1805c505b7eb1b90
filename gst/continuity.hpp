// SPDX-License-Identifier: LGPL-2.1-or-later
/// How far the stream has been pushed, and that something is missing before what comes next.
#pragma once

#include <gst/gst.h>

#include "gst/owned.hpp"

namespace stt {

/// Streaming thread. Timestamps are those pushed.
class Continuity {
  public:
    /// Another segment of the sender's: timestamps before and after do not compare.
    void begin() { end_ = GST_CLOCK_TIME_NONE; }
    /// Something is missing before what comes next; `duration` of it is known, ns, 0: of nothing.
    void miss(GstClockTime duration) {
        missing_ = true;
        missing_duration_ += duration;
    }
    /// The GAP event to be pushed before `buffer`, which lies in a TIME segment that plays forwards or not:
    /// `known`. Null where nothing is missing, or nobody knows from when on.
    EventPtr gap_before(GstBuffer* buffer, bool known);
    /// This was pushed.
    void pass(GstBuffer* buffer);
    void pass(GstClockTime start, GstClockTime duration);

  private:
    GstClockTime end_ = GST_CLOCK_TIME_NONE;  // of what was pushed last; none: nothing was
    bool missing_ = false;
    GstClockTime missing_duration_ = 0;
};

}  // namespace stt
