// SPDX-License-Identifier: LGPL-2.1-or-later
/// Converts the messages that arrive at sttsrc to events and buffers, and pushes them in order to its source
/// pad.
#pragma once

#include <gst/base/gstbasesrc.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "gst/clock_provider.hpp"
#include "gst/continuity.hpp"
#include "gst/element_settings.hpp"
#include "gst/lateness.hpp"
#include "gst/local_ids.hpp"
#include "gst/metadata.hpp"
#include "gst/stream_start.hpp"
#include "gst/timeline.hpp"

namespace stt {

/// Pushes by itself instead of by way of GstBaseSrc. The latter would push its own SEGMENT before the first
/// buffer only, and would drop what create() returned if the pipeline was paused meanwhile. Used on the
/// streaming thread, except where noted.
class Receiver {
  public:
    explicit Receiver(GstBaseSrc* element);

    /// Resets the state. Called while no streaming thread runs.
    void start(Timestamps timestamps);

    /// Passes one message downstream or, if it is a buffer, may add it to the batch. An error means that the
    /// message is malformed.
    Result<GstFlowReturn> take(const InMessage& message);
    /// Pushes the batch.
    GstFlowReturn finish_batch();
    /// How many of the latest messages are still in the batch.
    size_t batched() const { return run_.batch.size(); }
    /// Called when nothing has arrived for a while: pushes the events that wait for the time of the first
    /// buffer.
    GstFlowReturn release_held();
    bool holds_events() const { return !run_.held.empty(); }
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
    EventPtr eos() const;

    /// Queues an event of the application, to be pushed before the next message or by take_injected().
    /// Callable from any thread.
    void inject(EventPtr event);
    /// Records that a stream was opened, which belongs to the sender's run `instance`. Callable from any
    /// thread, before the stream's first message is taken.
    void opened(uint64_t instance);
    /// Announces that further messages are of stream `number`, which counts streams from 0 in the order of
    /// opening. Reads the clocks.
    void read_stream(uint64_t number);
    /// Returns the sender's running time for the local running time `here`, or none if it is before the
    /// start. Callable from any thread.
    GstClockTime sender_running_time_at(GstClockTime here) const;
    /// Returns how long after its running time an item is played, which is the answer to the LATENCY query,
    /// ns. Callable from any thread.
    GstClockTime latency() const;
    /// Returns whether the stream is live at its source, or null before the first timing has arrived.
    /// Callable from any thread.
    std::optional<bool> live() const;
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
    GstFlowReturn take_segment(const DecodedSegment& segment);
    GstFlowReturn start_stream(EventPtr event);
    GstFlowReturn push_event(EventPtr event);
    GstFlowReturn push_now(EventPtr event);
    GstFlowReturn push_start();
    GstFlowReturn push_caps();
    GstFlowReturn push_segment();
    GstFlowReturn push_held();
    void end_held();
    void place(GstClockTime timestamp);
    void stamp(GstBuffer* buffer);
    bool joins_batch(GstBuffer* buffer) const;
    void take_timing(const Timing& timing);
    void look_at_clocks();
    void follow_sender();
    void record_lateness(GstBuffer* buffer);
    void renew_base_delay();
    GstClockTime now() const;
    std::optional<GstClockTime> arrival() const;
    GstClockTime arrival_time() const;
    bool counted_out() const { return run_.buffers_left == 0; }

    GstBaseSrc* const element_;
    MetaDecoder metas_;
    Lateness lateness_;
    ClockProvider clock_provider_;
    /// The state of one run from READY to PAUSED and back.
    struct Run {
        Timestamps timestamps = Timestamps::rebase;
        bool stamp_arrival = false;
        int64_t buffers_left = -1;  // of num-buffers; negative: no limit
        Timeline timeline{false};
        PipelineClock clock;
        LocalTime here;                 // as of when the current messages were taken
        Time arrived{};                 // arrival of the current message; 0: injected
        bool estimate_awaited = false;  // the wait takes place once in a run, as a peer may have no estimate
        bool place_due = true;          // the next item with a time must be placed on the timeline
        bool segment_due = true;
        uint32_t segment_sent = 0,
                 segment_seqnum = 0;  // sequence number of the sender's SEGMENT, there and here
        std::optional<GstSegment> pushed_segment;
        uint32_t pushed_seqnum = 0;
        EventPtr start, caps;          // not pushed yet
        std::vector<EventPtr> ended;   // from ended_by_another_run(); pushed before `held`
        std::vector<EventPtr> held;    // events that follow a segment which waits for the first timestamp
        std::vector<BufferPtr> batch;  // buffers that are due together
        bool discont = false;
        bool resync = false;  // the time of the next buffer is not continuous with the last
        Continuity continuity;
        LocalIds ids;
        bool start_due = true;           // a STREAM_START must be pushed before anything else
        uint32_t start_seqnum = 0;       // of the last STREAM_START
        std::optional<uint64_t> stream;  // the number of the current stream
        uint64_t instance = 0;           // the sender's run of the current stream
    } run_;
    StartHold start_hold_;
    std::mutex injected_mutex_;
    std::vector<EventPtr> injected_;  // under injected_mutex_
    std::atomic<bool> has_injected_ = false;
    std::mutex opened_mutex_;
    std::map<uint64_t, uint64_t>
        opened_;                 // instances of streams not read yet, by number; under opened_mutex_
    uint64_t opened_count_ = 0;  // under opened_mutex_
    mutable std::mutex stream_mutex_;
    /// What other threads read; under stream_mutex_.
    struct Stream {
        std::optional<bool> live;
        GstClockTime sender_latency = 0, base_delay = 0;
        Affine to_sender{};  // the sender's running time as a function of the local one
    } stream_;
};

}  // namespace stt
