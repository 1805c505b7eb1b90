// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/handshake_confirmation.hpp"

#include <utility>

namespace stt {

void HandshakeConfirmation::accept(bool resumed) {
    state_ = State::due;
    resumed_ = resumed;
}

void HandshakeConfirmation::refuse(Error error) {
    state_ = State::due;
    refusal_ = std::move(error);
}

void HandshakeConfirmation::on_asked_again() {
    if (state_ == State::sent) state_ = State::due;
}

void HandshakeConfirmation::on_lost() {
    if (state_ == State::sent) state_ = State::due;
}

void HandshakeConfirmation::begin(PacketBuilder& packet) {
    if (state_ == State::none || state_ == State::acked) return;
    const FinalFrame frame{static_cast<uint16_t>(refusal_.code), refusal_.sub_code, resumed_, refusal_.text};
    if (packet.add(frame, {FrameType::final})) state_ = State::sent;
}

}  // namespace stt
