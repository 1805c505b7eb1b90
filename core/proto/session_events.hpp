// SPDX-License-Identifier: LGPL-2.1-or-later
/// The events of one session that were not taken yet.
#pragma once

#include <deque>
#include <vector>

#include "core/proto/session_event.hpp"

namespace stt {

/// Belongs to one session. Its parts add events in the order in which they happen.
class SessionEvents {
  public:
    explicit SessionEvents(SessionHandle session) : session_(session) {}

    template <class What>
    void add(What&& what) {
        events_.push_back({session_, std::forward<What>(what)});
    }
    /// Adds an error that does not end the session. `peer` is the address of the peer.
    void note(Error error, const Address& peer) { add(event::ErrorNoted{std::move(error), peer}); }
    bool empty() const { return events_.empty(); }
    /// Appends all events to `events` and removes them here.
    void take(std::deque<Event>& events) {
        std::move(events_.begin(), events_.end(), std::back_inserter(events));
        events_.clear();
    }
    /// Drops an unreported `closed` event. Another session has superseded this one, and its `established`
    /// event already explains what happened.
    void drop_end() {
        std::erase_if(events_, [](const Event& event) {
            const auto* change = std::get_if<event::StateChanged>(&event.what);
            return change && change->state == SessionState::closed;
        });
    }

  private:
    const SessionHandle session_;
    std::vector<Event> events_;
};

}  // namespace stt
