// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decides when sttsink must send a timing message, which tells the receiver how to understand the times that
/// follow.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "gst/origin.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/timing.hpp"

namespace stt {

/// Used on the streaming thread.
class TimingReport {
  public:
    /// `element` outlives this object.
    explicit TimingReport(GstElement* element) : element_(element) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    void start();
    /// The pipeline has changed: the next call of next() reads the clocks.
    void set_due() { looked_ = 0; }
    /// The link does not have the timing any more: the next call of next() returns it.
    void forget() { sent_.reset(); }

    /// Returns the timing of the pipeline if the link does not have it. Reads the clocks only if they were
    /// not read for a while, because it is called for each of a million small buffers per second.
    std::optional<Timing> next(const Origin& origin);
    /// The link has `timing` now.
    void set_sent(const Timing& timing) { sent_ = timing; }

  private:
    bool due();

    GstElement* const element_;
    PipelineClock clock_;
    std::optional<Timing> sent_;  // the timing that the link has
    int64_t looked_ = 0;          // coarse_now() of the last check; 0: a check is due
};

}  // namespace stt
