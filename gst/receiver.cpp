// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/receiver.hpp"

#include <cinttypes>
#include <utility>
#include <vector>

#include "core/base/overloaded.hpp"
#include "gst/debug.hpp"
#include "gst/sticky.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

int64_t buffer_limit(GstBaseSrc* element) {
    int limit = -1;
    g_object_get(element, "num-buffers", &limit, nullptr);
    return limit;
}

}  // namespace

Receiver::Receiver(GstBaseSrc* element, Connection& connection)
    : element_(element),
      connection_(connection),
      decoder_([this](const Error& error) { connection_.bus().warn(error); }),
      times_(GST_ELEMENT_CAST(element),
             [this](Duration patience) { return connection_.from_peer_clock(patience); }),
      downstream_(GST_BASE_SRC_PAD(element), times_, ids_),
      batch_(GST_BASE_SRC_PAD(element)) {}

void Receiver::start(Timestamps timestamps) {
    timestamps_ = timestamps;
    times_.start(gst_base_src_get_do_timestamp(element_) ? Timestamps::arrival : timestamps);
    ids_ = {};
    downstream_.start();
    batch_.start(buffer_limit(element_));
    continuity_ = {};
    sent_segment_ = 0;
    decoder_.start();
    lateness_.reset();
    injected_.clear();
    runs_.start();
    playout_.reset();
}

GstClockTime Receiver::latency() const {
    return connection_.setting(&Settings::latency) * GST_MSECOND + playout_.added_latency();
}

/// The clocks are read once for all messages that were taken together.
void Receiver::read_clocks() {
    if (!times_.read_clocks(latency())) return;
    if (const std::optional<double> rate = times_.sender_rate())
        clock_provider_.follow(times_.timing().epoch, *rate);
    renew_base_delay();
}

/// The path's base delay is part of the answer to LATENCY.
void Receiver::renew_base_delay() {
    const bool live = times_.timing().live && timestamps_ == Timestamps::rebase;
    if (playout_.set_base_delay(live ? connection_.base_delay() : 0)) connection_.bus().latency_changed();
}

void Receiver::take_timing(const Timing& timing) {
    GST_DEBUG_OBJECT(element_, "the stream is %s, latency %" GST_TIME_FORMAT,
                     timing.live ? "live" : "not live", GST_TIME_ARGS(timing.latency));
    times_.set_timing(timing);
    const bool mapped = timing.live && timestamps_ == Timestamps::rebase;
    // On LATENCY a sttsink downstream also queries again whether the stream is live.
    if (playout_.set_timing(timing.live, mapped ? timing.latency : 0)) connection_.bus().latency_changed();
    renew_base_delay();
}

void Receiver::read_stream(uint64_t number) {
    read_clocks();
    const SenderRuns::Next next = runs_.read(number);
    switch (next) {
        case SenderRuns::Next::same_stream:
            return;
        case SenderRuns::Next::first_run:
            GST_DEBUG_OBJECT(element_, "stream %" PRIu64 " is the first", number);
            // Events held before the first stream are the application's.
            ids_.begin(runs_.instance());
            downstream_.begin_run();
            return;
        case SenderRuns::Next::another_run:
            GST_DEBUG_OBJECT(element_, "stream %" PRIu64 " begins another run of the sender", number);
            downstream_.end_run();
            ids_.begin(runs_.instance());
            downstream_.begin_run();
            times_.begin_run();
            playout_.reset();
            continuity_.begin();
            sent_segment_ = 0;
            break;
        case SenderRuns::Next::same_run:
            GST_DEBUG_OBJECT(element_, "stream %" PRIu64 " continues the sender's run", number);
            break;
    }
    continuity_.interrupt();
    downstream_.renew_segment();
}

void Receiver::flushed() {
    batch_.clear();
    downstream_.flushed();
    times_.flushed();
    continuity_.begin();
    continuity_.interrupt();
}

GstFlowReturn Receiver::take_injected() {
    times_.set_arrived({});
    GstFlowReturn result = GST_FLOW_OK;
    for (EventPtr& event : injected_.take()) {
        const GstFlowReturn flow = take_event(std::move(event));
        if (result == GST_FLOW_OK) result = flow;
    }
    return result;
}

Result<GstFlowReturn> Receiver::take(const InMessage& message) {
    // Messages that meet a flush are discarded, except for the state in them.
    const GstFlowReturn injected = take_injected();
    Result<GstFlowReturn> flow = take_message(message);
    return flow && injected != GST_FLOW_OK ? Result<GstFlowReturn>(injected) : flow;
}

Result<GstFlowReturn> Receiver::take_message(const InMessage& message) {
    Result<Decoded> decoded = decoder_.decode(message);
    if (!decoded) return decoded.error();
    times_.set_arrived(message.arrived);
    if (message.after_cut) continuity_.miss(0);
    return std::visit(Overloaded{
                          [&](BufferPtr& buffer) { return take_buffer(std::move(buffer)); },
                          [&](EventPtr& event) {
                              if (GST_EVENT_TYPE(event.get()) == GST_EVENT_CAPS) {
                                  GstCaps* caps = nullptr;
                                  gst_event_parse_caps(event.get(), &caps);
                                  decoder_.set_caps(caps);
                              }
                              event = ids_.local(std::move(event));
                              return take_event(std::move(event));
                          },
                          [&](DecodedSegment& segment) { return take_segment(segment); },
                          [&](Timing& timing) {
                              const GstFlowReturn flow = finish_batch();
                              take_timing(timing);
                              return flow;
                          },
                          [&](DecodedFlush&) {
                              continuity_.miss(0);
                              return GST_FLOW_OK;
                          },
                          [&](Gap& gap) {
                              GST_DEBUG_OBJECT(element_, "the sender lacks %" PRIu64 " buffers here",
                                               gap.buffers);
                              continuity_.miss(gap.duration);
                              const GstFlowReturn flow = finish_batch();
                              connection_.bus().gap(gap);
                              return flow;
                          },
                          [](DecodedUnknown&) { return GST_FLOW_OK; },
                      },
                      *decoded);
}

/// Determines where the next item lies on the local timeline.
void Receiver::place(GstClockTime timestamp) {
    const ItemTimes::Placed placed = times_.place(timestamp);
    if (placed == ItemTimes::Placed::unchanged) return;
    if (placed != ItemTimes::Placed::evenly) {
        const bool jump = placed == ItemTimes::Placed::jump;
        GST_DEBUG_OBJECT(element_, "the item at %" GST_TIME_FORMAT " is placed anew%s",
                         GST_TIME_ARGS(timestamp), jump ? ", after a jump" : "");
        downstream_.renew_segment();
        continuity_.set_jump(jump);
        // If nothing was pushed before, there is no discontinuity. A stored stream that had to wait continues
        // where it was, only later.
        if (jump && times_.timing().live) continuity_.interrupt();
    }
    playout_.set_to_sender(times_.to_sender());
}

GstFlowReturn Receiver::take_buffer(BufferPtr buffer) {
    if (batch_.counted_out()) return finish_batch();
    place(due_time(buffer.get()));
    if (downstream_.due()) {
        if (const GstFlowReturn flow = finish_batch(); flow != GST_FLOW_OK) return flow;
        if (const GstFlowReturn flow = downstream_.push_held(); flow != GST_FLOW_OK) return flow;
    }
    continuity_.mark(buffer.get());
    times_.stamp(buffer.get());
    record_lateness(buffer.get());
    const bool forwards = in_time_segment() && downstream_.segment()->rate > 0;
    if (EventPtr gap = continuity_.gap_before(buffer.get(), forwards)) {
        if (const GstFlowReturn flow = finish_batch(); flow != GST_FLOW_OK) return flow;
        if (const GstFlowReturn flow = downstream_.push(std::move(gap)); flow != GST_FLOW_OK) return flow;
    }
    if (!batch_.joins(buffer.get())) {
        if (const GstFlowReturn flow = finish_batch(); flow != GST_FLOW_OK) return flow;
    }
    continuity_.pass(buffer.get());
    batch_.add(std::move(buffer));
    return GST_FLOW_OK;
}

bool Receiver::in_time_segment() const {
    return downstream_.segment() && downstream_.segment()->format == GST_FORMAT_TIME;
}

/// Uses the clock reading of the current messages, as the clock is not read for each buffer.
void Receiver::record_lateness(GstBuffer* buffer) {
    const GstClockTime due = due_time(buffer);
    const LocalTime& here = times_.now();
    if (!in_time_segment() || !GST_CLOCK_TIME_IS_VALID(due) || !GST_CLOCK_TIME_IS_VALID(here.running_time))
        return;
    const GstClockTime running_time =
        gst_segment_to_running_time(&*downstream_.segment(), GST_FORMAT_TIME, due);
    if (!GST_CLOCK_TIME_IS_VALID(running_time)) return;
    lateness_.record(GST_CLOCK_DIFF(running_time + here.latency, here.running_time));
}

GstFlowReturn Receiver::take_segment(const DecodedSegment& segment) {
    const GstFlowReturn flow = finish_batch();
    if (segment.seqnum != std::exchange(sent_segment_, segment.seqnum) || segment.seqnum == 0) {
        downstream_.set_segment_seqnum(ids_.seqnum(segment.seqnum));
        continuity_.begin();
    }
    times_.set_segment(segment.segment);
    downstream_.renew_segment();
    return flow;
}

GstFlowReturn Receiver::take_event(EventPtr event) {
    const GstFlowReturn flow = finish_batch();
    // A flush discards media but not state, which is kept until it can be pushed.
    if (flow != GST_FLOW_OK && !is_sticky(event.get())) return flow;
    const GstFlowReturn passed = pass_event(std::move(event));
    return flow == GST_FLOW_OK ? passed : flow;
}

GstFlowReturn Receiver::pass_event(EventPtr event) {
    switch (GST_EVENT_TYPE(event.get())) {
        case GST_EVENT_STREAM_START:
            return downstream_.start_stream(std::move(event));
        case GST_EVENT_CAPS:  // pushed before the segment
            return downstream_.set_caps(std::move(event));
        case GST_EVENT_INSTANT_RATE_CHANGE:  // these are not ordered relative to the data
        case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
        case GST_EVENT_CUSTOM_BOTH_OOB:
            // No event precedes STREAM_START, with which the sender's state begins.
            if (!downstream_.start_due()) return downstream_.push(std::move(event));
            break;
        case GST_EVENT_GAP:
            return pass_gap(std::move(event));
        default:
            break;
    }
    return downstream_.push_in_order(std::move(event));
}

/// A GAP event has a time and a duration like a buffer, and replaces one.
GstFlowReturn Receiver::pass_gap(EventPtr event) {
    GstClockTime timestamp = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
    gst_event_parse_gap(event.get(), &timestamp, nullptr);
    place(timestamp);
    event = times_.map(std::move(event));
    gst_event_parse_gap(event.get(), &timestamp, &duration);
    continuity_.pass(timestamp, duration);
    if (const GstFlowReturn flow = downstream_.push_held(); flow != GST_FLOW_OK) return flow;
    return downstream_.push(std::move(event));
}

GstFlowReturn Receiver::finish_stream() {
    const GstFlowReturn flow = finish_batch();
    return flow == GST_FLOW_OK ? downstream_.finish_stream() : flow;
}

GstFlowReturn Receiver::end(EventPtr eos) {
    const GstFlowReturn flow = finish_stream();
    return flow == GST_FLOW_OK ? downstream_.push_eos(std::move(eos)) : flow;
}

}  // namespace stt
