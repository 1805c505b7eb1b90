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

// The largest number of consecutive elements that are searched. A path of one stream has fewer.
constexpr unsigned elements_max = 32;

bool are_under_way(GstPad* pad, const GstCaps* caps, unsigned elements_left) {
    GstPad* const peer = gst_pad_get_peer(pad);
    if (!peer) return false;
    GstCaps* pushed = gst_pad_get_current_caps(peer);
    bool found = pushed && gst_caps_is_equal(pushed, caps);
    gst_clear_caps(&pushed);
    GstIterator* inputs = found || elements_left == 0 ? nullptr : gst_pad_iterate_internal_links(peer);
    GValue item = G_VALUE_INIT;
    while (inputs && !found && gst_iterator_next(inputs, &item) == GST_ITERATOR_OK) {
        GstPad* const input = GST_PAD(g_value_get_object(&item));
        if (GST_PAD_IS_PROXY_CAPS(input) || GST_IS_PROXY_PAD(input))
            found = are_under_way(input, caps, elements_left - 1);
        g_value_unset(&item);
    }
    g_clear_pointer(&inputs, gst_iterator_free);
    gst_object_unref(peer);
    return found;
}

}  // namespace

bool are_under_way(GstPad* pad, const GstCaps* caps) { return are_under_way(pad, caps, elements_max); }

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
