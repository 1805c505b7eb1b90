// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which sessions of a node have something to do, and when the others will have.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/proto/session_event.hpp"

namespace stt {

/// A session is awake from the moment something happens to it until it has nothing to send; then it rests
/// until its next deadline. So a turn costs what its busy sessions cost, however many others there are.
/// Belongs to one endpoint, whose thread calls it. All operations take O(log n) in the number of sessions.
class SessionSchedule {
  public:
    /// Something happens to the session, or may.
    void wake(SessionHandle session);
    /// The same for all that rest until `now` or earlier.
    void wake_due(Time now);
    /// The session has nothing to send now. It is awake until rest() all the same: it may have events.
    void on_sent_all(SessionHandle session);
    /// The session is no more.
    void forget(SessionHandle session);

    /// The first session after `last`, cyclically, that may have something to send.
    std::optional<SessionHandle> next_to_send(SessionHandle last) const;
    /// The first session after `last`, 0: of all, that is awake. Others may be woken between two calls.
    std::optional<SessionHandle> next_awake(SessionHandle last) const;
    /// The sessions that are awake and have nothing to send: each is to rest(), or to be woken again.
    std::vector<SessionHandle> idle() const;
    /// The session, which is awake, has nothing to do before `until`.
    void rest(SessionHandle session, Time until);
    /// When the first of those that rest is to be woken; time_never: none is.
    Time next() const { return deadlines_.empty() ? time_never : deadlines_.begin()->first; }

  private:
    std::set<SessionHandle> awake_;
    std::set<SessionHandle> sending_;  // of those awake
    SessionHandle latest_ = 0;         // woken, and in sending_ since; 0: none. It is woken for each packet
    std::unordered_map<SessionHandle, Time> resting_;
    std::set<std::pair<Time, SessionHandle>> deadlines_;  // of those that rest
};

}  // namespace stt
