// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tracks which sessions of a node have something to do, and when the others will.
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/base/transport_kind.hpp"
#include "core/proto/session_event.hpp"

namespace stt {

/// A session is awake from the moment that something happens to it until it has nothing to send. It then
/// rests until its next deadline. A turn thus costs only what its busy sessions cost, however many others
/// there are. While a transport is blocked, a session that has something to send by it may rest as well.
///
/// Belongs to one endpoint, whose thread calls it. An operation on one session takes O(log n) in the number
/// of sessions, idle() a time in proportion to those awake.
class SessionSchedule {
  public:
    /// `transports` are those of the node.
    explicit SessionSchedule(TransportSet transports);

    /// Something happens to the session, or may happen.
    void wake(SessionHandle session);
    /// Wakes all sessions that rest until `now` or earlier.
    void wake_due(Time now);
    /// The session has nothing to send by `transport` now. It stays awake until rest(), because it may have
    /// events. One that only waits for its pacer is asked again in the next turn.
    void on_sent_all(SessionHandle session, TransportKind transport);
    /// The session no longer exists.
    void forget(SessionHandle session);

    /// `transport` takes nothing until unblock().
    void block(TransportKind transport);
    void unblock(TransportKind transport) { outlet(transport).blocked = false; }

    /// Returns the first session after `last`, cyclically, that may have something to send by `transport`,
    /// which is not blocked. The session is then awake.
    std::optional<SessionHandle> next_to_send(SessionHandle last, TransportKind transport);
    /// Returns the first awake session after `last`; 0 begins with the first of all. Other sessions may be
    /// woken between two calls.
    std::optional<SessionHandle> next_awake(SessionHandle last) const;
    /// Returns the sessions that are awake and have nothing to send, except by blocked transports. Each must
    /// then be passed to rest() or woken again.
    std::vector<SessionHandle> idle() const;
    /// The session, which is awake, has nothing to do before `until`.
    void rest(SessionHandle session, Time until);
    /// Returns when the first resting session must be woken, or time_never if none rests.
    Time next() const { return deadlines_.empty() ? time_never : deadlines_.begin()->first; }

  private:
    /// One transport of the node.
    struct Outlet {
        TransportKind kind;
        bool blocked = false;
        // Those that may have something to send. They are awake, unless the transport is or was blocked: each
        // session that was awake meanwhile is in the set, whether it rests now or not.
        std::set<SessionHandle> sending = {};
    };
    Outlet& outlet(TransportKind kind);
    bool sends(SessionHandle session) const;
    void rouse(SessionHandle session);

    std::vector<Outlet> outlets_;
    std::set<SessionHandle> awake_;
    // The session woken latest, if it is still awake and in the sets of all outlets; 0 means none. It
    // saves work, as a session is woken for each packet.
    SessionHandle latest_ = 0;
    std::unordered_map<SessionHandle, Time> resting_;
    std::set<std::pair<Time, SessionHandle>> deadlines_;  // of resting sessions
};

}  // namespace stt
