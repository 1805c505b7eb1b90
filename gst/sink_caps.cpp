// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/sink_caps.hpp"

namespace stt {
namespace {

const char* foreign_memory(const GstCapsFeatures* features) {
    if (!features) return nullptr;
    for (unsigned i = 0; i < gst_caps_features_get_size(features); i++) {
        const char* feature = gst_caps_features_get_nth(features, i);
        if (g_str_has_prefix(feature, "memory:") &&
            g_strcmp0(feature, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY) != 0)
            return feature;
    }
    return nullptr;
}

}  // namespace

const char* foreign_memory(const GstCaps* caps) {
    for (unsigned i = 0; i < gst_caps_get_size(caps); i++)
        if (const char* feature = foreign_memory(gst_caps_get_features(caps, i))) return feature;
    return nullptr;
}

GstCaps* sendable_caps(GstCaps* filter) {
    if (!filter) return gst_caps_new_any();
    GstCaps* caps = gst_caps_copy(filter);
    const auto keep = [](GstCapsFeatures* features, GstStructure*, gpointer) -> gboolean {
        return foreign_memory(features) == nullptr;
    };
    gst_caps_filter_and_map_in_place(caps, keep, nullptr);
    return caps;
}

}  // namespace stt
