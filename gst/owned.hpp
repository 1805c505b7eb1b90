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

struct CapsDeleter {
    void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
};
using CapsPtr = std::unique_ptr<GstCaps, CapsDeleter>;

struct TagsDeleter {
    void operator()(GstTagList* tags) const { gst_tag_list_unref(tags); }
};
using TagsPtr = std::unique_ptr<GstTagList, TagsDeleter>;

struct StructureDeleter {
    void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};
using StructurePtr = std::unique_ptr<GstStructure, StructureDeleter>;

}  // namespace stt
