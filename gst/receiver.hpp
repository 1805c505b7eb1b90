// SPDX-License-Identifier: LGPL-2.1-or-later
/// What sttsrc does with the messages that arrive: events and buffers, in order, to its source pad.
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

/// Pushes by itself instead of through GstBaseSrc, which would put its own SEGMENT in front of the first
/// buffer only, and drop what create() returned when the pipeline was paused meanwhile. Streaming thread,
/// except where noted.
class Receiver {
  public:
    explicit Receiver(GstBaseSrc* element);

    /// Begins anew; while no streaming thread runs.
    void start(Timestamps timestamps);

    /// Passes one message on or, if it is a buffer, gathers it. Error: the message is malformed.
    Result<GstFlowReturn> take(const InMessage& message);
    /// Passes on what was gathered.
    GstFlowReturn finish_batch();
    /// How many of the messages taken last are still gathered.
    size_t batched() const { return run_.batch.size(); }
    /// Nothing came for a while: passes on the events that were to follow the first buffer's time.
    GstFlowReturn release_held();
    bool holds_events() const { return !run_.held.empty(); }
    /// FLUSH_STOP came: downstream has lost its segment. While no streaming thread runs, or with the source
    /// pad's stream lock.
    void flushed();
    /// Passes on what was injected.
    GstFlowReturn take_injected();
    /// The end of the stream: everything left. Another stream may follow.
    GstFlowReturn finish_stream();
    /// The end of everything: what is left, and `eos`.
    GstFlowReturn end(EventPtr eos);
    /// EOS of the sender's stream: with the number of its segment, as GstBaseSrc has it.
    EventPtr eos() const;

    /// Passes `event`, which the application made, on before the next message or by take_injected(). Any
    /// thread.
    void inject(EventPtr event);
    /// A stream was opened, of the sender's run `instance`. Any thread, before its first message is taken.
    void opened(uint64_t instance);
    /// The messages taken next are of stream `number`, counted from 0 as they were opened. Looks at the
    /// clocks.
    void read_stream(uint64_t number);
    /// The running time at the sender that is `here` at this end; none: before its start. Any thread.
    GstClockTime sender_running_time_at(GstClockTime here) const;
    /// How long after its time an item is to be played: the answer to the LATENCY query, ns. Any thread.
    GstClockTime latency() const;
    /// Whether the stream is live at its origin; null: none has come yet. Any thread.
    std::optional<bool> live() const;
    /// How late buffers left by the source pad, against their running time and latency(). Any thread.
    const Lateness& lateness() const { return lateness_; }
    /// The clock for the pipeline, which runs as the sender's. Any thread.
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
    /// Of one run from READY to PAUSED and back.
    struct Run {
        Timestamps timestamps = Timestamps::rebase;
        bool stamp_arrival = false;
        int64_t buffers_left = -1;  // of num-buffers; negative: no limit
        Timeline timeline{false};
        PipelineClock clock;
        LocalTime here;                 // as it was when the messages at hand were taken
        Time arrived{};                 // when the message at hand did; none: it is the application's
        bool estimate_awaited = false;  // once in a run: a peer may have none to give
        bool place_due = true;          // the next item with a time is to be placed on the timeline
        bool segment_due = true;
        uint32_t segment_sent = 0, segment_seqnum = 0;  // number of the sender's SEGMENT, there and here
        std::optional<GstSegment> pushed_segment;
        uint32_t pushed_seqnum = 0;
        EventPtr start, caps;          // not yet pushed
        std::vector<EventPtr> ended;   // of ended_by_another_run(); they go before those held
        std::vector<EventPtr> held;    // they follow a segment that waits for the first timestamp
        std::vector<BufferPtr> batch;  // due together
        bool discont = false;
        bool resync = false;  // the next buffer plays at another time than follows from the last
        Continuity continuity;
        LocalIds ids;
        bool start_due = true;           // a STREAM_START is to be pushed before anything else
        uint32_t start_seqnum = 0;       // of the last one
        std::optional<uint64_t> stream;  // the number of the one being read
        uint64_t instance = 0;           // its sender's run
    } run_;
    StartHold start_hold_;
    std::mutex injected_mutex_;
    std::vector<EventPtr> injected_;  // under the mutex
    std::atomic<bool> has_injected_ = false;
    std::mutex opened_mutex_;
    std::map<uint64_t, uint64_t> opened_;  // under the mutex: instances of streams not yet read, by number
    uint64_t opened_count_ = 0;            // under the mutex
    mutable std::mutex stream_mutex_;
    /// What other threads ask for; under stream_mutex_.
    struct Stream {
        std::optional<bool> live;
        GstClockTime sender_latency = 0, base_delay = 0;
        Affine to_sender{};  // running time there as a function of running time here
    } stream_;
};

}  // namespace stt
