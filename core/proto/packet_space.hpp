// SPDX-License-Identifier: LGPL-2.1-or-later
/// The packets of a session that share keys and numbers: sealing them, opening them, and acknowledging those
/// that came.
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
    /// Packets can be sealed and opened from now on. Takes the keys out of `secrets`.
    Status install(Time now, HandshakeSecrets& secrets);
    /// Forgets the keys: nothing can be sealed or opened any more.
    void drop_keys() { protection_.reset(); }
    bool has_keys() const { return protection_.has_value(); }

    /// A packet that opened.
    struct Opened {
        SessionId receiver;  ///< the id that it bears
        uint64_t number;
        bool newest;  ///< no packet with a higher number came before
        Bytes payload;
    };
    /// Why a packet did not open.
    struct Refusal {
        bool damaged = false;       ///< on the way, as its checksum shows
        std::optional<Error> note;  ///< what the application should hear of it
    };
    /// Opens `packet` in place. None: it is a copy, damaged or forged, and counted as such. Only with keys.
    std::optional<Opened> open(Time now, MutableBytes packet, Refusal& refusal);
    /// So many packets failed to open that the keys must not be used any more.
    bool integrity_lost() const { return protection_->failures() >= PacketProtection::integrity_limit; }

    /// Seals what `packet` holds at the beginning of `out`, where it was written, and hands it to `recovery`.
    /// `receiver`: the id that it bears. It is padded to `pad_to` bytes if it is shorter. Returns its size.
    size_t seal(Time now, SessionId receiver, PacketBuilder& packet, MutableBytes out, size_t pad_to,
                Recovery& recovery);

    /// A packet that opened was understood, and is to be acknowledged.
    void on_understood(Time now, const Opened& packet, bool ack_eliciting) {
        acks_.on_packet(now, packet.number, ack_eliciting);
    }
    AckTracker& acks() { return acks_; }
    const AckTracker& acks() const { return acks_; }
    /// Appends ACK and NACK to `packet`, if there is anything to acknowledge.
    void write_acks(Time now, PacketBuilder& packet);

    PacketFaults& faults() { return faults_; }
    /// Counts a frame of a type unknown here. The error is set where that is news.
    std::optional<Error> on_unknown_frame(uint64_t type);
    /// Adds what is known of packets that came, and of the keys.
    void add_to(SessionStats& stats) const;

  private:
    std::optional<PacketProtection> protection_;
    AckTracker acks_;
    PacketFaults faults_;
    SessionStats counters_;  // those of packets that came
};

}  // namespace stt
