// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sticky events, which a pad keeps because they describe the state of its stream.
#pragma once

#include <gst/gst.h>

#include <cstdint>

namespace stt {

inline bool is_sticky(GstEvent* event) {
    return gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY;
}

/// Returns a key under which a pad keeps one event. Events of one type with different names are kept side by
/// side. Keys are ordered as types are, which is the order in which a pad accepts them. They are never 0.
inline uint64_t state_key(GstEvent* event) {
    const GstStructure* structure = gst_event_get_structure(event);
    return uint64_t{GST_EVENT_TYPE(event)} << 32 |
           (structure ? g_str_hash(gst_structure_get_name(structure)) : 0);
}

}  // namespace stt
