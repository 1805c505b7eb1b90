// SPDX-License-Identifier: LGPL-2.1-or-later
/// How the receiver's running times come of the sender's: see docs/media-time.md.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "gst/anchor.hpp"
#include "gst/metadata.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/smooth_map.hpp"

namespace stt {

/// The time of the pipeline here, at one instant.
struct LocalTime {
    GstClockTime running_time = GST_CLOCK_TIME_NONE;  ///< none: the pipeline has no clock yet
    GstClockTime base_time = 0;
    GstClockTime latency = 0;         ///< what sttsrc answers to LATENCY
    const void* pipeline = nullptr;   ///< of AnchorKey
    uint64_t epoch = 0;               ///< epoch_of() the pipeline's clock
    Affine clock{};                   ///< the pipeline's clock as a function of CLOCK_MONOTONIC
    int64_t monotonic = 0;            ///< CLOCK_MONOTONIC
    std::optional<Affine> from_peer;  ///< this CLOCK_MONOTONIC as a function of the sender's, once estimated
};

/// Streaming thread only.
class Timeline {
  public:
    /// `rebase`: map the sender's times; otherwise segments and timestamps pass as they are.
    explicit Timeline(bool rebase) : rebase_(rebase) {}

    /// What follows is to be understood by this segment of the sender's, and by this timing.
    void set_segment(const GstSegment& segment);
    void set_timing(const Timing& timing) { timing_ = timing; }
    /// Another run of the sender: its clock cannot be compared with the one before.
    void forget();

    bool has_segment() const { return has_segment_; }
    bool live() const { return timing_.live; }
    const Timing& timing() const { return timing_; }
    /// Whether an item should be waited for before the segment is pushed: it will say where the sender's time
    /// lies.
    bool wants_anchor() const;

    /// An item with `timestamp` comes next. True: segment() is another one from here on, as playout jumps; of
    /// the first item always.
    bool place(GstClockTime timestamp, const LocalTime& here);
    /// The segment for downstream.
    GstSegment segment() const;
    /// A timestamp as it is in segment(). None for none; times before 0 become 0.
    GstClockTime map(GstClockTime timestamp);
    /// The same, without a promise that it stays so.
    GstClockTime mapped(GstClockTime timestamp) const;
    /// Sets `buffer`'s PTS, DTS and duration to what they are in segment().
    void map(GstBuffer* buffer);
    /// The running time at the sender as a function of the one here, for what comes next.
    Affine to_sender() const;
    /// The sender's running time of `timestamp`; none outside of the segment.
    GstClockTime sender_running_time(GstClockTime timestamp) const;

    /// A difference larger than this is a discontinuity; a smaller one is slewed, ns. GStreamer's audio sinks
    /// resynchronise from the same value on (alignment-threshold).
    static constexpr int64_t jump = 40'000'000;

    /// How far ahead a duration fixes the time that follows it, ns. An image that stands for an hour must not
    /// keep the clocks from being followed.
    static constexpr GstClockTime fixed_ahead = GST_SECOND;

  private:
    bool place_live(int64_t running_time, const LocalTime& here);
    bool place_stored(int64_t running_time, const LocalTime& here);
    bool set_shift(int64_t shift);
    std::optional<Affine> line(int64_t running_time, const LocalTime& here);
    std::optional<int64_t> running_time(GstClockTime timestamp) const;
    /// What a timestamp is to be moved by, ns.
    int64_t correction(int64_t running_time) const;

    bool rebase_;
    bool has_segment_ = false;
    GstSegment segment_{};  // the sender's
    Timing timing_;
    std::optional<int64_t>
        shift_;  // running time here minus the sender's, of the segment that was pushed, ns
    // Live.
    SmoothMap map_;                // of the sender's running time to the one here
    std::optional<Affine> guess_;  // in place of LocalTime::from_peer until that is there
    // Not live.
    std::shared_ptr<Anchor> anchor_;
    AnchorKey anchored_as_;
};

}  // namespace stt
