// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/pad_pair.hpp"

#include <utility>

namespace stt::test {

PadPair::PadPair() : src_(gst_pad_new("src", GST_PAD_SRC)), sink_(gst_pad_new("sink", GST_PAD_SINK)) {
    gst_object_ref_sink(src_);
    gst_object_ref_sink(sink_);
    gst_pad_set_element_private(sink_, this);
    gst_pad_set_event_function(sink_, on_event);
    gst_pad_set_chain_function(sink_, on_buffer);
    gst_pad_set_chain_list_function(sink_, on_list);
    gst_pad_set_active(sink_, TRUE);
    gst_pad_set_active(src_, TRUE);
    gst_pad_link(src_, sink_);
}

PadPair::~PadPair() {
    gst_pad_set_active(src_, FALSE);
    gst_pad_set_active(sink_, FALSE);
    gst_object_unref(src_);
    gst_object_unref(sink_);
}

void PadPair::flush(bool start) {
    gst_pad_push_event(src_, start ? gst_event_new_flush_start() : gst_event_new_flush_stop(TRUE));
}

std::vector<std::string> PadPair::take_names() { return std::exchange(names_, {}); }

gboolean PadPair::on_event(GstPad* pad, GstObject*, GstEvent* event) {
    EventPtr owned(event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START || GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP)
        return TRUE;
    of(pad).names_.emplace_back(GST_EVENT_TYPE_NAME(event));
    of(pad).last_event_ = std::move(owned);
    return TRUE;
}

GstFlowReturn PadPair::on_buffer(GstPad* pad, GstObject*, GstBuffer* buffer) {
    gst_buffer_unref(buffer);
    of(pad).names_.emplace_back("buffer");
    return of(pad).flow_;
}

GstFlowReturn PadPair::on_list(GstPad* pad, GstObject*, GstBufferList* list) {
    of(pad).names_.push_back("list of " + std::to_string(gst_buffer_list_length(list)));
    gst_buffer_list_unref(list);
    return of(pad).flow_;
}

}  // namespace stt::test
