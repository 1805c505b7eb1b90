// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/pipeline.hpp"

#include <gst/base/gstbasesink.h>

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
}

Pipeline::~Pipeline() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    bus_.reset();
    gst_object_unref(pipeline_);
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
    const MessagePtr last = bus_->wait([this](GstMessage* message) {
        // As gst-launch-1.0 and any application do.
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY) gst_bin_recalculate_latency(GST_BIN(pipeline_));
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

Played::Played(GstElement* sink) : sink_(GST_ELEMENT(gst_object_ref(sink))) {
    g_object_set(sink_, "signal-handoffs", TRUE, nullptr);
    handler_ = g_signal_connect(sink_, "handoff", G_CALLBACK(on_handoff), this);
}

Played::~Played() {
    g_signal_handler_disconnect(sink_, handler_);
    gst_object_unref(sink_);
}

void Played::on_handoff(GstElement* sink, GstBuffer* buffer, GstPad* pad, Played* self) {
    Item item{GST_BUFFER_PTS(buffer), GST_CLOCK_TIME_NONE, 0, GST_BUFFER_IS_DISCONT(buffer) != FALSE};
    if (GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0)) {
        const GstSegment* segment = nullptr;
        gst_event_parse_segment(event, &segment);
        item.running_time = gst_segment_to_running_time(segment, GST_FORMAT_TIME, item.pts);
        gst_event_unref(event);
    }
    const GstClockTime now = gst_element_get_current_running_time(sink);
    const GstClockTime due = item.running_time + gst_base_sink_get_latency(GST_BASE_SINK(sink));
    if (GST_CLOCK_TIME_IS_VALID(item.running_time) && GST_CLOCK_TIME_IS_VALID(now))
        item.late = GST_CLOCK_DIFF(due, now);
    const std::lock_guard lock(self->mutex_);
    self->items_.push_back(item);
}

std::vector<Played::Item> Played::items() const {
    const std::lock_guard lock(mutex_);
    return items_;
}

size_t Played::count() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
}

bool Played::reaches(size_t count) const {
    return eventually([&] { return this->count() >= count; });
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
