// SPDX-License-Identifier: LGPL-2.1-or-later
/// FINAL, which tells a caller what became of its AUTH_PROOF, and its way to the caller.
#pragma once

#include "core/base/error.hpp"
#include "core/proto/packet_builder.hpp"

namespace stt {

/// A responder's; a caller's stays as it is made and writes nothing. Belongs to one session, whose thread
/// calls it.
class HandshakeConfirmation {
  public:
    /// The caller is accepted. `resumed`: the session takes an earlier one's streams over.
    void accept(bool resumed);
    /// The caller is turned away. FINAL says why, and nothing follows.
    void refuse(Error error);
    /// The caller asks again, as it has had no FINAL.
    void on_asked_again();

    /// Whether FINAL is to leave even if nothing else does.
    bool due() const { return state_ == State::due; }
    /// Whether a refusal is to leave, from a session that has ended.
    bool refusal_due() const { return due() && refusal_.code != ErrorCode::none; }
    /// The caller is known to have had FINAL.
    bool acked() const { return state_ == State::acked; }

    /// Every packet of a responder begins with FINAL until one is acknowledged: whichever arrives first
    /// completes the caller's handshake, and before that the caller accepts no other frame.
    void begin(PacketBuilder& packet);
    void on_acked() { state_ = State::acked; }
    void on_lost();

  private:
    enum class State : uint8_t {
        none,   ///< nothing to confirm
        due,    ///< to leave now
        sent,   ///< on its way
        acked,  ///< done
    };
    State state_ = State::none;
    bool resumed_ = false;
    Error refusal_;  // code none: accepted
};

}  // namespace stt
