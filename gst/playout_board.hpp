// SPDX-License-Identifier: LGPL-2.1-or-later
/// What other threads than the streaming thread ask about the playout of the current stream.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <optional>

#include "gst/affine.hpp"

namespace stt {

/// The streaming thread writes it, and any thread reads it. Thread-safe.
class PlayoutBoard {
  public:
    /// Another stream begins, of which nothing is known yet.
    void reset();
    /// Records what the sender reports: whether the stream is live, and the latency of its pipeline, ns.
    /// Returns whether that has changed.
    bool set_timing(bool live, GstClockTime sender_latency);
    /// Records the base delay of the path, ns. As each change makes the pipeline wait or drop, only one that
    /// is significant relative to the usual settings of `latency` is applied. Returns whether it was applied.
    bool set_base_delay(GstClockTime delay);
    /// Records the sender's running time as a function of the local one.
    void set_to_sender(const Affine& to_sender);

    /// Returns whether the stream is live at its source, or null before the first timing has arrived.
    std::optional<bool> live() const;
    /// Returns what is added to the setting `latency`: the latency of the sender's pipeline and the base
    /// delay, ns.
    GstClockTime added_latency() const;
    /// Returns the sender's running time for the local running time `here`, or none if it is before the
    /// start.
    GstClockTime sender_running_time_at(GstClockTime here) const;

    /// A base delay that is longer by up to one step, or shorter by up to two, is not significant, ns.
    static constexpr GstClockTime base_delay_step = 5 * GST_MSECOND;

  private:
    mutable std::mutex mutex_;
    std::optional<bool> live_;         // under mutex_
    GstClockTime sender_latency_ = 0;  // under mutex_
    GstClockTime base_delay_ = 0;      // as applied; under mutex_
    Affine to_sender_{};               // under mutex_
};

}  // namespace stt
