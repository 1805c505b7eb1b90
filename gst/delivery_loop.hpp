// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the streaming thread of sttsrc does: it takes messages from the link, and passes them downstream.
#pragma once

#include <gst/base/gstbasesrc.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "gst/connection.hpp"
#include "gst/owned.hpp"
#include "gst/receiver.hpp"
#include "gst/upstream_events.hpp"

namespace stt {

/// Decides when something is passed downstream and when the thread returns to the base class. What is passed,
/// and how, is the receiver's.
class DeliveryLoop {
  public:
    /// All outlive the object. `element` owns it; `connection` and `receiver` are the element's. `upstream`
    /// sends the events that wait for the streaming thread.
    DeliveryLoop(GstBaseSrc* element, Connection& connection, Receiver& receiver, UpstreamEvents& upstream)
        : element_(element), connection_(connection), receiver_(receiver), upstream_(upstream) {}
    ~DeliveryLoop() { EventPtr(requested_eos_.exchange(nullptr)); }
    DeliveryLoop(const DeliveryLoop&) = delete;
    DeliveryLoop& operator=(const DeliveryLoop&) = delete;

    // Called in state changes, while no streaming thread runs.

    /// Resets the state. The receiver was reset before.
    void start();
    /// Releases the messages that are left.
    void stop();

    // Called on the streaming thread.

    /// Takes messages and pushes them downstream until an event ends this; never returns OK. When it returns
    /// EOS, any error of the link has been posted. For a worse result the base class would post another
    /// error.
    GstFlowReturn run();

    // Callable from any thread.

    /// Makes run() return when it is not in a push, and on each call until resume().
    void interrupt();
    /// Ends a flush when run() has returned. This is not done in unlock_stop(): since GStreamer 1.24 the
    /// streaming thread calls that after a pause, too, and it could undo what another thread has just
    /// requested.
    void resume();
    /// Makes the streaming thread push `eos` after the messages that it has taken from the inbox. The base
    /// class would wait here for the streaming thread. In PAUSED a sink blocks that thread until this
    /// function returns and the state changes.
    void request_eos(EventPtr eos);

  private:
    enum class Phase : uint8_t {
        delivering,
        between_streams,  ///< a stream has ended, and the next one is awaited
        ended,            ///< EOS was pushed downstream
    };
    /// The times at which run() stops waiting for messages.
    struct Deadlines {
        SteadyTime quiet = SteadyTime::max();  ///< receive-timeout expires
        SteadyTime hold = SteadyTime::max();   ///< the events that wait for a buffer are released
        SteadyTime first() const { return std::min(quiet, hold); }
    };
    Deadlines next_deadlines(const Deadlines& before, Duration limit) const;
    GstFlowReturn pass_on();
    void tell_passed(int64_t now);
    void receive(Link& link);
    GstFlowReturn finish_stream();
    GstFlowReturn end(EventPtr eos);
    GstFlowReturn fail_quiet();

    GstBaseSrc* const element_;
    Connection& connection_;
    Receiver& receiver_;
    UpstreamEvents& upstream_;
    // Streaming thread.
    std::vector<InMessage> messages_;  // taken from the inbox; those before next_message_ are processed
    size_t next_message_ = 0;
    Phase phase_ = Phase::delivering;
    int64_t told_passed_at_ = 0;  // coarse_now(), ns
    // Any thread.
    std::atomic<bool> flushing_{false};              // from interrupt() to resume()
    std::atomic<GstEvent*> requested_eos_{nullptr};  // from the application; owned, null: none
};

}  // namespace stt
