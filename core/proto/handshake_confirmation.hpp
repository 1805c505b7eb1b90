// SPDX-License-Identifier: LGPL-2.1-or-later
/// FINAL, which reports the result of the handshake to the caller, and its delivery.
#pragma once

#include "core/base/error.hpp"
#include "core/proto/packet_builder.hpp"

namespace stt {

/// The confirmation of a responder. On a caller it stays in its initial state and writes nothing. It belongs
/// to one session, whose thread calls it.
class HandshakeConfirmation {
  public:
    /// The caller is accepted. `resumed` means that the session takes over the streams of an earlier one.
    void accept(bool resumed);
    /// The caller is turned away. FINAL carries `error`, and nothing follows.
    void refuse(Error error);
    /// The caller has repeated its AUTH_PROOF because it has received no FINAL.
    void on_asked_again();

    /// Returns whether FINAL must leave even if nothing else does.
    bool due() const { return state_ == State::due; }
    /// Returns whether a refusal must leave from a session that has ended.
    bool refusal_due() const { return due() && refusal_.code != ErrorCode::none; }

    /// Writes FINAL to `packet` until one is acknowledged. Every packet of a responder begins with it, so
    /// that whichever arrives first completes the caller's handshake. The caller accepts no other frame
    /// before that.
    void begin(PacketBuilder& packet);
    void on_acked() { state_ = State::acked; }
    void on_lost();

  private:
    enum class State : uint8_t {
        none,   ///< there is nothing to confirm
        due,    ///< FINAL must leave now
        sent,   ///< FINAL is in flight
        acked,  ///< FINAL has been acknowledged
    };
    State state_ = State::none;
    bool resumed_ = false;
    Error refusal_;  // code none if accepted
};

}  // namespace stt
