// SPDX-License-Identifier: LGPL-2.1-or-later
/// Hands the messages of sttsink to the link, and waits for the peer and for space.
#pragma once

#include <gst/base/gstbasesink.h>

#include "gst/connection.hpp"
#include "gst/message_kind.hpp"

namespace stt {

/// Every function that waits returns early if the element is paused, flushed or stopped, and then waits in
/// preroll. GST_FLOW_EOS means that an ERROR has been posted; upstream elements then stop without posting one
/// of their own. Used on the streaming thread with the preroll lock held.
class LinkWriter {
  public:
    /// `connection` belongs to `element`, which owns this object too.
    LinkWriter(GstBaseSink* element, Connection& connection) : element_(element), connection_(connection) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    void start();
    /// The element was flushed: everything counts from here.
    void flushed() { start(); }

    /// Push a message, and wait while there is no space: one with the data of `buffer`, which is classified
    /// as `unit`; one that applies where it is; and one of a state that is in force until another message
    /// with the same `key` replaces it.
    GstFlowReturn push_data(OutMessage message, Unit unit, GstBuffer* buffer);
    GstFlowReturn push_passing(OutMessage message);
    GstFlowReturn push_state(OutMessage message, uint64_t key);
    /// Waits until the stream is open. A listener waits for its caller; the data of a caller waits in the
    /// queue.
    GstFlowReturn wait_for_peer();
    /// Waits until the peer has everything that was pushed.
    GstFlowReturn wait_delivered();

    /// Whether all data is discarded until EOS, as no time is left to wait. A wait that has returned
    /// GST_FLOW_OK may have ended so.
    bool discarding() const { return discarding_; }
    /// Counts a buffer that is discarded.
    void discard(GstBuffer* buffer);
    /// What was discarded since discarding() began.
    const Gap& discarded() const { return discarded_; }

  private:
    template <class Push>
    GstFlowReturn hand_over(Push push);
    GstFlowReturn discard_until_eos();

    GstBaseSink* const element_;
    Connection& connection_;
    bool discarding_ = false;  // streaming thread
    Gap discarded_;            // streaming thread
};

}  // namespace stt
