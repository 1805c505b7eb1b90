// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a session needs of whoever keeps all the sessions of a node.
#pragma once

#include <optional>

#include "core/proto/session_event.hpp"

namespace stt {

class Session;

/// Called by sessions within a call of the host's to them, and on the same thread. None of these calls ends
/// or forgets a session.
class SessionHost {
  public:
    /// The session with this handle; null once it was forgotten.
    virtual Session* find(SessionHandle handle) = 0;
    /// The session whose streams may be taken over by whoever proves to have had `name`, or null.
    virtual Session* find_resumable(const SessionName& name) = 0;
    /// Why no other session may be established now, which a caller is then told; none: one may. If there is
    /// no room, the session that has been silent longest has to show that its peer is there.
    virtual std::optional<Error> no_room(Now now) = 0;
    /// From now on packets that bear the returned id, which is fresh, are the session's.
    virtual SessionId add_id(SessionHandle handle) = 0;
    /// Packets that bear `id` are nobody's any more.
    virtual void remove_id(SessionId id) = 0;
    /// The session's peer was at `before`, and is at `now`.
    virtual void on_moved(SessionHandle handle, const Address& before, const Address& now) = 0;
    /// This node's.
    virtual NodeId node_id() const = 0;

  protected:
    ~SessionHost() = default;
};

}  // namespace stt
