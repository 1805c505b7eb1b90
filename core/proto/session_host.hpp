// SPDX-License-Identifier: LGPL-2.1-or-later
/// The interface through which a session uses the endpoint that holds all sessions of a node.
#pragma once

#include <optional>

#include "core/proto/session_event.hpp"

namespace stt {

class Session;

/// Sessions call it while the host calls them, and on the same thread. None of these calls ends or forgets a
/// session.
class SessionHost {
  public:
    /// Something happens to the session, so that it may have something to do before its next timeout.
    virtual void wake(SessionHandle handle) = 0;
    /// Returns the session with this handle, or null once it has been forgotten.
    virtual Session* find(SessionHandle handle) = 0;
    /// Returns the session whose streams a peer may take over if it proves that it had the session `name`, or
    /// null.
    virtual Session* find_resumable(const SessionName& name) = 0;
    /// Returns why no further session may be established now, which is then reported to the caller, or none
    /// if one may. If the node is full, a liveness check of the session that has been silent longest begins.
    virtual std::optional<Error> no_room(Now now) = 0;
    /// Returns a fresh id. From now on packets with that id belong to the session.
    virtual SessionId add_id(SessionHandle handle) = 0;
    /// Packets with `id` no longer belong to any session.
    virtual void remove_id(SessionId id) = 0;
    /// The session's peer has moved from `before` to `now`.
    virtual void on_moved(SessionHandle handle, const Address& before, const Address& now) = 0;
    /// Returns the id of this node.
    virtual NodeId node_id() const = 0;

  protected:
    ~SessionHost() = default;
};

}  // namespace stt
