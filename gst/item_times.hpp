// SPDX-License-Identifier: LGPL-2.1-or-later
/// The times of the items that sttsrc pushes: mapped from the sender's, unchanged, or those of arrival.
#pragma once

#include <functional>
#include <optional>

#include "gst/element_settings.hpp"
#include "gst/local_clock.hpp"
#include "gst/owned.hpp"
#include "gst/timeline.hpp"

namespace stt {

/// Used on the streaming thread.
class ItemTimes {
  public:
    /// Returns the local CLOCK_MONOTONIC as a function of the sender's. Waits at most `patience` for an
    /// estimate, and returns null if there is none.
    using PeerClockEstimate = std::function<std::optional<Affine>(Duration patience)>;

    /// `element` outlives this object.
    ItemTimes(GstElement* element, PeerClockEstimate from_peer_clock)
        : clock_(element), from_peer_clock_(std::move(from_peer_clock)) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    /// @param timestamps which times the items get
    void start(Timestamps timestamps);
    /// Another run of the sender begins, of which neither segment nor timing is known yet.
    void begin_run();
    /// Downstream was flushed. The application may have reset the running time.
    void flushed();

    /// Reads the local clock and the estimate of the sender's for the messages that follow. The next item is
    /// placed anew. Returns false if the pipeline has no clock yet.
    /// @param latency what sttsrc answers to LATENCY, ns
    bool read_clocks(GstClockTime latency);
    /// Sets when the message arrived to which the following items belong; 0: the application has sent it.
    void set_arrived(Time arrived) { arrived_ = arrived; }
    /// Set the sender's segment and timing. The next item is placed anew.
    void set_segment(const GstSegment& segment);
    void set_timing(const Timing& timing);

    /// What place() has found.
    enum class Placed : uint8_t {
        unchanged,  ///< nothing was due, and everything is as before
        evenly,     ///< the mapping may have changed, but segment() and playout continue
        first,      ///< segment() has changed, as this is the first item
        jump,       ///< segment() has changed, as playout jumps
    };
    /// Determines where the next item, of time `timestamp`, lies on the local timeline.
    Placed place(GstClockTime timestamp);
    /// Whether the next item with a time will show where the sender's time lies.
    bool wants_anchor() const { return timeline_.wants_anchor(); }
    /// Whether the times of events cannot be mapped yet.
    bool unplaced() const;

    /// Replaces the sender's times in `buffer`, which must be writable, by local ones. The sender's are kept
    /// in a reference timestamp.
    void stamp(GstBuffer* buffer);
    /// Returns `event` with its times replaced by local ones.
    EventPtr map(EventPtr event);
    /// Returns the segment in which these times lie.
    GstSegment segment() const;
    /// Whether the sender has sent a segment.
    bool has_segment() const { return timeline_.has_segment(); }
    /// Whether the items get the times of their arrival, whatever the sender's segments are.
    bool by_arrival() const { return timestamps_ == Timestamps::arrival; }

    const LocalTime& now() const { return clock_.now(); }
    const Timing& timing() const { return timeline_.timing(); }
    /// Returns the rate of the sender's clock relative to the local CLOCK_MONOTONIC, or null while it is
    /// unknown.
    std::optional<double> sender_rate() const;
    /// Returns the sender's running time as a function of the local one, for what comes next.
    Affine to_sender() const { return timeline_.to_sender(); }

    /// How long the first item of a live stream waits for an estimate of the sender's clock, which takes
    /// three round trips. Without an estimate the item plays by its arrival, and playout is corrected when
    /// there is one.
    static constexpr Duration estimate_patience = 500ms;

  private:
    void stamp_arrival(GstBuffer* buffer) const;

    Timestamps timestamps_ = Timestamps::rebase;
    LocalClock clock_;
    const PeerClockEstimate from_peer_clock_;
    Timeline timeline_{false};
    Time arrived_{};                 // arrival of the current message; 0: injected
    bool place_due_ = true;          // the next item with a time must be placed on the timeline
    bool estimate_awaited_ = false;  // the wait takes place once in a run, as a peer may have no estimate
};

}  // namespace stt
