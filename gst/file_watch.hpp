// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notices that a file has changed.
#pragma once

#include <functional>
#include <string>

#include "gst/periodic_job.hpp"

namespace stt {

/// Looks at a file once per second, on the announcer's thread. start() and stop() are called in state changes
/// only.
class FileWatch {
  public:
    /// `element` owns `announcer` and the object.
    FileWatch(GstElement* element, Announcer& announcer) : look_(element, announcer) {}

    /// Calls `changed` on the announcer's thread when the file at `path` has changed, and at the first look,
    /// as it may have changed since it was read. The removal of the file is a change, too.
    void start(const std::string& path, std::function<void()> changed);
    void stop() { look_.stop(); }

  private:
    PeriodicJob look_;
};

}  // namespace stt
