// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the elements upstream and the settings mean for sending: whether the stream is live, what the queue
/// may drop, and whether data waits for a peer.
#pragma once

#include <gst/base/gstbasesink.h>

#include <atomic>

#include "gst/connection.hpp"
#include "gst/origin.hpp"

namespace stt {

/// Used on the streaming thread, except where noted.
class SendingPolicy {
  public:
    /// `connection` belongs to `element`, which owns this object too.
    SendingPolicy(GstBaseSink* element, Connection& connection)
        : element_(element), connection_(connection) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    /// @param bytes whether the stream consists of plain bytes, of which none may be dropped
    void start(bool bytes);

    /// Called when the pipeline has started to play, or when its latency, its clock or the elements upstream
    /// have changed. Callable from any thread.
    void pipeline_changed() { pipeline_changed_ = true; }
    /// Sets `latency` (ns): how long after its running time the receiver plays an item without delay.
    /// Callable from any thread.
    void set_playout(GstClockTime latency);
    /// Queries the elements upstream and tells the queue if anything has changed since the last call. Returns
    /// whether it has.
    bool renew();

    /// What was upstream at the last renew().
    const Origin& origin() const { return origin_; }
    /// Whether data waits for a peer that was never there or that cannot resume the stream.
    bool waits_for_peer() const;
    /// Whether data would wait for such a peer, according to the elements upstream now. Callable from any
    /// thread that holds no lock.
    bool will_wait_for_peer() const;
    /// Whether there is no peer to send to and the element does not wait for one. An element that has failed
    /// accepts nothing.
    bool unheard() const;

  private:
    void look_upstream();

    GstBaseSink* const element_;
    Connection& connection_;
    bool bytes_ = false;  // written by start()
    Origin origin_;       // streaming thread
    std::atomic<bool> pipeline_changed_{true};
    std::atomic<GstClockTime> playout_{200 * GST_MSECOND};  // of the receiver, ns
};

}  // namespace stt
