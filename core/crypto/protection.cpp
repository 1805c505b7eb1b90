// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/protection.hpp"

#include <sodium.h>

#include <algorithm>

namespace stt {

void ReplayWindow::record(uint64_t number) {
    if (!any_ || number > highest_) {
        const uint64_t step = any_ ? number - highest_ : size;
        if (step >= size)
            bits_.fill(0);
        else
            for (uint64_t skipped = highest_ + 1; skipped < number; skipped++)
                bits_[skipped % size / 64] &= ~(uint64_t{1} << skipped % 64);
        highest_ = number;
        any_ = true;
    } else if (highest_ - number >= size) {
        return;
    }
    bits_[number % size / 64] |= uint64_t{1} << number % 64;
}

bool ReplayWindow::fresh(uint64_t number) const {
    if (!any_ || number > highest_) return true;
    if (highest_ - number >= size) return false;
    return !(bits_[number % size / 64] >> number % 64 & 1);
}

namespace {

constexpr std::string_view next_phase_label = "stt next phase";

}  // namespace

Result<PacketProtection> PacketProtection::create(HandshakeSecrets& secrets, Time now, uint64_t renew_every) {
    PacketProtection result;
    result.caller_ = secrets.caller;
    result.renew_every_ = renew_every;
    result.cipher_ = secrets.cipher;
    result.send_phase_since_ = now;
    result.send_secret_ = std::move(secrets.send_key);
    const SecretBytes receive_secret = std::move(secrets.receive_key);
    result.receive_next_secret_ = derive_secret(receive_secret.bytes(), next_phase_label);
    const auto derive = [&](const SecretBytes& secret, std::optional<AeadKey>& key) -> Status {
        auto derived = AeadKey::derive(result.cipher_, secret.bytes());
        if (!derived) return derived.error();
        key = std::move(*derived);
        return success();
    };
    if (Status s = derive(result.send_secret_, result.send_); !s) return s.error();
    if (Status s = derive(receive_secret, result.receive_); !s) return s.error();
    if (Status s = derive(result.receive_next_secret_, result.receive_next_); !s) return s.error();
    return result;
}

bool PacketProtection::renewal_due(Time now, uint64_t number) const {
    if (receive_phase_ > send_phase_) return true;
    if (!caller_ || receive_phase_ < send_phase_) return false;
    const uint64_t received = received_.any() ? received_.highest() - receive_phase_first_ : 0;
    return number - send_phase_first_ >= renew_every_ || received >= renew_every_ ||
           now - send_phase_since_ >= renew_after;
}

void PacketProtection::renew_send(Time now, uint64_t number) {
    SecretBytes next = derive_secret(send_secret_.bytes(), next_phase_label);
    auto key = AeadKey::derive(cipher_, next.bytes());
    // Only memory can be lacking. The current key then remains in use, and the next packet tries again.
    if (!key) return;
    send_ = std::move(*key);
    send_secret_ = std::move(next);
    send_phase_++;
    send_phase_first_ = number;
    send_phase_since_ = now;
}

void PacketProtection::seal(Time now, SessionId receiver, uint64_t number, MutableBytes packet) {
    if (renewal_due(now, number)) renew_send(now, number);
    SessionHeader header;
    header.type = send_phase_ % 2 ? PacketType::session_odd : PacketType::session_even;
    header.session = receiver;
    header.number_low = static_cast<uint32_t>(number);
    write_session_header(packet, header);
    send_->seal(number, packet.first(session_aad_size),
                packet.subspan(session_header_size, packet.size() - session_overhead),
                packet.last(aead_tag_size));
    seal_checksum(packet);
}

// The next phase and the previous one have the same parity, so the packet number decides between them (RFC
// 9001, section 6.5).
AeadKey* PacketProtection::receive_key(bool odd, uint64_t number) {
    if (odd == (receive_phase_ % 2 == 1)) return &*receive_;
    auto& key = number < receive_phase_first_ ? receive_previous_ : receive_next_;
    return key ? &*key : nullptr;
}

void PacketProtection::follow_peer(uint64_t number) {
    receive_previous_ = std::move(receive_);
    receive_ = std::move(receive_next_);
    receive_phase_++;
    receive_phase_first_ = number;
    SecretBytes next = derive_secret(receive_next_secret_.bytes(), next_phase_label);
    receive_next_secret_ = std::move(next);
    receive_next_.reset();
    if (auto key = AeadKey::derive(cipher_, receive_next_secret_.bytes()); key)
        receive_next_ = std::move(*key);
}

PacketProtection::OpenResult PacketProtection::open(Time, MutableBytes packet) {
    const auto header = read_session_header(packet);
    if (!header || packet.size() < session_overhead) return {Opened::refused, 0, {}};
    const uint64_t number =
        expand_packet_number(header->number_low, received_.any() ? received_.highest() + 1 : 0);
    if (!received_.fresh(number)) return {Opened::duplicate, number, {}};

    AeadKey* key = receive_key(header->type == PacketType::session_odd, number);
    const MutableBytes text = packet.subspan(session_header_size, packet.size() - session_overhead);
    if (!key || !key->open(number, packet.first(session_aad_size), text, packet.last(aead_tag_size))) {
        failures_++;
        return {Opened::refused, number, {}, checksum_fits(packet)};
    }
    if (receive_next_ && key == &*receive_next_)
        follow_peer(number);
    else if (key == &*receive_)
        receive_phase_first_ = std::min(receive_phase_first_, number);
    received_.record(number);
    return {Opened::ok, number, text};
}

}  // namespace stt
