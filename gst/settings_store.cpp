// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/settings_store.hpp"

namespace stt {

bool SettingsStore::set_property(unsigned id, const GValue* value) {
    const std::lock_guard lock(mutex_);
    return set_setting(settings_, side_, id, value);
}

bool SettingsStore::get_property(unsigned id, GValue* value) const {
    const std::lock_guard lock(mutex_);
    return get_setting(settings_, id, value);
}

Status SettingsStore::set_uri(const std::string& uri) {
    Status set = success();
    bool changed = false;
    {
        const std::lock_guard lock(mutex_);
        const std::string before = settings_.uri;
        set = stt::set_uri(settings_, side_, uri);
        changed = settings_.uri != before;
    }
    if (changed) g_object_notify(G_OBJECT(element_), "uri");  // without the lock, as handlers may do anything
    return set;
}

}  // namespace stt
