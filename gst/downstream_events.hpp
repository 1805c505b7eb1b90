// SPDX-License-Identifier: LGPL-2.1-or-later
/// Pushes the events of a stream downstream in the order that pads require: STREAM_START, CAPS, SEGMENT, and
/// then those that had to wait for the segment.
#pragma once

#include <gst/gst.h>

#include "gst/held_events.hpp"
#include "gst/item_times.hpp"
#include "gst/local_ids.hpp"
#include "gst/owned.hpp"
#include "gst/pushed_segment.hpp"
#include "gst/stream_start.hpp"

namespace stt {

/// The results are GST_FLOW_FLUSHING if the pad is flushing after the push, and GST_FLOW_OK otherwise. Used
/// on the streaming thread.
class DownstreamEvents {
  public:
    /// `pad` is the source pad of an element. All arguments outlive this object.
    /// @param times maps the times of events and gives the segment
    /// @param ids makes a STREAM_START if the sender has sent none
    DownstreamEvents(GstPad* pad, ItemTimes& times, LocalIds& ids) : pad_(pad), times_(times), ids_(ids) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    void start();
    /// Announces that further events are of another run of the sender. A STREAM_START precedes them.
    void begin_run() { start_due_ = true; }
    /// Pushes what is held of the sender's run that ends here, and forgets the rest of it.
    void end_run();
    /// Downstream was flushed, and has no segment any more.
    void flushed();

    /// Pushes the sender's STREAM_START unless it is repeated, as by a peer that has returned.
    GstFlowReturn start_stream(EventPtr event);
    /// Sets the caps, which are pushed at once. If that fails, they precede the next segment.
    GstFlowReturn set_caps(EventPtr caps);
    /// Sets the local sequence number of the sender's segment.
    void set_segment_seqnum(uint32_t seqnum) { segment_.set_seqnum(seqnum); }
    /// The segment may have changed: push_held() pushes it if it has.
    void renew_segment() { segment_.set_due(true); }
    /// Pushes an event at once, apart from a STREAM_START that must precede it.
    GstFlowReturn push(EventPtr event);
    /// Pushes an event behind all that is due. If times are not known yet, it is held.
    GstFlowReturn push_in_order(EventPtr event);

    /// Whether push_held() must be called before the next item.
    bool due() const { return segment_.due() || !held_.empty(); }
    /// Whether events are held.
    bool holds_events() const { return !held_.empty(); }
    /// Whether the current run has neither sent a STREAM_START nor made one necessary.
    bool start_due() const { return start_due_; }
    /// Pushes all that is due: caps, the segment and what is held.
    GstFlowReturn push_held();
    /// Does the same without waiting for the first item, which may still change the segment.
    GstFlowReturn release_held();
    /// Pushes everything left at the end of the stream, unless nothing has arrived.
    GstFlowReturn finish_stream();
    /// Returns an EOS with the sequence number of the segment, as GstBaseSrc does.
    EventPtr eos() const;
    /// Pushes `eos` and, if it is due, a STREAM_START before it.
    GstFlowReturn push_eos(EventPtr eos);

    /// The segment that downstream has, or null if it has none.
    const std::optional<GstSegment>& segment() const { return segment_.pushed(); }

  private:
    void end_held();
    GstFlowReturn push_start();
    GstFlowReturn push_caps();
    GstFlowReturn push_segment();
    GstFlowReturn push_now(EventPtr event);

    GstPad* const pad_;
    ItemTimes& times_;
    LocalIds& ids_;
    StartHold start_hold_;
    bool start_due_ = true;      // a STREAM_START must be pushed before anything else
    uint32_t start_seqnum_ = 0;  // of the last STREAM_START
    EventPtr start_, caps_;      // not pushed yet
    PushedSegment segment_;
    HeldEvents held_;
};

}  // namespace stt
