// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/stream_headers.hpp"

namespace stt {

std::vector<BufferPtr> stream_headers(const GstCaps* caps) {
    std::vector<BufferPtr> headers;
    if (!caps || gst_caps_get_size(caps) == 0) return headers;
    const GValue* field = gst_structure_get_value(gst_caps_get_structure(caps, 0), "streamheader");
    const unsigned count = field && GST_VALUE_HOLDS_ARRAY(field) ? gst_value_array_get_size(field) : 0;
    for (unsigned i = 0; i < count; i++) {
        const GValue* value = gst_value_array_get_value(field, i);
        if (!GST_VALUE_HOLDS_BUFFER(value)) continue;
        BufferPtr header(gst_buffer_copy(gst_value_get_buffer(value)));
        GST_BUFFER_FLAG_SET(header.get(), GST_BUFFER_FLAG_HEADER);
        GST_BUFFER_PTS(header.get()) = GST_BUFFER_DTS(header.get()) = GST_CLOCK_TIME_NONE;
        headers.push_back(std::move(header));
    }
    return headers;
}

}  // namespace stt
