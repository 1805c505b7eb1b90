// SPDX-License-Identifier: LGPL-2.1-or-later
/// Owning pointers to GStreamer's reference-counted objects.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace stt {

struct MessageDeleter {
    void operator()(GstMessage* message) const { gst_message_unref(message); }
};
using MessagePtr = std::unique_ptr<GstMessage, MessageDeleter>;

struct EventDeleter {
    void operator()(GstEvent* event) const { gst_event_unref(event); }
};
using EventPtr = std::unique_ptr<GstEvent, EventDeleter>;

struct BufferDeleter {
    void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, BufferDeleter>;

}  // namespace stt
