// SPDX-License-Identifier: LGPL-2.1-or-later
/// How the receiver's running times come of the sender's. Buffers keep their timestamps; what is shifted is
/// the segment they are read against.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>

namespace stt {

/// Streaming thread only.
class Timeline {
  public:
    /// `rebase`: map the sender's times; otherwise segments pass as they are.
    explicit Timeline(bool rebase) : rebase_(rebase) {}

    /// The sender's segment, and its element's base time: running time plus base time is the sender's clock,
    /// which goes on evenly through its flushes and pauses.
    void set_segment(const GstSegment& segment, GstClockTime base_time);
    /// Another run of the sender: its clock cannot be compared with the one before.
    void forget();

    bool has_segment() const { return has_segment_; }
    const GstSegment& sender_segment() const { return segment_; }

    /// Whether an item should be waited for before the segment is pushed: it will say where the sender's time
    /// lies.
    bool wants_anchor() const;
    /// The first item with a time after the segment: `timestamp` is to play at `now` (running time here). No
    /// effect once anchored; without either time the sender's running times are taken as they are.
    void anchor(GstClockTime timestamp, GstClockTime now);

    /// The segment for downstream.
    GstSegment segment() const;
    /// What is added to the sender's running time, ns.
    int64_t shift() const;
    /// The sender's running time of `timestamp`; none outside of the segment.
    GstClockTime sender_running_time(GstClockTime timestamp) const;

  private:
    bool rebase_;
    bool has_segment_ = false;
    GstSegment segment_{};
    GstClockTime base_time_ = 0;
    std::optional<int64_t> offset_;  // running time here minus the sender's clock, ns
};

}  // namespace stt
