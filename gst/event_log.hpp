// SPDX-License-Identifier: LGPL-2.1-or-later
/// The file behind the property `event-log`: what the elements say on the bus, as a line of JSON each.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>
#include <string>

#include "core/base/result.hpp"

namespace stt {

/// Any thread; but as files may be slow, not those that data or the network waits for.
class EventLog {
  public:
    /// Opens `path` for appending, and makes it, for its owner only, where there is none. The error names
    /// path and property.
    static Result<std::shared_ptr<EventLog>> open(const std::string& path);
    ~EventLog();
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;

    /// Appends `message` when it is one of the elements' own (a structure stt-…), by a single write(). The
    /// file is opened anew when another tool has moved or removed it. An error comes once, until a line has
    /// been written again.
    Status write(GstElement* element, GstMessage* message);

  private:
    EventLog(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    bool moved() const;
    bool append(const std::string& line);

    const std::string path_;
    std::mutex mutex_;
    int fd_;               // under mutex_
    bool torn_ = false;    // the last line lacks its end; under mutex_
    bool failed_ = false;  // and that was told; under mutex_
};

}  // namespace stt
