// SPDX-License-Identifier: LGPL-2.1-or-later
/// Takes the buffers and events that are pushed into sttsink, and has them sent in order.
#pragma once

#include <gst/base/gstbasesink.h>

#include "gst/buffer_sender.hpp"
#include "gst/connection.hpp"
#include "gst/drain.hpp"
#include "gst/link_writer.hpp"
#include "gst/sending_policy.hpp"
#include "gst/state_sender.hpp"

namespace stt {

/// Used on the streaming thread with the preroll lock held, as GstBaseSink calls its subclasses, except where
/// noted.
class Transmitter {
  public:
    /// `connection` belongs to `element`, which owns the transmitter too. The destructor uses neither.
    Transmitter(GstBaseSink* element, Connection& connection);

    /// Resets the state. Called while no streaming thread runs.
    void start();

    /// Sets the caps of the buffers that follow.
    void set_caps(const GstCaps* caps) { buffers_.set_caps(caps); }
    GstFlowReturn take(GstBuffer* buffer);
    GstFlowReturn take(GstBufferList* list);
    /// Sends a GAP event when its time has come.
    GstFlowReturn take_gap(GstEvent* event);
    /// Ends the stream. Blocks until the peer's pipeline has everything, or has taken nothing for
    /// `drain-timeout`.
    GstFlowReturn take_eos();
    /// Sends any other serialized event. Returns false if the event ends the stream.
    bool take_event(GstEvent* event);
    /// Sends an event that is not serialized, immediately or not at all. Callable from any thread.
    bool take_out_of_band(GstEvent* event);
    /// Called on FLUSH_STOP: discards the data that the session does not have yet.
    void flush();

    /// Called when the application has sent EOS to the pipeline. The EOS event itself may be held up behind a
    /// buffer that waits in this sink. Therefore all waits end `drain-timeout` from now. Callable from any
    /// thread.
    void expect_eos();
    /// Called when the pipeline has started to play, or when its latency, its clock or the elements upstream
    /// have changed. Callable from any thread.
    void pipeline_changed() { policy_.pipeline_changed(); }
    /// Whether data would wait for a peer that has never been there, according to the elements upstream now.
    /// Callable from any thread that holds no lock.
    bool will_wait_for_peer() const { return policy_.will_wait_for_peer(); }
    /// Sets `latency` (ns): how long after its running time the receiver plays an item without delay.
    /// Callable from any thread.
    void set_playout(GstClockTime latency) { policy_.set_playout(latency); }

  private:
    GstFlowReturn wait_playing(GstMiniObject* object);
    void look_if_changed();
    GstFlowReturn prepare();
    bool drop(GstBuffer* buffer);
    void begin_next();
    GstFlowReturn wait_next();

    GstBaseSink* const element_;
    Connection& connection_;
    bool bytes_ = false;  // framing=bytes; written by start()
    SendingPolicy policy_;
    LinkWriter writer_;
    BufferSender buffers_;
    StateSender state_;
    Drain drain_;
};

}  // namespace stt
