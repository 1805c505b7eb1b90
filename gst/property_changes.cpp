// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/property_changes.hpp"

namespace stt {

PropertyChanges::PropertyChanges(GstElement* element, std::initializer_list<const char*> names)
    : element_(element) {
    for (const char* name : names) recorded_.push_back({name, value_of(name)});
}

std::string PropertyChanges::value_of(const char* name) const {
    GValue value = G_VALUE_INIT;
    g_object_get_property(G_OBJECT(element_), name, &value);
    char* written = g_strdup_value_contents(&value);
    std::string text = written;
    g_free(written);
    g_value_unset(&value);
    return text;
}

void PropertyChanges::notify() {
    for (Recorded& before : recorded_) {
        std::string now = value_of(before.name);
        if (now == before.value) continue;
        before.value = std::move(now);
        g_object_notify(G_OBJECT(element_), before.name);
    }
}

}  // namespace stt
