// SPDX-License-Identifier: LGPL-2.1-or-later
/// Converts the messages that arrive at sttsrc to events and buffers, and pushes them in order to its source
/// pad.
#pragma once

#include <gst/base/gstbasesrc.h>

#include <optional>

#include "gst/buffer_batch.hpp"
#include "gst/clock_provider.hpp"
#include "gst/connection.hpp"
#include "gst/continuity.hpp"
#include "gst/downstream_events.hpp"
#include "gst/element_settings.hpp"
#include "gst/injected_events.hpp"
#include "gst/item_times.hpp"
#include "gst/lateness.hpp"
#include "gst/local_ids.hpp"
#include "gst/message_decoder.hpp"
#include "gst/playout_board.hpp"
#include "gst/sender_runs.hpp"

namespace stt {

/// Pushes by itself instead of by way of GstBaseSrc. The latter would push its own SEGMENT before the first
/// buffer only, and would drop what create() returned if the pipeline was paused meanwhile. Used on the
/// streaming thread, except where noted.
class Receiver {
  public:
    /// `connection` belongs to `element`, which owns the receiver too. The destructor uses neither.
    Receiver(GstBaseSrc* element, Connection& connection);

    /// Resets the state. Called while no streaming thread runs.
    void start(Timestamps timestamps);
    /// Releases unused memory. Called while no streaming thread runs.
    void stop() { decoder_.stop(); }

    /// Passes one message downstream or, if it is a buffer, may add it to the batch. An error means that the
    /// message is malformed.
    Result<GstFlowReturn> take(const InMessage& message);
    /// Pushes the batch.
    GstFlowReturn finish_batch() { return batch_.push(); }
    /// How many of the latest messages are still in the batch.
    size_t batched() const { return batch_.size(); }
    /// Called when nothing has arrived for a while: pushes the events that wait for the time of the first
    /// buffer.
    GstFlowReturn release_held() { return downstream_.release_held(); }
    bool holds_events() const { return downstream_.holds_events(); }
    /// Called on FLUSH_STOP, after which downstream has no segment. Called while no streaming thread runs, or
    /// with the source pad's stream lock held.
    void flushed();
    /// Pushes the injected events.
    GstFlowReturn take_injected();
    /// Pushes everything left at the end of the stream. Another stream may follow.
    GstFlowReturn finish_stream();
    /// Pushes everything left, then `eos`. No other stream follows.
    GstFlowReturn end(EventPtr eos);
    /// Returns an EOS for the sender's stream with the sequence number of its segment, as GstBaseSrc does.
    EventPtr eos() const { return downstream_.eos(); }

    /// Queues an event of the application, to be pushed before the next message or by take_injected().
    /// Callable from any thread.
    void inject(EventPtr event) { injected_.add(std::move(event)); }
    /// Records that a stream was opened, which belongs to the sender's run `instance`. Callable from any
    /// thread, before the stream's first message is taken.
    void opened(uint64_t instance) { runs_.opened(instance); }
    /// Announces that further messages are of stream `number`, which counts streams from 0 in the order of
    /// opening. Reads the clocks.
    void read_stream(uint64_t number);
    /// What is known of the playout of the current stream. Callable from any thread.
    const PlayoutBoard& playout() const { return playout_; }
    /// Returns how long after its running time an item is played, which is the answer to the LATENCY query,
    /// ns. Callable from any thread.
    GstClockTime latency() const;
    /// Statistics of how late buffers left the source pad, relative to their running time plus latency().
    /// Callable from any thread.
    const Lateness& lateness() const { return lateness_; }
    /// The clock offered to the pipeline, which runs as fast as the sender's. Callable from any thread.
    ClockProvider& clock_provider() { return clock_provider_; }

  private:
    Result<GstFlowReturn> take_message(const InMessage& message);
    GstFlowReturn take_buffer(BufferPtr buffer);
    GstFlowReturn take_event(EventPtr event);
    GstFlowReturn pass_event(EventPtr event);
    GstFlowReturn pass_gap(EventPtr event);
    GstFlowReturn take_segment(const DecodedSegment& segment);
    void take_timing(const Timing& timing);
    void read_clocks();
    void renew_base_delay();
    void place(GstClockTime timestamp);
    void record_lateness(GstBuffer* buffer);
    bool in_time_segment() const;

    GstBaseSrc* const element_;
    Connection& connection_;

    // Any thread; each says who may call what.
    InjectedEvents injected_;
    PlayoutBoard playout_;
    Lateness lateness_;
    ClockProvider clock_provider_;
    SenderRuns runs_;

    // Streaming thread; reset by start().
    Timestamps timestamps_ = Timestamps::rebase;  // the setting
    MessageDecoder decoder_;
    ItemTimes times_;
    LocalIds ids_;
    DownstreamEvents downstream_;
    BufferBatch batch_;  // precedes everything that is given to downstream_
    Continuity continuity_;
    uint32_t sent_segment_ = 0;  // the sender's sequence number of its SEGMENT; 0: none
};

}  // namespace stt
