// SPDX-License-Identifier: LGPL-2.1-or-later
/// Jobs that an element repeats while it is open.
#pragma once

#include <gst/gst.h>

#include <functional>

#include "gst/announcer.hpp"

namespace stt {

/// Runs a job periodically on the announcer's thread. start() and stop() are called in state changes only.
class PeriodicJob {
  public:
    /// `element` owns `announcer` and the object.
    PeriodicJob(GstElement* element, Announcer& announcer) : element_(element), announcer_(announcer) {}
    ~PeriodicJob() { stop(); }
    PeriodicJob(const PeriodicJob&) = delete;
    PeriodicJob& operator=(const PeriodicJob&) = delete;

    /// Runs `job` every `interval_ms` milliseconds, which must be positive, for the first time after one
    /// interval. It returns whether it is to be run again. If jobs are taken more slowly than at this rate,
    /// they do not pile up. A job that was queued before stop() may run after it, but not once the announcer
    /// was cleared.
    void start(uint32_t interval_ms, std::function<bool()> job);
    void stop();

  private:
    GstElement* const element_;
    Announcer& announcer_;
    GstClockID timer_ = nullptr;  // null: stopped
};

}  // namespace stt
