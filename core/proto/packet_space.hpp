// SPDX-License-Identifier: LGPL-2.1-or-later
/// The packets of a session that share keys and numbers: sealing, opening, and acknowledging those that
/// arrived.
#pragma once

#include <optional>

#include "core/crypto/protection.hpp"
#include "core/proto/ack_tracker.hpp"
#include "core/proto/packet_builder.hpp"
#include "core/proto/packet_faults.hpp"
#include "core/proto/recovery.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class PacketSpace {
  public:
    /// Takes the keys out of `secrets`. Packets can be sealed and opened from now on.
    Status install(Time now, HandshakeSecrets& secrets);
    /// Forgets the keys. Nothing can be sealed or opened any more.
    void drop_keys() { protection_.reset(); }
    bool has_keys() const { return protection_.has_value(); }

    /// A packet that was opened.
    struct Opened {
        SessionId receiver;  ///< the id in the packet
        uint64_t number;
        bool newest;  ///< no packet with a higher number has arrived before
        Bytes payload;
    };
    /// Why a packet could not be opened.
    struct Refusal {
        enum class Cause : uint8_t {
            copy,     ///< a packet with its number was opened before, or is too old to know
            damaged,  ///< it was damaged on the path, as its checksum shows
            forged,   ///< it arrived as it was sent, by a node without the keys
        };
        Cause cause = Cause::copy;
        std::optional<Error> note;  ///< error to be reported to the application
    };
    /// Opens `packet` in place. Returns none if it is a copy, damaged or forged; it is then counted as such.
    /// There must be keys.
    std::optional<Opened> open(Time now, MutableBytes packet, Refusal& refusal);
    /// Returns whether so many packets could not be opened that the keys must not be used any more (the
    /// integrity limit of the AEAD).
    bool integrity_lost() const { return protection_->failures() >= PacketProtection::integrity_limit; }

    /// Seals the frames of `packet`, which were written at the beginning of `out`, and passes the packet to
    /// `recovery`. `receiver` is the session id in the packet. The packet is padded to `pad_to` bytes if it
    /// is shorter. Returns its size in bytes.
    size_t seal(Time now, SessionId receiver, PacketBuilder& packet, MutableBytes out, size_t pad_to,
                Recovery& recovery);

    /// An opened packet was processed and must be acknowledged.
    void on_understood(Time now, const Opened& packet, bool ack_eliciting) {
        acks_.on_packet(now, packet.number, ack_eliciting);
    }
    AckTracker& acks() { return acks_; }
    const AckTracker& acks() const { return acks_; }
    /// Appends ACK and NACK to `packet`, if there is anything to acknowledge.
    void write_acks(Time now, PacketBuilder& packet);

    PacketFaults& faults() { return faults_; }
    /// Counts a frame of an unknown type. Returns an error if this type must be reported.
    std::optional<Error> on_unknown_frame(uint64_t type);
    /// Adds the counters of received packets and of the keys.
    void add_to(SessionStats& stats) const;

  private:
    std::optional<PacketProtection> protection_;
    AckTracker acks_;
    PacketFaults faults_;
    SessionStats counters_;  // only those of received packets are used
};

}  // namespace stt
