// SPDX-License-Identifier: LGPL-2.1-or-later
/// What it takes to go on with a session's streams in another session.
#pragma once

#include "core/crypto/handshake.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// Both ends of a session have one; a caller shows it, a responder recognises it.
struct ResumeTicket {
    SessionName session{};
    NodeId peer{};
    SecretBytes secret;  ///< 32 bytes

    ResumeTicket clone() const { return {session, peer, secret.clone()}; }
};

/// Whether a session that ended with `error` is to be gone on with: its path was lost, nobody wanted its end.
inline bool is_path_lost(const Error& error) {
    return error.code == ErrorCode::session_timeout ||
           (error.code == ErrorCode::session_closed && error.reason == Reason::timeout);
}

}  // namespace stt
