// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is in a frame, packet or payload, as text: to compare by, and to print in golden vectors.
#pragma once

#include <string>
#include <vector>

#include "core/wire/frame.hpp"
#include "core/wire/handshake_packet.hpp"
#include "core/wire/message.hpp"

namespace stt {

std::string hex(Bytes bytes);
/// Expects an even number of hex digits.
std::vector<uint8_t> from_hex(std::string_view text);

std::string describe(const Frame& frame);
std::string describe(const SessionHeader& header);
std::string describe(const HelloHeader& header);
std::string describe(const HandshakeHeader& header);
std::string describe(const CookiePacket& packet);
std::string describe(const RejectPacket& packet);
std::string describe(const SessionUnknownPacket& packet);
std::string describe(const HelloPayload& payload);
std::string describe(const ChallengePayload& payload);
std::string describe(const AuthProofPayload& payload);
std::string describe(const InMessage& message);

/// The frame alone in a buffer of its own.
std::vector<uint8_t> encoded(const Frame& frame);

}  // namespace stt
