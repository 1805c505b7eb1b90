// SPDX-License-Identifier: LGPL-2.1-or-later
/// What happened in one session and was not taken yet.
#pragma once

#include <deque>
#include <vector>

#include "core/proto/session_event.hpp"

namespace stt {

/// Belongs to one session; its parts add to it in the order in which things happen.
class SessionEvents {
  public:
    explicit SessionEvents(SessionHandle session) : session_(session) {}

    template <class What>
    void add(What&& what) {
        events_.push_back({session_, std::forward<What>(what)});
    }
    /// Something went wrong that does not end the session. `peer`: where the peer is.
    void note(Error error, const Address& peer) { add(event::ErrorNoted{std::move(error), peer}); }
    bool empty() const { return events_.empty(); }
    /// Moves all to the end of `events`.
    void take(std::deque<Event>& events) {
        std::move(events_.begin(), events_.end(), std::back_inserter(events));
        events_.clear();
    }
    /// Another session has taken this one's place, and its beginning says what became of this one: an end
    /// that was not taken is none.
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
