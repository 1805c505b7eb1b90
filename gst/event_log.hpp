// SPDX-License-Identifier: LGPL-2.1-or-later
/// The file behind the property `event-log`: it holds the elements' bus messages, one line of JSON each.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/result.hpp"

namespace stt {

/// Thread-safe. As file access may be slow, threads that carry data or packets must not call it.
class EventLog {
  public:
    /// Opens `path` for appending. A file that does not exist is created, accessible to its owner only. One
    /// that exists must be regular, belong to the effective user, and be writable by no other user. The error
    /// names the path and the property.
    static Result<std::shared_ptr<EventLog>> open(const std::string& path);
    ~EventLog();
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;

    /// Appends `message` by a single write() if its structure is one of the elements' own (stt-…). The time
    /// of the line is that of this call, so that lines are in the order of their times. The file is opened
    /// again if another tool has moved or removed it. A failure is reported once, and again only after a line
    /// has been written.
    Status write(GstElement* element, GstMessage* message);

  private:
    EventLog(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    bool moved() const;
    std::optional<Error> append(const std::string& line);

    const std::string path_;
    std::mutex mutex_;
    int fd_;               // under mutex_
    bool torn_ = false;    // the last line is incomplete; under mutex_
    bool failed_ = false;  // the failure was reported; under mutex_
};

}  // namespace stt
