// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decides when sttsrc must push a SEGMENT, and with which sequence number.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "gst/owned.hpp"

namespace stt {

/// Used on the streaming thread.
class PushedSegment {
  public:
    /// Sets whether the segment may have changed, so that next() must be called before the next item.
    void set_due(bool due) { due_ = due; }
    bool due() const { return due_; }
    /// Sets the local sequence number of the sender's SEGMENT.
    void set_seqnum(uint32_t seqnum) { seqnum_ = seqnum; }
    /// Downstream has no segment any more, or not that of the current stream.
    void forget() { pushed_.reset(); }

    /// Returns the SEGMENT event to be pushed, or null if none is due or downstream has it. The event counts
    /// as pushed.
    /// @param segment the segment in force
    /// @param repeatable whether the sender may repeat a segment: an equal one with another sequence number
    /// is then pushed too
    EventPtr next(const GstSegment& segment, bool repeatable);

    /// The segment that downstream has, or null if it has none.
    const std::optional<GstSegment>& pushed() const { return pushed_; }
    /// The sequence number of the segment pushed last, or GST_SEQNUM_INVALID.
    uint32_t pushed_seqnum() const { return pushed_seqnum_; }

  private:
    bool due_ = true;
    uint32_t seqnum_ = GST_SEQNUM_INVALID;
    std::optional<GstSegment> pushed_;
    uint32_t pushed_seqnum_ = GST_SEQNUM_INVALID;
};

}  // namespace stt
