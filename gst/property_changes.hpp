// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notifies of properties whose values depend on an element's state.
#pragma once

#include <gst/gst.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace stt {

/// Records the values of some properties, and notifies of those that differ later. Used by one thread.
class PropertyChanges {
  public:
    /// Records the values that the properties `names` of `element` have now. The names are static strings,
    /// and the element outlives the object.
    PropertyChanges(GstElement* element, std::initializer_list<const char*> names);
    /// Notifies of each property whose value differs from the recorded one. No lock may be held.
    void notify();

  private:
    struct Recorded {
        const char* name;
        std::string value;
    };
    std::string value_of(const char* name) const;

    GstElement* const element_;
    std::vector<Recorded> recorded_;
};

}  // namespace stt
