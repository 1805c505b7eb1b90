// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session sends, and in which order.
#include <algorithm>
#include <utility>

#include "core/proto/session.hpp"

namespace stt {

/// A handshake packet that is due, or nothing.
Bytes Session::handshake_datagram_due(Now now) {
    if (responder_) return responder_->due();
    return attempt_ ? attempt_->due(now) : Bytes{};
}

std::optional<Transmit> Session::transmit(Now now, MutableBytes out, size_t segments_max) {
    if (!last_word_.empty()) {
        const std::vector<uint8_t> word = std::exchange(last_word_, {});
        std::copy(word.begin(), word.end(), out.begin());
        return Transmit{path_.remote(), word.size(), word.size()};
    }
    if (const Bytes datagram = handshake_datagram_due(now); !datagram.empty()) {
        std::copy(datagram.begin(), datagram.end(), out.begin());
        return Transmit{path_.remote(), datagram.size(), datagram.size()};
    }
    if (!protection_) return std::nullopt;

    const bool closed = state_ == SessionState::closed;
    if (!closed) {
        if (auto packet = transmit_path_packet(now, out)) return packet;
        if (auto packet = transmit_clock_packet(now, out)) return packet;
        if (auto packet = transmit_mtu_probe(now, out)) return packet;
    } else if (!closing_.due() && !confirmation_.refusal_due()) {
        return std::nullopt;
    }

    // A probe is to get through where no batch does.
    if (probes_due_ > 0 || black_hole_.narrow() || !batches_.allowed(now.time)) segments_max = 1;
    const size_t datagram = probes_due_ > 0 && small_probes(now.time) ? datagram_min : mtu_.current();
    const uint64_t first = recovery_.next_number();
    size_t total = 0, segment = 0;
    for (size_t count = 0; count < segments_max; count++) {
        const size_t room = std::min(segment ? segment : datagram, out.size() - total);
        if (room < (segment ? segment : datagram_min)) break;
        const size_t size = write_packet(now, out.subspan(total, room));
        if (size == 0) break;
        if (!segment) segment = size;
        total += size;
        if (size < segment || closed) break;
    }
    if (total > segment) recovery_.set_batched(first);
    recovery_.set_app_limited(!streams_.data_pending());
    if (total == 0) return std::nullopt;
    return Transmit{path_.remote(), total, segment};
}

/// The path may carry less than it did: what fits every path shows whether it is there. The first probe is as
/// large as any, so that a lost tail is mended at once where the size is not the trouble.
bool Session::small_probes(Time now) const { return recovery_.probe_count() >= 2 || silent(now); }

bool Session::data_allowed(Time now) {
    if (black_hole_.narrow()) return black_hole_.next_probe() <= now;
    // The last probe goes without: it fits even a path that has become too narrow for data, and shows by its
    // arrival that the others are lost.
    if (probes_due_ == 1 && small_probes(now)) return false;
    return probes_due_ > 0 || recovery_.may_send(now);
}

std::optional<Transmit> Session::transmit_path_packet(Now now, MutableBytes out) {
    // Padded to the minimum: the path must carry that much, and the challenge proves it (RFC 9000,
    // section 8.2.1).
    if (const auto response = path_.take_response()) {
        PacketBuilder packet(out.first(datagram_min));
        confirmation_.begin(packet);
        packet.add(PathResponseFrame{response->token});
        const SessionId receiver = response->to == path_.remote() ? ids_.remote() : ids_.remote_elsewhere();
        const size_t size = seal(now, receiver, packet, out.first(datagram_min), datagram_min);
        return Transmit{response->to, size, size};
    }
    if (const auto token = path_.challenge_due(now.time, recovery_.rtt().smoothed())) {
        PacketBuilder packet(out.first(datagram_min));
        confirmation_.begin(packet);
        packet.add(PathChallengeFrame{*token});
        const Address to = path_.candidate();
        const size_t padded = path_.spend(datagram_min) ? datagram_min : 0;
        if (padded == 0 && !path_.spend(session_overhead + packet.out.size())) return std::nullopt;
        const size_t size = seal(now, ids_.remote_elsewhere(), packet, out.first(datagram_min), padded);
        return Transmit{to, size, size};
    }
    return std::nullopt;
}

/// Alone and before all data: what is built into one batch with it would bear a time from before the batch
/// was sealed. It elicits no acknowledgement and is not held by the congestion window, like an ACK: so few
/// leave.
std::optional<Transmit> Session::transmit_clock_packet(Now now, MutableBytes out) {
    if (state_ == SessionState::handshaking) return std::nullopt;
    const bool asks = state_ == SessionState::established && clock_requester_.due(now.time);
    if (!asks && !clock_responder_.due()) return std::nullopt;
    PacketBuilder packet(out.first(datagram_min));
    confirmation_.begin(packet);
    if (clock_responder_.due())
        write_frame(packet.out, clock_responder_.make_response(now.time));
    else
        write_frame(packet.out, clock_requester_.make_request(now.time));
    const size_t size = seal(now, ids_.remote(), packet, out.first(datagram_min), 0);
    return Transmit{path_.remote(), size, size};
}

std::optional<Transmit> Session::transmit_mtu_probe(Now now, MutableBytes out) {
    if (state_ != SessionState::established || black_hole_.narrow() || !recovery_.may_send(now.time))
        return std::nullopt;
    const auto size = mtu_.probe_due(now.time, mtu_probe_room());
    if (!size || *size > out.size()) return std::nullopt;
    const auto length = static_cast<size_t>(*size);
    PacketBuilder packet(out.first(length));
    packet.mtu_probe = true;
    confirmation_.begin(packet);
    packet.add(liveness_.make_keep_alive());
    mtu_.on_probe_sent(now.time, recovery_.next_number(), *size);
    seal(now, ids_.remote(), packet, out.first(length), length);
    return Transmit{path_.remote(), length, length};
}

size_t Session::write_packet(Now now, MutableBytes out) {
    PacketBuilder packet(out);
    if (state_ == SessionState::closed)
        write_close(now, packet);
    else
        write_frames(now, packet);
    if (packet.empty()) return 0;
    return seal(now, ids_.remote(), packet, out, 0);
}

void Session::write_close(Now now, PacketBuilder& packet) {
    // A caller accepts nothing before FINAL, so a session that ends this early says it again.
    const bool refuses = confirmation_.refusal_due();
    confirmation_.begin(packet);
    if (refuses) return;
    // How far the data has gone downstream is told with the last word: nothing else will tell it.
    streams_.fill_account(packet.out);
    packet.add(closing_.make_frame(now.time, recovery_.rtt().probe_timeout(peer_ack_delay())));
}

void Session::write_frames(Now now, PacketBuilder& packet) {
    const bool allowed = data_allowed(now.time);
    const bool id_due = ids_.due() && state_ == SessionState::established;
    if (confirmation_.due() || liveness_.keep_alive_due() || id_due || liveness_.answer_due() ||
        probes_due_ > 0 || acks_.ack_due(now.time) || streams_.control_pending(now.time) ||
        (allowed && streams_.data_pending()))
        confirmation_.begin(packet);

    if (acks_.ack_due(now.time) || (acks_.pending() && allowed && streams_.pending(now.time)))
        write_acks(now, packet);
    if (liveness_.keep_alive_due() && packet.add(liveness_.make_keep_alive())) liveness_.on_keep_alive_sent();
    if (id_due) {
        const NewSessionIdFrame frame = *ids_.frame_due();
        if (!packet.add(frame, {FrameType::new_session_id, no_stream, frame.sequence}))
            ids_.on_frame_lost(frame.sequence);
    }
    if (const auto answer = liveness_.answer_due(); answer && packet.add(KeepAliveAnswerFrame{*answer}))
        liveness_.on_answer_sent();

    if (state_ != SessionState::handshaking) {
        const size_t before = packet.out.size();
        // Window frames are few and keep the peer going; they do not wait for our own window.
        if (streams_.control_pending(now.time)) streams_.fill_control(now.time, packet.out, packet.frames);
        const size_t control_end = packet.out.size();
        if (allowed) streams_.fill_data(packet.out, packet.frames);
        if (packet.out.size() > before) packet.ack_eliciting = true;
        if (black_hole_.narrow() && allowed) {
            packet.mtu_probe = packet.out.size() > control_end;
            black_hole_.on_probe_sent(now.time);
        }
    }
    if (probes_due_ > 0) {
        if (!packet.ack_eliciting) packet.add(liveness_.make_keep_alive());
        probes_due_--;
    }
}

void Session::write_acks(Now now, PacketBuilder& packet) {
    if (const auto ack = acks_.make_ack(now.time); ack && write_frame(packet.out, *ack))
        packet.frames.add(ControlRecord{FrameType::ack, no_stream, ack->ranges.list().front().last});
    if (const auto nack = acks_.make_nack(now.time)) write_frame(packet.out, *nack);
}

size_t Session::seal(Now now, SessionId receiver, PacketBuilder& packet, MutableBytes out, size_t pad_to) {
    // PADDING is all zeros up to the end, so that its type needs no length.
    if (pad_to > session_overhead && packet.out.size() < pad_to - session_overhead)
        packet.out.zeros(pad_to - session_overhead - packet.out.size());
    const size_t size = session_overhead + packet.out.size();
    const uint64_t number = recovery_.next_number();
    protection_->seal(now.time, receiver, number, out.first(size));
    recovery_.on_sent(now.time, {.number = number,
                                 .sent = now.time,
                                 .size = static_cast<uint32_t>(size),
                                 .ack_eliciting = packet.ack_eliciting && state_ != SessionState::closed,
                                 .mtu_probe = packet.mtu_probe,
                                 .frames = std::move(packet.frames)});
    return size;
}

}  // namespace stt
