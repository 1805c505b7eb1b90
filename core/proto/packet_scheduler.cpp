// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/packet_scheduler.hpp"

#include <algorithm>
#include <cinttypes>

namespace stt {

std::optional<Transmit> PacketScheduler::next(Now now, MutableBytes out, size_t segments_max,
                                              TransportKind transport) {
    if (const auto packet = path_packet(now, out, transport)) return packet;
    // All other packets leave on the active path.
    if (path().peer().transport != transport) return std::nullopt;
    if (const auto packet = clock_packet(now, out)) return packet;
    if (const auto packet = mtu_probe(now, out)) return packet;
    return batch(now, out, segments_max);
}

std::optional<Transmit> PacketScheduler::batch(Now now, MutableBytes out, size_t segments_max) {
    // A probe must get through where batches do not.
    if (probes_due_ > 0 || path().narrow() || !path().batches_allowed(now.time)) segments_max = 1;
    const size_t datagram = probes_due_ > 0 && small_probes(now.time) ? datagram_min : path().datagram();
    Recovery& recovery = path().recovery();
    const uint64_t first = recovery.next_number();
    size_t total = 0, segment = 0;
    for (size_t count = 0; count < segments_max; count++) {
        const size_t room = std::min(segment ? segment : datagram, out.size() - total);
        if (room < (segment ? segment : datagram_min)) break;
        PacketBuilder packet(out.subspan(total, room));
        write_frames(now, packet);
        if (packet.empty()) break;
        const size_t size = seal(now, parts_.ids.remote(), packet, out.subspan(total, room), 0);
        if (!segment) segment = size;
        total += size;
        if (size < segment) break;
    }
    if (total > segment) recovery.set_batched(first);
    recovery.set_app_limited(!parts_.streams.data_pending());
    if (total == 0) return std::nullopt;
    return Transmit{path().peer(), total, segment};
}

bool PacketScheduler::silent(Time now) const {
    const Recovery& recovery = path().recovery();
    return parts_.packets.has_keys() &&
           parts_.liveness.silent(now, recovery.anything_in_flight() && recovery.probe_count() >= 1);
}

/// The path may carry less than before. A packet that fits every path shows whether the path works at all.
/// The first probe has full size, so that a lost tail is repaired at once if the size is not the problem.
bool PacketScheduler::small_probes(Time now) const {
    return path().recovery().probe_count() >= 2 || silent(now);
}

bool PacketScheduler::data_allowed(Time now) const {
    if (path().narrow()) return path().next_narrow_probe() <= now;
    // The last probe carries no data. It fits even a path that has become too narrow for data, and its
    // arrival shows that the other probes are lost.
    if (probes_due_ == 1 && small_probes(now)) return false;
    return probes_due_ > 0 || path().recovery().may_send(now);
}

std::optional<Transmit> PacketScheduler::path_packet(Now now, MutableBytes out, TransportKind transport) {
    const auto due = parts_.paths.take_frame(now.time, transport);
    if (!due) return std::nullopt;
    const MutableBytes memory = out.first(datagram_min);
    PacketBuilder packet(memory);
    parts_.confirmation.begin(packet);
    packet.add(due->frame);
    const SessionId receiver = due->to == path().peer() ? parts_.ids.remote() : parts_.ids.remote_elsewhere();
    const size_t size = seal(now, receiver, packet, memory, due->pad_to);
    return Transmit{due->to, size, size};
}

/// Clock frames leave alone and before all data. In a batch, frames built before it is sealed would carry too
/// early a time. Like an ACK, the packet is not ack-eliciting and ignores the congestion window, because so
/// few leave.
std::optional<Transmit> PacketScheduler::clock_packet(Now now, MutableBytes out) {
    const bool answers = parts_.clock_responder.due();
    if (!answers && !parts_.clock_requester.due(now.time)) return std::nullopt;
    const MutableBytes memory = out.first(datagram_min);
    PacketBuilder packet(memory);
    parts_.confirmation.begin(packet);
    if (answers)
        write_frame(packet.out, parts_.clock_responder.make_response(now.time));
    else
        write_frame(packet.out, parts_.clock_requester.make_request(now.time));
    const size_t size = seal(now, parts_.ids.remote(), packet, memory, 0);
    return Transmit{path().peer(), size, size};
}

std::optional<Transmit> PacketScheduler::mtu_probe(Now now, MutableBytes out) {
    Recovery& recovery = path().recovery();
    if (path().narrow() || !recovery.may_send(now.time)) return std::nullopt;
    const auto due = path().mtu_probe_due(now.time);
    if (!due || *due > out.size()) return std::nullopt;
    const auto size = static_cast<size_t>(*due);
    PacketBuilder packet(out.first(size));
    packet.mtu_probe = true;
    parts_.confirmation.begin(packet);
    packet.add(parts_.liveness.make_keep_alive());
    parts_.trace(
        [&] { return formatted("MTU: packet %" PRIu64 " probes %zu bytes", recovery.next_number(), size); });
    path().on_mtu_probe_sent(now.time, recovery.next_number(), size);
    seal(now, parts_.ids.remote(), packet, out.first(size), size);
    return Transmit{path().peer(), size, size};
}

PacketScheduler::Contents PacketScheduler::due(Time now) const {
    const AckTracker& acks = parts_.packets.acks();
    const bool allowed = data_allowed(now);
    return {.final_frame = parts_.confirmation.due(),
            .acks = acks.ack_due(now) || (acks.pending() && allowed && parts_.streams.pending(now)),
            .keep_alive = parts_.liveness.keep_alive_due(),
            .keep_alive_answer = parts_.liveness.answer_due().has_value(),
            .session_id = parts_.ids.due(),
            .control = parts_.streams.control_pending(now),
            .data = allowed && parts_.streams.data_pending(),
            .probe = probes_due_ > 0};
}

void PacketScheduler::write_frames(Now now, PacketBuilder& packet) {
    const Contents contents = due(now.time);
    // A probe may be due on a path that is too narrow although there is nothing to send.
    const bool narrow_probe = path().narrow() && data_allowed(now.time);
    if (contents.any()) parts_.confirmation.begin(packet);
    if (contents.acks) parts_.packets.write_acks(now.time, packet);
    if (contents.keep_alive && packet.add(parts_.liveness.make_keep_alive()))
        parts_.liveness.on_keep_alive_sent();
    if (const auto offer = parts_.ids.take_frame();
        offer && !packet.add(*offer, {FrameType::new_session_id, no_stream, offer->sequence}))
        parts_.ids.on_frame_lost(offer->sequence);
    if (const auto answer = parts_.liveness.answer_due(); answer && packet.add(KeepAliveAnswerFrame{*answer}))
        parts_.liveness.on_answer_sent();

    const size_t before = packet.out.size();
    // Window frames are few and keep the peer sending. They do not wait for the congestion window of this
    // side.
    if (contents.control) parts_.streams.fill_control(now.time, packet.out, packet.frames);
    const size_t control_end = packet.out.size();
    if (contents.data) parts_.streams.fill_data(packet.out, packet.frames);
    if (packet.out.size() > before) packet.ack_eliciting = true;
    if (narrow_probe) {
        packet.mtu_probe = packet.out.size() > control_end;
        path().on_narrow_probe_sent(now.time);
    }
    if (contents.probe) {
        if (!packet.ack_eliciting) packet.add(parts_.liveness.make_keep_alive());
        probes_due_--;
    }
}

std::optional<Transmit> PacketScheduler::close(Now now, MutableBytes out, Closing& closing,
                                               Duration probe_timeout) {
    const MutableBytes memory = out.first(path().datagram());
    PacketBuilder packet(memory);
    const bool refuses = parts_.confirmation.refusal_due();
    if (!refuses && !closing.due()) return std::nullopt;
    // A caller accepts nothing before FINAL, so a session that ends this early repeats it.
    parts_.confirmation.begin(packet);
    if (!refuses) {
        // The final packet reports how much was delivered, because no later packet will report it.
        parts_.streams.fill_account(packet.out);
        packet.add(closing.make_frame(now.time, probe_timeout));
    }
    packet.ack_eliciting = false;
    const size_t size = seal(now, parts_.ids.remote(), packet, memory, 0);
    return Transmit{path().peer(), size, size};
}

void PacketScheduler::probe() {
    if (const SentPacket* oldest = path().recovery().oldest_in_flight())
        parts_.streams.on_lost(oldest->frames);
    probes_due_ = 2;
}

}  // namespace stt
