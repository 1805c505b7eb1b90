// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/receiver.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/overloaded.hpp"
#include "gst/connection.hpp"
#include "gst/debug.hpp"
#include "gst/event_times.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

int64_t buffer_limit(GstBaseSrc* element) {
    int limit = -1;
    g_object_get(element, "num-buffers", &limit, nullptr);
    return limit;
}

GstCaps* sender_time_caps() {
    static GstCaps* const caps = [] {
        GstCaps* made = gst_caps_new_empty_simple(sender_time_media_type);
        GST_MINI_OBJECT_FLAG_SET(made, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
        return made;
    }();
    return caps;
}

/// How long the first item of a live stream waits for an estimate of the sender's clock, which takes three
/// round trips. Without an estimate the item plays by its arrival, and playout is corrected when there is
/// one.
constexpr Duration estimate_patience = 500ms;

/// Buffers within this time are pushed as due together, ns. It is less than media requires, and more than the
/// span of a batch of small packets of a fast stream.
constexpr GstClockTimeDiff due_together = 5 * GST_MSECOND;

/// The largest number of events that wait for the first known time. The next one makes all of them be pushed.
constexpr size_t held_max = 64;

/// Identifies the pipeline. The pointer is never dereferenced.
const void* topmost(GstObject* object) {
    // Each parent holds its child, and the streaming thread holds the element.
    GstObject* top = GST_OBJECT(gst_object_ref(object));
    while (GstObject* parent = gst_object_get_parent(top)) {
        gst_object_unref(top);
        top = parent;
    }
    gst_object_unref(top);
    return top;
}

/// GStreamer uses the DTS, if there is one, to decide when a buffer is due.
GstClockTime due_time(GstBuffer* buffer) {
    return GST_BUFFER_DTS_IS_VALID(buffer) ? GST_BUFFER_DTS(buffer) : GST_BUFFER_PTS(buffer);
}

bool is_sticky(GstEvent* event) {
    return gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY;
}

}  // namespace

Receiver::Receiver(GstBaseSrc* element)
    : element_(element), metas_([element](const Error& error) { Connection::of(element).warn(error); }) {}

void Receiver::start(Timestamps timestamps) {
    run_ = {};
    run_.timestamps = timestamps;
    run_.stamp_arrival = timestamps == Timestamps::arrival || gst_base_src_get_do_timestamp(element_);
    run_.buffers_left = buffer_limit(element_);
    run_.timeline = Timeline(timestamps == Timestamps::rebase && !run_.stamp_arrival);
    start_hold_.hold(GST_BASE_SRC_PAD(element_));
    metas_.start();
    lateness_.reset();
    {
        const std::lock_guard lock(injected_mutex_);
        injected_.clear();
        has_injected_ = false;
    }
    {
        const std::lock_guard lock(opened_mutex_);
        opened_.clear();
        opened_count_ = 0;
    }
    const std::lock_guard lock(stream_mutex_);
    stream_ = {};
}

GstClockTime Receiver::now() const {
    return gst_element_get_current_running_time(GST_ELEMENT_CAST(element_));
}

/// Returns the time that replaces all times of an event, if the sender's are not used.
std::optional<GstClockTime> Receiver::arrival() const {
    if (!run_.stamp_arrival) return std::nullopt;
    return GST_CLOCK_TIME_IS_VALID(run_.here.running_time) ? arrival_time() : 0;
}

/// Returns the local running time at which the current message arrived, however late this thread has taken
/// it.
GstClockTime Receiver::arrival_time() const {
    const LocalTime& here = run_.here;
    if (!GST_CLOCK_TIME_IS_VALID(here.running_time) || run_.arrived == Time{}) return now();
    const int64_t at = here.clock(run_.arrived.time_since_epoch().count());
    return static_cast<GstClockTime>(std::max<int64_t>(at - static_cast<int64_t>(here.base_time), 0));
}

void Receiver::opened(uint64_t instance) {
    const std::lock_guard lock(opened_mutex_);
    opened_[opened_count_++] = instance;
}

GstClockTime Receiver::sender_running_time_at(GstClockTime here) const {
    if (!GST_CLOCK_TIME_IS_VALID(here)) return here;
    const std::lock_guard lock(stream_mutex_);
    const int64_t there = stream_.to_sender(static_cast<int64_t>(here));
    return there >= 0 ? static_cast<GstClockTime>(there) : GST_CLOCK_TIME_NONE;
}

GstClockTime Receiver::latency() const {
    const GstClockTime playout = Connection::of(element_).setting(&Settings::latency) * GST_MSECOND;
    const std::lock_guard lock(stream_mutex_);
    return playout + stream_.sender_latency + stream_.base_delay;
}

std::optional<bool> Receiver::live() const {
    const std::lock_guard lock(stream_mutex_);
    return stream_.live;
}

/// The local clock is read once for all messages that were taken together.
void Receiver::look_at_clocks() {
    run_.place_due = true;
    LocalTime& here = run_.here;
    here.running_time = GST_CLOCK_TIME_NONE;
    GstClock* clock = gst_element_get_clock(GST_ELEMENT_CAST(element_));
    if (!clock) return;
    here.monotonic = monotonic_now();
    here.base_time = gst_element_get_base_time(GST_ELEMENT_CAST(element_));
    here.epoch = epoch_of(clock);
    here.pipeline = topmost(GST_OBJECT_CAST(element_));
    here.running_time = gst_clock_get_time(clock) - here.base_time;
    run_.clock.observe(clock);
    gst_object_unref(clock);
    here.clock = run_.clock.line();
    here.latency = latency();
    here.from_peer = Connection::of(element_).from_peer_clock(Duration::zero());
    follow_sender();
    renew_base_delay();
}

/// Computes the rate of the sender's clock relative to the local CLOCK_MONOTONIC. It is the clock's rate on
/// its host, divided by that of the local CLOCK_MONOTONIC relative to the host's.
void Receiver::follow_sender() {
    const Timing& timing = run_.timeline.timing();
    if (timing.epoch == 0 || !run_.here.from_peer) return;
    clock_provider_.follow(timing.epoch, (1 + timing.clock.skew) / (1 + run_.here.from_peer->skew));
}

/// The path's base delay is part of the answer to LATENCY. As each change makes the pipeline wait or drop,
/// only changes that are significant relative to `latency` are applied.
void Receiver::renew_base_delay() {
    constexpr GstClockTime step = 5 * GST_MSECOND;
    const bool live = run_.timeline.live() && run_.timestamps == Timestamps::rebase;
    const GstClockTime delay = live ? Connection::of(element_).base_delay() : 0;
    {
        const std::lock_guard lock(stream_mutex_);
        const GstClockTime before = stream_.base_delay;
        if (delay <= before + step && before <= delay + 2 * step) return;
        stream_.base_delay = delay;
    }
    Connection::of(element_).announce_latency();
}

void Receiver::take_timing(const Timing& timing) {
    run_.timeline.set_timing(timing);
    run_.place_due = true;
    const bool mapped = timing.live && run_.timestamps == Timestamps::rebase;
    bool changed = false;
    {
        const std::lock_guard lock(stream_mutex_);
        changed = stream_.live != timing.live;
        stream_.live = timing.live;
        const GstClockTime latency = mapped ? timing.latency : 0;
        changed = changed || latency != stream_.sender_latency;
        stream_.sender_latency = latency;
    }
    // On LATENCY a sttsink downstream also queries again whether the stream is live.
    if (changed) Connection::of(element_).announce_latency();
    renew_base_delay();
}

void Receiver::read_stream(uint64_t number) {
    look_at_clocks();
    if (run_.stream == number) return;
    const bool first = !run_.stream;
    run_.stream = number;
    uint64_t instance = 0;
    {
        const std::lock_guard lock(opened_mutex_);
        if (const auto found = opened_.find(number); found != opened_.end()) instance = found->second;
        opened_.erase(opened_.begin(), opened_.upper_bound(number));
    }
    const bool same_run = !first && instance == run_.instance;
    if (!same_run) {
        // Events held before the first stream are the application's.
        if (!first) {
            end_held();
            run_.caps.reset();
        }
        run_.instance = instance;
        run_.ids.begin(instance);
        run_.start_due = true;
    }
    if (first) return;
    run_.discont = true;
    run_.segment_due = true;
    if (same_run) return;
    run_.timeline = Timeline(run_.timestamps == Timestamps::rebase && !run_.stamp_arrival);
    {
        const std::lock_guard lock(stream_mutex_);
        stream_ = {};
    }
    run_.continuity.begin();
    run_.pushed_segment.reset();  // the segment must follow STREAM_START even if it is unchanged
    run_.segment_sent = 0;
}

void Receiver::inject(EventPtr event) {
    const std::lock_guard lock(injected_mutex_);
    injected_.push_back(std::move(event));
    has_injected_ = true;
}

void Receiver::flushed() {
    run_.batch.clear();
    run_.pushed_segment.reset();
    run_.segment_due = run_.place_due = run_.discont = true;
    // The application may have reset the running time.
    run_.timeline.forget();
    run_.continuity.begin();
}

GstFlowReturn Receiver::take_injected() {
    run_.arrived = {};
    if (!has_injected_) return GST_FLOW_OK;
    std::vector<EventPtr> events;
    {
        const std::lock_guard lock(injected_mutex_);
        events.swap(injected_);
        has_injected_ = false;
    }
    GstFlowReturn result = GST_FLOW_OK;
    for (EventPtr& event : events) {
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
    Result<Decoded> decoded = decode(message, &metas_);
    if (!decoded) return decoded.error();
    run_.arrived = message.arrived;
    if (message.after_cut) {
        run_.discont = true;
        run_.continuity.miss(0);
    }
    return std::visit(Overloaded{
                          [&](BufferPtr& buffer) { return take_buffer(std::move(buffer)); },
                          [&](EventPtr& event) {
                              if (GST_EVENT_TYPE(event.get()) == GST_EVENT_CAPS) {
                                  GstCaps* caps = nullptr;
                                  gst_event_parse_caps(event.get(), &caps);
                                  metas_.set_caps(caps);
                              }
                              event = run_.ids.local(std::move(event));
                              return take_event(std::move(event));
                          },
                          [&](DecodedSegment& segment) { return take_segment(segment); },
                          [&](Timing& timing) {
                              const GstFlowReturn flow = finish_batch();
                              take_timing(timing);
                              return flow;
                          },
                          [&](DecodedFlush&) {
                              run_.discont = true;
                              run_.continuity.miss(0);
                              return GST_FLOW_OK;
                          },
                          [&](Gap& gap) {
                              run_.discont = true;
                              run_.continuity.miss(gap.duration);
                              const GstFlowReturn flow = finish_batch();
                              Connection::of(element_).announce_gap(gap);
                              return flow;
                          },
                          [](DecodedUnknown&) { return GST_FLOW_OK; },
                      },
                      *decoded);
}

/// Determines where the next item lies on the local timeline.
void Receiver::place(GstClockTime timestamp) {
    if (!run_.place_due || run_.stamp_arrival || !GST_CLOCK_TIME_IS_VALID(timestamp)) return;
    run_.place_due = false;
    const bool first = run_.timeline.wants_anchor();
    if (first && run_.timeline.live() && !run_.here.from_peer && !std::exchange(run_.estimate_awaited, true))
        run_.here.from_peer = Connection::of(element_).from_peer_clock(estimate_patience);
    if (run_.timeline.place(timestamp, run_.here)) {
        run_.segment_due = true;
        // If nothing was pushed before, there is no discontinuity. A stored stream that had to wait continues
        // where it was, only later.
        run_.discont = run_.discont || (!first && run_.timeline.live());
        run_.resync = !first;
    }
    const std::lock_guard lock(stream_mutex_);
    stream_.to_sender = run_.timeline.to_sender();
}

GstFlowReturn Receiver::take_buffer(BufferPtr buffer) {
    if (counted_out()) return finish_batch();
    place(due_time(buffer.get()));
    if (run_.segment_due || !run_.held.empty()) {
        if (const GstFlowReturn flow = finish_batch(); flow != GST_FLOW_OK) return flow;
        if (const GstFlowReturn flow = push_held(); flow != GST_FLOW_OK) return flow;
    }
    stamp(buffer.get());
    record_lateness(buffer.get());
    const bool in_time = run_.pushed_segment && run_.pushed_segment->format == GST_FORMAT_TIME &&
                         run_.pushed_segment->rate > 0;
    if (EventPtr gap = run_.continuity.gap_before(buffer.get(), in_time)) {
        if (const GstFlowReturn flow = finish_batch(); flow != GST_FLOW_OK) return flow;
        if (const GstFlowReturn flow = push_event(std::move(gap)); flow != GST_FLOW_OK) return flow;
    }
    if (!joins_batch(buffer.get())) {
        if (const GstFlowReturn flow = finish_batch(); flow != GST_FLOW_OK) return flow;
    }
    if (run_.buffers_left > 0) run_.buffers_left--;
    run_.continuity.pass(buffer.get());
    run_.batch.push_back(std::move(buffer));
    return GST_FLOW_OK;
}

/// Sinks wait only for the time of the first buffer of a list.
bool Receiver::joins_batch(GstBuffer* buffer) const {
    if (run_.batch.empty()) return true;
    const GstClockTime first = due_time(run_.batch.front().get()), due = due_time(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(due)) return true;
    return GST_CLOCK_TIME_IS_VALID(first) && ABS(GST_CLOCK_DIFF(first, due)) <= due_together;
}

/// Uses the clock reading of the current messages, as the clock is not read for each buffer.
void Receiver::record_lateness(GstBuffer* buffer) {
    const GstClockTime due = due_time(buffer);
    if (!run_.pushed_segment || run_.pushed_segment->format != GST_FORMAT_TIME ||
        !GST_CLOCK_TIME_IS_VALID(due) || !GST_CLOCK_TIME_IS_VALID(run_.here.running_time))
        return;
    const GstClockTime running_time =
        gst_segment_to_running_time(&*run_.pushed_segment, GST_FORMAT_TIME, due);
    if (!GST_CLOCK_TIME_IS_VALID(running_time)) return;
    lateness_.record(GST_CLOCK_DIFF(running_time + run_.here.latency, run_.here.running_time));
}

GstFlowReturn Receiver::take_segment(const DecodedSegment& segment) {
    const GstFlowReturn flow = finish_batch();
    if (segment.seqnum != std::exchange(run_.segment_sent, segment.seqnum) || segment.seqnum == 0) {
        run_.segment_seqnum = run_.ids.seqnum(segment.seqnum);
        run_.continuity.begin();
    }
    run_.timeline.set_segment(segment.segment);
    run_.segment_due = run_.place_due = true;
    return flow;
}

void Receiver::stamp(GstBuffer* buffer) {
    if (std::exchange(run_.discont, false)) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    if (std::exchange(run_.resync, false)) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_RESYNC);
    if (run_.stamp_arrival) {
        const GstClockTime here = arrival_time();
        const bool reordered = GST_BUFFER_PTS_IS_VALID(buffer) && GST_BUFFER_DTS_IS_VALID(buffer) &&
                               GST_BUFFER_PTS(buffer) > GST_BUFFER_DTS(buffer);
        const GstClockTime lead = reordered ? GST_BUFFER_PTS(buffer) - GST_BUFFER_DTS(buffer) : 0;
        GST_BUFFER_DTS(buffer) = here;
        GST_BUFFER_PTS(buffer) = GST_CLOCK_TIME_IS_VALID(here) ? here + lead : here;
        return;
    }
    if (run_.timestamps != Timestamps::rebase) return;
    if (GST_BUFFER_PTS_IS_VALID(buffer)) {
        const GstClockTime sent = run_.timeline.sender_running_time(GST_BUFFER_PTS(buffer));
        if (GST_CLOCK_TIME_IS_VALID(sent))
            gst_buffer_add_reference_timestamp_meta(buffer, sender_time_caps(), sent, GST_CLOCK_TIME_NONE);
    }
    run_.timeline.map(buffer);
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
            return start_stream(std::move(event));
        case GST_EVENT_CAPS:  // pushed before the segment
            run_.caps = std::move(event);
            return push_caps();
        case GST_EVENT_INSTANT_RATE_CHANGE:  // these are not ordered relative to the data
        case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
        case GST_EVENT_CUSTOM_BOTH_OOB:
            // No event precedes STREAM_START, with which the sender's state begins.
            if (!run_.start_due) return push_event(std::move(event));
            break;
        case GST_EVENT_GAP: {
            GstClockTime timestamp = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
            gst_event_parse_gap(event.get(), &timestamp, nullptr);
            place(timestamp);
            event = map_times(std::move(event), run_.timeline, arrival());
            gst_event_parse_gap(event.get(), &timestamp, &duration);
            run_.continuity.pass(timestamp, duration);
            if (const GstFlowReturn flow = push_held(); flow != GST_FLOW_OK) return flow;
            return push_event(std::move(event));
        }
        default:
            break;
    }
    spare_replaced(run_.ended, event.get());
    run_.held.push_back(std::move(event));
    const bool unplaced =
        !run_.stamp_arrival && (!run_.timeline.has_segment() || run_.timeline.wants_anchor());
    return run_.held.size() < held_max && (run_.start_due || unplaced) ? GST_FLOW_OK : push_held();
}

GstFlowReturn Receiver::push_held() {
    GstFlowReturn flow = push_segment();
    run_.held.insert(run_.held.begin(), std::make_move_iterator(run_.ended.begin()),
                     std::make_move_iterator(run_.ended.end()));
    run_.ended.clear();
    // A flush discards media but not state.
    size_t done = 0;
    for (; flow == GST_FLOW_OK && done < run_.held.size(); done++) {
        EventPtr event(gst_event_ref(run_.held[done].get()));
        flow = push_event(map_times(std::move(event), run_.timeline, arrival()));
    }
    if (flow != GST_FLOW_OK && done > 0 && is_sticky(run_.held[done - 1].get())) done--;
    run_.held.erase(run_.held.begin(), run_.held.begin() + static_cast<ptrdiff_t>(done));
    return flow;
}

GstFlowReturn Receiver::release_held() {
    const GstFlowReturn flow = push_held();
    // The first buffer may still change it.
    run_.segment_due = run_.timeline.wants_anchor();
    return flow;
}

/// Ends what still waits for a time, as it belongs to the previous stream.
void Receiver::end_held() {
    if (!run_.held.empty()) push_held();
    run_.held.clear();
}

/// Pushes STREAM_START before anything else, even if the sender has sent none.
GstFlowReturn Receiver::push_start() {
    if (run_.start_due) return start_stream(run_.ids.stream_start());
    if (!run_.start) return GST_FLOW_OK;
    start_hold_.release(GST_BASE_SRC_PAD(element_));
    const GstFlowReturn flow = push_now(EventPtr(gst_event_ref(run_.start.get())));
    if (flow == GST_FLOW_OK) run_.start.reset();
    return flow;
}

GstFlowReturn Receiver::push_caps() {
    if (!run_.caps) return GST_FLOW_OK;
    const GstFlowReturn flow = push_event(EventPtr(gst_event_ref(run_.caps.get())));
    if (flow == GST_FLOW_OK) run_.caps.reset();
    return flow;
}

GstFlowReturn Receiver::push_segment() {
    if (const GstFlowReturn flow = push_caps(); flow != GST_FLOW_OK) return flow;
    if (!run_.segment_due) return GST_FLOW_OK;
    run_.segment_due = false;
    GstSegment segment;
    if (run_.stamp_arrival || !run_.timeline.has_segment())
        gst_segment_init(&segment, GST_FORMAT_TIME);
    else
        segment = run_.timeline.segment();
    // The sender may repeat a segment.
    const bool repeated = run_.segment_seqnum != run_.pushed_seqnum && !run_.stamp_arrival;
    if (run_.pushed_segment && gst_segment_is_equal(&*run_.pushed_segment, &segment) && !repeated)
        return GST_FLOW_OK;
    run_.pushed_segment = segment;
    run_.pushed_seqnum = run_.segment_seqnum;
    EventPtr event(gst_event_new_segment(&segment));
    if (run_.segment_seqnum != GST_SEQNUM_INVALID) gst_event_set_seqnum(event.get(), run_.segment_seqnum);
    return push_event(std::move(event));
}

GstFlowReturn Receiver::start_stream(EventPtr event) {
    const uint32_t seqnum = gst_event_get_seqnum(event.get());
    if (std::exchange(run_.start_due, false)) {
        run_.ended = ended_by_another_run(GST_BASE_SRC_PAD(element_));
    } else {
        if (seqnum == run_.start_seqnum) return GST_FLOW_OK;  // from a peer that has returned
        end_held();
    }
    run_.start_seqnum = seqnum;
    run_.start = std::move(event);
    return push_start();
}

GstFlowReturn Receiver::push_event(EventPtr event) {
    if (const GstFlowReturn flow = push_start(); flow != GST_FLOW_OK) return flow;
    return push_now(std::move(event));
}

GstFlowReturn Receiver::push_now(EventPtr event) {
    GstPad* pad = GST_BASE_SRC_PAD(element_);
    // If downstream refuses an event, of which caps are the main case, the flow of the next buffer shows it.
    if (has_room_for(pad, event.get()))
        gst_pad_push_event(pad, event.release());
    else
        GST_WARNING_OBJECT(element_, "the peer sends %s events of too many names",
                           GST_EVENT_TYPE_NAME(event.get()));
    return GST_PAD_IS_FLUSHING(pad) ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

GstFlowReturn Receiver::finish_batch() {
    if (run_.batch.empty()) return counted_out() ? GST_FLOW_EOS : GST_FLOW_OK;
    GstPad* pad = GST_BASE_SRC_PAD(element_);
    std::vector<BufferPtr> batch;
    batch.swap(run_.batch);
    GstFlowReturn flow;
    if (batch.size() == 1) {
        flow = gst_pad_push(pad, batch.front().release());
    } else {
        GstBufferList* list = gst_buffer_list_new_sized(static_cast<guint>(batch.size()));
        for (BufferPtr& buffer : batch) gst_buffer_list_add(list, buffer.release());
        flow = gst_pad_push_list(pad, list);
    }
    batch.clear();
    run_.batch.swap(batch);  // keeps the capacity
    return flow == GST_FLOW_OK && counted_out() ? GST_FLOW_EOS : flow;
}

GstFlowReturn Receiver::finish_stream() {
    const GstFlowReturn flow = finish_batch();
    if (flow != GST_FLOW_OK || (run_.start_due && run_.held.empty())) return flow;  // nothing has arrived
    return !run_.held.empty() || run_.timeline.has_segment() ? push_held() : flow;
}

EventPtr Receiver::eos() const {
    EventPtr event(gst_event_new_eos());
    if (run_.pushed_seqnum != GST_SEQNUM_INVALID) gst_event_set_seqnum(event.get(), run_.pushed_seqnum);
    return event;
}

GstFlowReturn Receiver::end(EventPtr eos) {
    const GstFlowReturn flow = finish_stream();
    if (flow != GST_FLOW_OK) return flow;
    GstPad* pad = GST_BASE_SRC_PAD(element_);
    push_start();
    if (GST_PAD_IS_FLUSHING(pad)) return GST_FLOW_FLUSHING;
    // The result is not used: the application may stop the pipeline on the sink's EOS message before the pads
    // can report success.
    gst_pad_push_event(pad, eos.release());
    return GST_FLOW_OK;
}

}  // namespace stt
