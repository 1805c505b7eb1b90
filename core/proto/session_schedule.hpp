// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tracks which sessions of a node have something to do, and when the others will.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/proto/session_event.hpp"

namespace stt {

/// A session is awake from the moment that something happens to it until it has nothing to send. It then
/// rests until its next deadline. A turn thus costs only what its busy sessions cost, however many others
/// there are.
///
/// Belongs to one endpoint, whose thread calls it. An operation on one session takes O(log n) in the number
/// of sessions, idle() a time in proportion to those awake.
class SessionSchedule {
  public:
    /// Something happens to the session, or may happen.
    void wake(SessionHandle session);
    /// Wakes all sessions that rest until `now` or earlier.
    void wake_due(Time now);
    /// The session has nothing to send now. It stays awake until rest(), because it may have events. One that
    /// only waits for its pacer is asked again in the next turn.
    void on_sent_all(SessionHandle session);
    /// The session no longer exists.
    void forget(SessionHandle session);

    /// Returns the first session after `last`, cyclically, that may have something to send.
    std::optional<SessionHandle> next_to_send(SessionHandle last) const;
    /// Returns the first awake session after `last`; 0 begins with the first of all. Other sessions may be
    /// woken between two calls.
    std::optional<SessionHandle> next_awake(SessionHandle last) const;
    /// Returns the sessions that are awake and have nothing to send. Each must then be passed to rest() or
    /// woken again.
    std::vector<SessionHandle> idle() const;
    /// The session, which is awake, has nothing to do before `until`.
    void rest(SessionHandle session, Time until);
    /// Returns when the first resting session must be woken, or time_never if none rests.
    Time next() const { return deadlines_.empty() ? time_never : deadlines_.begin()->first; }

  private:
    std::set<SessionHandle> awake_;
    std::set<SessionHandle> sending_;  // awake sessions that may have something to send
    // The session woken latest, if it is still in sending_; 0 means none. It saves work, as a session is
    // woken for each packet.
    SessionHandle latest_ = 0;
    std::unordered_map<SessionHandle, Time> resting_;
    std::set<std::pair<Time, SessionHandle>> deadlines_;  // of resting sessions
};

}  // namespace stt
