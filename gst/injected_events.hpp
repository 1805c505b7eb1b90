// SPDX-License-Identifier: LGPL-2.1-or-later
/// The events that the application sends to sttsrc, to be pushed in order with the data.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// A queue from any thread to the streaming thread. Thread-safe.
class InjectedEvents {
  public:
    /// Queues an event. Callable from any thread.
    void add(EventPtr event);
    /// Returns the events queued since the last call, in order. It takes no lock while there are none, as it
    /// is called for each message. Called on the streaming thread.
    std::vector<EventPtr> take();
    /// Discards what is queued. Called while no streaming thread runs.
    void clear();

  private:
    std::mutex mutex_;
    std::vector<EventPtr> events_;   // under mutex_
    std::atomic<bool> any_ = false;  // whether there are events; written under mutex_
};

}  // namespace stt
