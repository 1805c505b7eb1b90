// SPDX-License-Identifier: LGPL-2.1-or-later
/// A member that does not keep to the protocol: it completes handshakes and seals packets as it must, and
/// puts into them whatever a test wants. No sockets, no timers; nothing is sent again.
#pragma once

#include <optional>
#include <vector>

#include "core/crypto/protection.hpp"
#include "core/proto/resumption.hpp"
#include "core/wire/frame.hpp"

namespace stt::test {

class RogueSession {
  public:
    using Datagram = std::vector<uint8_t>;

    /// `hex_seed`: as elements take it. `random`: where nonces and keys come from; outlives the object.
    explicit RogueSession(std::string_view hex_seed, Random& random = system_random());

    // As a caller.

    /// A new attempt's HELLO, with `wall` as its time.
    Datagram hello(WallTime wall);
    /// The AUTH_PROOF that answers a CHALLENGE, with a claim to an earlier session's streams if wanted; empty
    /// when `challenge` is none, or not for us.
    Datagram auth_proof(Bytes challenge, const ResumeTicket* claim = nullptr);

    // As a responder.

    /// Opens a HELLO. False: it is none, or of another seed.
    bool read_hello(Bytes datagram);
    /// The CHALLENGE that answers it.
    Datagram challenge(WallTime wall);
    /// Reads the AUTH_PROOF that answers that. False: it is none.
    bool read_auth_proof(Bytes datagram);
    /// A REJECT of the HELLO with the mac of somebody who has the seed.
    Datagram reject(ErrorCode code, uint8_t sub_code, WallTime wall) const;

    // Once the keys are there.

    bool ready() const { return protection_.has_value(); }
    /// A packet with `plaintext` where frames belong.
    Datagram seal(Time now, Bytes plaintext);
    Datagram seal(Time now, std::initializer_list<Frame> frames);
    /// The frames of a packet of the peer's; empty when it does not open.
    MutableBytes open(Time now, MutableBytes datagram);
    /// The number of the packet opened last.
    uint64_t opened() const { return opened_; }

  private:
    void install(HandshakeSecrets secrets);

    Random& random_;
    Identity identity_;
    std::vector<SecretBytes> seeds_;
    SessionId local_id_ = 0, peer_id_ = 0;
    std::optional<CallerHandshake> caller_;
    std::optional<ResponderHandshake> responder_;
    std::optional<PacketProtection> protection_;
    uint64_t next_number_ = 0;
    uint64_t opened_ = 0;
};

/// One DATA frame, whatever the window.
std::vector<uint8_t> data_frame(StreamId stream, uint64_t offset, Bytes data);

/// `frames`, one after the other.
std::vector<uint8_t> encode_frames(std::span<const Frame> frames);

}  // namespace stt::test
