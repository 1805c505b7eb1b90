// SPDX-License-Identifier: LGPL-2.1-or-later
/// The events that sttsrc cannot push yet, as they follow a segment that waits for the first known time.
#pragma once

#include <functional>
#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// Used on the streaming thread.
class HeldEvents {
  public:
    /// Adds an event. It is pushed after those that are held already.
    void add(EventPtr event);
    /// Sets the events that end what is in force from the sender's previous run. They are pushed before the
    /// others, except for those that an event of the new run replaces.
    void set_ended(std::vector<EventPtr> ended) { ended_ = std::move(ended); }

    bool empty() const { return held_.empty(); }
    /// Whether all events must be pushed now, as no more than this many are held.
    bool full() const { return held_.size() >= count_max; }

    /// Takes the events that end the previous run among those to be pushed now.
    void begin_push();
    /// Passes the events to `push`, in order, until one is not OK. The result is that of the last call. What
    /// was not passed is kept, and so is the last event if it is sticky: a flush discards media but not
    /// state.
    GstFlowReturn push(const std::function<GstFlowReturn(EventPtr)>& push);
    /// Discards the events of add().
    void discard() { held_.clear(); }

    /// The largest number of events that wait. The next one makes all of them be pushed.
    static constexpr size_t count_max = 64;

  private:
    std::vector<EventPtr> ended_;  // of set_ended(), until begin_push()
    std::vector<EventPtr> held_;
};

}  // namespace stt
