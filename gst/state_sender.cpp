// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/state_sender.hpp"

#include <utility>
#include <vector>

#include "gst/debug.hpp"
#include "gst/event_codec.hpp"
#include "gst/owned.hpp"
#include "gst/segment_codec.hpp"
#include "gst/sticky.hpp"
#include "gst/stream_headers.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

/// The key of the timing. It precedes the states whose keys are those of events.
constexpr uint64_t timing_key = 0;

}  // namespace

void StateSender::start(bool bytes) {
    bytes_ = bytes;
    sent_ = true;
    headers_due_ = flush_due_ = false;
    stream_id_.clear();
    tags_.clear();
    timing_.start();
}

void StateSender::begin_stream() {
    flush_due_ = sent_ = false;
    stream_id_.clear();
    tags_.clear();
}

void StateSender::flushed() {
    flush_due_ = true;
    sent_ = false;
}

bool StateSender::drop_beginning() {
    sent_ = false;
    return !std::exchange(headers_due_, true);
}

GstFlowReturn StateSender::send_state() {
    if (std::exchange(sent_, true)) return GST_FLOW_OK;
    const bool headers_due = std::exchange(headers_due_, false);
    if (bytes_) return headers_due ? send_headers() : GST_FLOW_OK;
    timing_.forget();
    GstFlowReturn flow = send_timing();
    if (flow == GST_FLOW_OK && std::exchange(flush_due_, false)) flow = writer_.push_passing(encode_flush());
    std::vector<EventPtr> events;
    const auto collect = [](GstPad*, GstEvent** event, gpointer list) -> gboolean {
        static_cast<std::vector<EventPtr>*>(list)->emplace_back(gst_event_ref(*event));
        return TRUE;
    };
    gst_pad_sticky_events_foreach(GST_BASE_SINK_PAD(element_), collect, &events);
    for (const EventPtr& event : events) {
        if (flow == GST_FLOW_OK) flow = send(event.get());
    }
    return flow == GST_FLOW_OK && headers_due ? send_headers() : flow;
}

/// Sends the headers of a stream whose beginning no receiver has got.
GstFlowReturn StateSender::send_headers() {
    GstFlowReturn flow = GST_FLOW_OK;
    GstCaps* caps = gst_pad_get_current_caps(GST_BASE_SINK_PAD(element_));
    for (const BufferPtr& header : stream_headers(caps)) {
        if (flow == GST_FLOW_OK) flow = buffers_.send(header.get());
    }
    gst_clear_caps(&caps);
    return flow;
}

GstFlowReturn StateSender::send_timing() {
    if (bytes_) return GST_FLOW_OK;
    const std::optional<Timing> timing = timing_.next(policy_.origin());
    if (!timing) return GST_FLOW_OK;
    const GstFlowReturn flow = writer_.push_state(encode_timing(*timing), timing_key);
    if (flow == GST_FLOW_OK) timing_.set_sent(*timing);
    return flow;
}

/// Ends the tags with their stream, as pads do.
GstFlowReturn StateSender::end_tags(GstEvent* stream_start) {
    const char* id = nullptr;
    gst_event_parse_stream_start(stream_start, &id);
    if (std::exchange(stream_id_, id) == id) return GST_FLOW_OK;
    GstFlowReturn flow = GST_FLOW_OK;
    for (const uint64_t key : std::exchange(tags_, {})) {
        if (flow == GST_FLOW_OK) flow = writer_.push_state(encode_ended(), key);
    }
    return flow;
}

GstFlowReturn StateSender::send(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
        const GstSegment* segment = nullptr;
        gst_event_parse_segment(event, &segment);
        return writer_.push_state(encode_segment(*segment, gst_event_get_seqnum(event)), state_key(event));
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
        if (const GstFlowReturn flow = end_tags(event); flow != GST_FLOW_OK) return flow;
    }
    Result<std::optional<OutMessage>> message = encode_event(event);
    if (message && !*message) return GST_FLOW_OK;
    if (message) {
        if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) tags_.insert(state_key(event));
        return is_sticky(event) ? writer_.push_state(std::move(**message), state_key(event))
                                : writer_.push_passing(std::move(**message));
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        connection_.fail(message.error());
        return GST_FLOW_EOS;
    }
    // Metadata that cannot be sent must not stop the media.
    GST_WARNING_OBJECT(element_, "%s event not sent: %s", GST_EVENT_TYPE_NAME(event),
                       message.error().text.c_str());
    return GST_FLOW_OK;
}

}  // namespace stt
