// SPDX-License-Identifier: LGPL-2.1-or-later
/// The settings of one element under a lock: its properties, and its URI.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>

#include "gst/element_settings.hpp"

namespace stt {

/// Thread-safe.
class SettingsStore {
  public:
    /// `element` owns the store. `side` says which properties it has.
    SettingsStore(GstElement* element, Side side) : element_(element), side_(side) {}

    /// Returns a copy of one setting.
    template <class T>
    T get(T Settings::*field) const {
        const std::lock_guard lock(mutex_);
        return settings_.*field;
    }
    /// Returns what `function` returns for the settings. It is called with the lock held and must not keep a
    /// reference.
    template <class Read>
    auto read(Read function) const {
        const std::lock_guard lock(mutex_);
        return function(settings_);
    }
    /// Set or get the property `id`. They return false if it is not among the settings. GObject notifies of
    /// the change.
    bool set_property(unsigned id, const GValue* value);
    bool get_property(unsigned id, GValue* value) const;
    /// Sets the property `uri`, and notifies of it if it has changed. On an error the previous one remains.
    Status set_uri(const std::string& uri);

  private:
    GstElement* const element_;
    const Side side_;
    mutable std::mutex mutex_;
    Settings settings_;  // under mutex_
};

}  // namespace stt
