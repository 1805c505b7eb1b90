// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/packet_space.hpp"

#include <utility>

namespace stt {

Status PacketSpace::install(Time now, HandshakeSecrets& secrets) {
    Result<PacketProtection> protection = PacketProtection::create(secrets, now);
    if (!protection.ok()) return protection.error();
    protection_.emplace(std::move(protection.value()));
    return success();
}

std::optional<PacketSpace::Opened> PacketSpace::open(Time now, MutableBytes packet, Refusal& refusal) {
    const SessionId receiver = read_session_header(packet)->session;
    const bool any_before = protection_->received().any();
    const uint64_t highest_before = protection_->received().highest();
    const PacketProtection::OpenResult opened = protection_->open(now, packet);
    switch (opened.verdict) {
        case PacketProtection::Opened::ok:
            break;
        case PacketProtection::Opened::duplicate:
            counters_.duplicates++;
            refusal.cause = Refusal::Cause::copy;
            return std::nullopt;
        case PacketProtection::Opened::refused:
            // The AEAD decides. The checksum only shows whether the line or an attacker was the cause.
            (opened.checksum_fits ? counters_.undecryptable : counters_.checksum_mismatches)++;
            refusal.cause = opened.checksum_fits ? Refusal::Cause::forged : Refusal::Cause::damaged;
            refusal.note =
                opened.checksum_fits ? faults_.on_forged() : faults_.on_damaged(counters_.packets_received);
            return std::nullopt;
    }
    counters_.packets_received++;
    counters_.bytes_received += packet.size();
    return Opened{receiver, opened.number, !any_before || opened.number > highest_before, opened.payload};
}

size_t PacketSpace::seal(Time now, SessionId receiver, PacketBuilder& packet, MutableBytes out, size_t pad_to,
                         Recovery& recovery) {
    // PADDING consists of zeros up to the end of the packet, so that its type needs no length.
    if (pad_to > session_overhead && packet.out.size() < pad_to - session_overhead)
        packet.out.zeros(pad_to - session_overhead - packet.out.size());
    const size_t size = session_overhead + packet.out.size();
    const uint64_t number = recovery.next_number();
    protection_->seal(now, receiver, number, out.first(size));
    recovery.on_sent(now, {.number = number,
                           .sent = now,
                           .size = static_cast<uint32_t>(size),
                           .ack_eliciting = packet.ack_eliciting,
                           .mtu_probe = packet.mtu_probe,
                           .frames = std::move(packet.frames)});
    return size;
}

void PacketSpace::write_acks(Time now, PacketBuilder& packet) {
    if (const auto ack = acks_.make_ack(now); ack && write_frame(packet.out, *ack))
        packet.frames.add(ControlRecord{FrameType::ack, no_stream, ack->ranges.list().front().last});
    if (const auto nack = acks_.make_nack(now)) write_frame(packet.out, *nack);
}

std::optional<Error> PacketSpace::on_unknown_frame(uint64_t type) {
    counters_.unknown_frames++;
    return faults_.on_unknown_frame(type);
}

void PacketSpace::add_to(SessionStats& stats) const {
    stats.add_counters(counters_);
    if (protection_) stats.key_updates = protection_->send_phase();
}

}  // namespace stt
