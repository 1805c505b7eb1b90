// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/buffer_batch.hpp"

#include <cassert>
#include <utility>

namespace stt {

GstClockTime due_time(GstBuffer* buffer) {
    return GST_BUFFER_DTS_IS_VALID(buffer) ? GST_BUFFER_DTS(buffer) : GST_BUFFER_PTS(buffer);
}

void BufferBatch::start(int64_t count_max) {
    left_ = count_max;
    buffers_.clear();
}

/// Sinks wait only for the time of the first buffer of a list.
bool BufferBatch::joins(GstBuffer* buffer) const {
    if (buffers_.empty()) return true;
    const GstClockTime first = due_time(buffers_.front().get()), due = due_time(buffer);
    if (!GST_CLOCK_TIME_IS_VALID(due)) return true;
    return GST_CLOCK_TIME_IS_VALID(first) && ABS(GST_CLOCK_DIFF(first, due)) <= due_together;
}

void BufferBatch::add(BufferPtr buffer) {
    assert(!counted_out() && joins(buffer.get()));
    if (left_ > 0) left_--;
    buffers_.push_back(std::move(buffer));
}

GstFlowReturn BufferBatch::push() {
    if (buffers_.empty()) return counted_out() ? GST_FLOW_EOS : GST_FLOW_OK;
    std::vector<BufferPtr> batch;
    batch.swap(buffers_);
    GstFlowReturn flow;
    if (batch.size() == 1) {
        flow = gst_pad_push(pad_, batch.front().release());
    } else {
        GstBufferList* list = gst_buffer_list_new_sized(static_cast<guint>(batch.size()));
        for (BufferPtr& buffer : batch) gst_buffer_list_add(list, buffer.release());
        flow = gst_pad_push_list(pad_, list);
    }
    batch.clear();
    buffers_.swap(batch);  // keeps the capacity
    return flow == GST_FLOW_OK && counted_out() ? GST_FLOW_EOS : flow;
}

}  // namespace stt
