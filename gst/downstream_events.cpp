// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/downstream_events.hpp"

#include <utility>

#include "gst/debug.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {

void DownstreamEvents::start() {
    start_due_ = true;
    start_seqnum_ = 0;
    start_.reset();
    caps_.reset();
    segment_ = {};
    held_ = {};
    start_hold_.hold(pad_);
}

/// Ends what still waits for a time, as it belongs to the stream that ends.
void DownstreamEvents::end_held() {
    if (!held_.empty()) push_held();
    held_.discard();
}

void DownstreamEvents::end_run() {
    end_held();
    caps_.reset();
    segment_.forget();  // the segment must follow STREAM_START even if it is unchanged
}

void DownstreamEvents::flushed() {
    segment_.forget();
    segment_.set_due(true);
}

GstFlowReturn DownstreamEvents::start_stream(EventPtr event) {
    const uint32_t seqnum = gst_event_get_seqnum(event.get());
    if (std::exchange(start_due_, false)) {
        held_.set_ended(ended_by_another_run(pad_));
    } else {
        if (seqnum == start_seqnum_) return GST_FLOW_OK;
        end_held();
    }
    start_seqnum_ = seqnum;
    start_ = std::move(event);
    return push_start();
}

GstFlowReturn DownstreamEvents::set_caps(EventPtr caps) {
    caps_ = std::move(caps);
    return push_caps();
}

GstFlowReturn DownstreamEvents::push(EventPtr event) {
    if (const GstFlowReturn flow = push_start(); flow != GST_FLOW_OK) return flow;
    return push_now(std::move(event));
}

GstFlowReturn DownstreamEvents::push_in_order(EventPtr event) {
    held_.add(std::move(event));
    return !held_.full() && (start_due_ || times_.unplaced()) ? GST_FLOW_OK : push_held();
}

GstFlowReturn DownstreamEvents::push_held() {
    const GstFlowReturn flow = push_segment();
    held_.begin_push();
    if (flow != GST_FLOW_OK) return flow;
    return held_.push([this](EventPtr event) { return push(times_.map(std::move(event))); });
}

GstFlowReturn DownstreamEvents::release_held() {
    const GstFlowReturn flow = push_held();
    segment_.set_due(times_.wants_anchor());
    return flow;
}

GstFlowReturn DownstreamEvents::finish_stream() {
    if (held_.empty() && (start_due_ || !times_.has_segment())) return GST_FLOW_OK;
    return push_held();
}

EventPtr DownstreamEvents::eos() const {
    EventPtr event(gst_event_new_eos());
    if (segment_.pushed_seqnum() != GST_SEQNUM_INVALID)
        gst_event_set_seqnum(event.get(), segment_.pushed_seqnum());
    return event;
}

GstFlowReturn DownstreamEvents::push_eos(EventPtr eos) {
    push_start();
    if (GST_PAD_IS_FLUSHING(pad_)) return GST_FLOW_FLUSHING;
    // The result is not used: the application may stop the pipeline on the sink's EOS message before the pads
    // can report success.
    gst_pad_push_event(pad_, eos.release());
    return GST_FLOW_OK;
}

/// Pushes STREAM_START before anything else, even if the sender has sent none.
GstFlowReturn DownstreamEvents::push_start() {
    if (start_due_) return start_stream(ids_.stream_start());
    if (!start_) return GST_FLOW_OK;
    start_hold_.release(pad_);
    const GstFlowReturn flow = push_now(EventPtr(gst_event_ref(start_.get())));
    if (flow == GST_FLOW_OK) start_.reset();
    return flow;
}

GstFlowReturn DownstreamEvents::push_caps() {
    if (!caps_) return GST_FLOW_OK;
    const GstFlowReturn flow = push(EventPtr(gst_event_ref(caps_.get())));
    if (flow == GST_FLOW_OK) caps_.reset();
    return flow;
}

GstFlowReturn DownstreamEvents::push_segment() {
    if (const GstFlowReturn flow = push_caps(); flow != GST_FLOW_OK) return flow;
    EventPtr event = segment_.next(times_.segment(), !times_.by_arrival());
    return event ? push(std::move(event)) : GST_FLOW_OK;
}

GstFlowReturn DownstreamEvents::push_now(EventPtr event) {
    // If downstream refuses an event, of which caps are the main case, the flow of the next buffer shows it.
    if (has_room_for(pad_, event.get()))
        gst_pad_push_event(pad_, event.release());
    else
        GST_WARNING_OBJECT(GST_PAD_PARENT(pad_), "the peer sends %s events of too many names",
                           GST_EVENT_TYPE_NAME(event.get()));
    return GST_PAD_IS_FLUSHING(pad_) ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

}  // namespace stt
