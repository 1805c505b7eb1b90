// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/pipeline.hpp"

#include <gst/base/gstbasesink.h>

#include <mutex>
#include <set>
#include <stdexcept>

namespace stt::test {

Pipeline::Pipeline(const std::string& description) {
    GError* error = nullptr;
    GstElement* parsed =
        gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!parsed) {
        const std::string why = error->message;
        g_error_free(error);
        throw std::runtime_error(description + ": " + why);
    }
    if (GST_IS_PIPELINE(parsed)) {
        pipeline_ = GST_ELEMENT(gst_object_ref_sink(parsed));
    } else {
        pipeline_ = GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)));
        gst_bin_add(GST_BIN(pipeline_), parsed);
    }
    bus_ = std::make_unique<Bus>(pipeline_);
    gst_bus_set_sync_handler(bus_->get(), take_latency, pipeline_, nullptr);
}

/// As gst-launch-1.0 and any application does on this message.
GstBusSyncReply Pipeline::take_latency(GstBus*, GstMessage* message, gpointer pipeline) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY) {
        const auto recalculate = [](GstElement* bin, gpointer) { gst_bin_recalculate_latency(GST_BIN(bin)); };
        gst_element_call_async(GST_ELEMENT(pipeline), recalculate, nullptr, nullptr);
    }
    return GST_BUS_PASS;
}

Pipeline::~Pipeline() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    bus_.reset();
    gst_object_unref(pipeline_);
    if (clock_) gst_object_unref(clock_);
}

void Pipeline::use_skewed_clock(double skew) {
    clock_ = GST_CLOCK(g_object_new(GST_TYPE_SYSTEM_CLOCK, nullptr));
    gst_object_ref_sink(clock_);
    const GstClockTime now = gst_clock_get_internal_time(clock_);
    gst_clock_set_calibration(clock_, now, now, static_cast<GstClockTime>((1 + skew) * 1e6), 1'000'000);
    gst_pipeline_use_clock(GST_PIPELINE(pipeline_), clock_);
}

void Pipeline::step_clock(GstClockTimeDiff by) {
    GstClockTime internal = 0, external = 0, numerator = 0, denominator = 0;
    gst_clock_get_calibration(clock_, &internal, &external, &numerator, &denominator);
    gst_clock_set_calibration(clock_, internal, external + static_cast<GstClockTime>(by), numerator,
                              denominator);
}

void Pipeline::set(GstState state) { gst_element_set_state(pipeline_, state); }

namespace {

void report(GstMessage* message) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    ADD_FAILURE() << error->message;
    g_error_free(error);
}

}  // namespace

bool Pipeline::settle() {
    const GstStateChangeReturn changed = gst_element_get_state(pipeline_, nullptr, nullptr, deadline);
    if (changed == GST_STATE_CHANGE_SUCCESS || changed == GST_STATE_CHANGE_NO_PREROLL) return true;
    if (const MessagePtr error = bus_->wait_type(GST_MESSAGE_ERROR, 0)) report(error.get());
    return false;
}

bool Pipeline::ends() {
    const MessagePtr last = bus_->wait([](GstMessage* message) {
        return GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS || GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    });
    if (!last) return false;
    if (GST_MESSAGE_TYPE(last.get()) == GST_MESSAGE_EOS) return true;
    report(last.get());
    return false;
}

GstElement* Pipeline::get(const std::string& name) const {
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_), name.c_str());
    if (!element) throw std::runtime_error("no element " + name);
    gst_object_unref(element);
    return element;
}

namespace {

/// A probe or a handler that is removed may still be under way on the streaming thread: it looks here, and is
/// through when the mutex is free.
std::mutex observers_mutex;
std::set<const Played*> observers;  // under observers_mutex

}  // namespace

Played::Played(GstElement* sink)
    : sink_(GST_ELEMENT(gst_object_ref(sink))), pad_(gst_element_get_static_pad(sink, "sink")) {
    {
        const std::lock_guard lock(observers_mutex);
        observers.insert(this);
    }
    g_object_set(sink_, "signal-handoffs", TRUE, nullptr);
    handler_ = g_signal_connect(sink_, "handoff", G_CALLBACK(on_handoff), this);
    probe_ = gst_pad_add_probe(
        pad_, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
        on_data, this, nullptr);
}

Played::~Played() {
    g_signal_handler_disconnect(sink_, handler_);
    gst_pad_remove_probe(pad_, probe_);
    {
        const std::lock_guard lock(observers_mutex);
        observers.erase(this);
    }
    gst_object_unref(pad_);
    gst_object_unref(sink_);
}

GstPadProbeReturn Played::on_data(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<Played*>(data);
    const std::lock_guard lock(observers_mutex);
    if (!observers.contains(self)) return GST_PAD_PROBE_OK;
    if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST)) {
        self->take(pad, GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_OK;
    }
    GstBufferList* list = GST_PAD_PROBE_INFO_BUFFER_LIST(info);
    for (unsigned i = 0; i < gst_buffer_list_length(list); i++) self->take(pad, gst_buffer_list_get(list, i));
    return GST_PAD_PROBE_OK;
}

void Played::take(GstPad* pad, GstBuffer* buffer) {
    Item item{.pts = GST_BUFFER_PTS(buffer), .discont = GST_BUFFER_IS_DISCONT(buffer) != FALSE};
    GstCaps* sender = gst_caps_new_empty_simple("timestamp/x-stt-sender");
    if (const auto* meta = gst_buffer_get_reference_timestamp_meta(buffer, sender))
        item.sent = meta->timestamp;
    gst_caps_unref(sender);
    item.base_time = gst_element_get_base_time(sink_);
    if (GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0)) {
        const GstSegment* segment = nullptr;
        gst_event_parse_segment(event, &segment);
        item.running_time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, item.pts);
        gst_event_unref(event);
    }
    const GstClockTime now = gst_element_get_current_running_time(sink_);
    const GstClockTime due = item.running_time + gst_base_sink_get_latency(GST_BASE_SINK(sink_));
    if (GST_CLOCK_TIME_IS_VALID(item.running_time) && GST_CLOCK_TIME_IS_VALID(now))
        item.lead = GST_CLOCK_DIFF(now, due);
    const std::lock_guard lock(mutex_);
    items_.push_back(item);
}

void Played::on_handoff(GstElement*, GstBuffer* buffer, GstPad*, Played* self) {
    const std::lock_guard observed(observers_mutex);
    if (!observers.contains(self)) return;
    const std::lock_guard lock(self->mutex_);
    self->rendered_++;
    // The newest of this time: a sink that takes lists has seen others since.
    for (auto item = self->items_.rbegin(); item != self->items_.rend(); ++item) {
        if (item->pts != GST_BUFFER_PTS(buffer) || item->rendered) continue;
        item->rendered = true;
        return;
    }
}

std::vector<Played::Item> Played::items() const {
    const std::lock_guard lock(mutex_);
    return items_;
}

size_t Played::count() const {
    const std::lock_guard lock(mutex_);
    return rendered_;
}

bool Played::reaches(size_t count) const {
    return eventually([&] { return this->count() >= count; });
}

guint64 queued_bytes(GstElement* sink) {
    GstStructure* stats = nullptr;
    g_object_get(sink, "stats", &stats, nullptr);
    guint64 queued = 0;
    gst_structure_get_uint64(stats, "queued-bytes", &queued);
    gst_structure_free(stats);
    return queued;
}

std::string listening_src(const std::string& properties) {
    return std::string("sttsrc name=src uri=stt://:0 local-address=127.0.0.1 seed=") + seed + " " +
           properties;
}

std::string calling_sink_to(unsigned port, const std::string& properties) {
    return "sttsink name=sink uri=stt://127.0.0.1:" + std::to_string(port) + " seed=" + seed + " " +
           properties;
}

}  // namespace stt::test
