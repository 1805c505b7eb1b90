// SPDX-License-Identifier: LGPL-2.1-or-later
/// Maps the sender's running times to the receiver's; see docs/media-time.md.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "gst/anchor.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/smooth_map.hpp"
#include "gst/timing.hpp"

namespace stt {

/// The time of the local pipeline at one instant.
struct LocalTime {
    GstClockTime running_time = GST_CLOCK_TIME_NONE;  ///< ns; none: the pipeline has no clock yet
    GstClockTime base_time = 0;
    GstClockTime latency = 0;         ///< what sttsrc answers to LATENCY, ns
    const void* pipeline = nullptr;   ///< for AnchorKey
    uint64_t epoch = 0;               ///< epoch_of() the pipeline's clock
    Affine clock{};                   ///< time of that clock as a function of CLOCK_MONOTONIC
    int64_t monotonic = 0;            ///< CLOCK_MONOTONIC, ns
    std::optional<Affine> from_peer;  ///< the local CLOCK_MONOTONIC as a function of the sender's; null
                                      ///< before there is an estimate
};

/// Used on the streaming thread only.
class Timeline {
  public:
    /// If `rebase` is set, the sender's times are mapped; otherwise segments and timestamps pass unchanged.
    explicit Timeline(bool rebase) : rebase_(rebase) {}

    /// Set the sender's segment and the timing for all that follows.
    void set_segment(const GstSegment& segment);
    void set_timing(const Timing& timing) { timing_ = timing; }
    /// Discards the mapping, so that the next item is placed anew. Called after a flush, in which the
    /// application may have reset the running time.
    void forget();

    bool has_segment() const { return has_segment_; }
    bool live() const { return timing_.live; }
    const Timing& timing() const { return timing_; }
    /// Whether the segment should wait for the first item, whose time shows where the sender's time lies.
    bool wants_anchor() const;

    /// Places the next item, which has the time `timestamp`. Returns true if segment() has changed because
    /// playout jumps, and always for the first item.
    bool place(GstClockTime timestamp, const LocalTime& here);
    /// Returns the segment to be pushed downstream.
    GstSegment segment() const;
    /// Maps a timestamp to segment(). None stays none; a negative result becomes 0.
    GstClockTime map(GstClockTime timestamp);
    /// Maps a timestamp likewise, but a later call may yield another value.
    GstClockTime mapped(GstClockTime timestamp) const;
    /// Maps the PTS, DTS and duration of `buffer` to segment().
    void map(GstBuffer* buffer);
    /// Returns the sender's running time as a function of the local one, for what comes next.
    Affine to_sender() const;
    /// Returns the sender's running time of `timestamp`, or none if it lies outside the segment.
    GstClockTime sender_running_time(GstClockTime timestamp) const;

    /// A larger difference is a discontinuity; a smaller one is slewed, ns. GStreamer's audio sinks
    /// resynchronise from the same value on (alignment-threshold).
    static constexpr int64_t jump = 40'000'000;

    /// How far ahead a duration fixes the mapping of later times, ns. An image that is shown for an hour must
    /// not prevent the map from following the clocks.
    static constexpr GstClockTime fixed_ahead = GST_SECOND;

  private:
    bool place_live(int64_t running_time, const LocalTime& here);
    bool place_stored(int64_t running_time, const LocalTime& here);
    bool set_shift(int64_t shift);
    std::optional<Affine> line(int64_t running_time, const LocalTime& here);
    std::optional<int64_t> running_time(GstClockTime timestamp) const;
    /// Returns the correction of a timestamp relative to segment(), ns.
    int64_t correction(int64_t running_time) const;

    bool rebase_;
    bool has_segment_ = false;
    GstSegment segment_{};  // the sender's
    Timing timing_;
    std::optional<int64_t>
        shift_;  // local running time minus the sender's, for the segment that was pushed, ns
    // Live streams.
    SmoothMap map_;                // from the sender's running time to the local one
    std::optional<Affine> guess_;  // replaces LocalTime::from_peer until there is an estimate
    // Stored streams.
    std::shared_ptr<Anchor> anchor_;
    AnchorKey anchored_as_;
};

}  // namespace stt
