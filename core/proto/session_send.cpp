// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session sends, and in which order.
#include <algorithm>

#include "core/proto/session.hpp"

namespace stt {

namespace {

/// SESSION_CLOSE leaves this often, a probe timeout after the first and then at doubling intervals, until the
/// peer answers with its own: at a loss of one in five, fewer than one peer in ten thousand misses all. For
/// close_insistence it leaves in any case: that outlasts a short outage.
constexpr unsigned closes_max = 6;
constexpr Duration close_insistence = 5s;

}  // namespace

/// One packet's body while it is written.
struct Session::Packet {
    explicit Packet(MutableBytes body) : out(body) {}
    ByteWriter out;
    SentFrames frames;
    bool eliciting = false;
    bool mtu_probe = false;

    /// Writes an ack-eliciting frame that need not be repeated when lost.
    bool add(const Frame& frame) {
        if (!write_frame(out, frame)) return false;
        eliciting = true;
        return true;
    }
    /// … one that must be, as `record`.
    bool add(const Frame& frame, ControlRecord record) {
        if (!add(frame)) return false;
        frames.add(record);
        return true;
    }
};

/// A handshake packet that is due, or nothing.
Bytes Session::handshake_datagram_due(Now now) {
    if (challenge_due_) {
        challenge_due_ = false;
        challenges_sent_++;
        return challenge_;
    }
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
    } else if (!close_due_ && !(final_due_ && refusal_.code != ErrorCode::none)) {
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
        Packet packet(body_of(out.first(datagram_min)));
        open_with_final(packet);
        packet.add(PathResponseFrame{response->token});
        const SessionId receiver = response->to == path_.remote() ? ids_.remote() : ids_.remote_elsewhere();
        const size_t size = seal(now, receiver, packet, out.first(datagram_min), datagram_min);
        return Transmit{response->to, size, size};
    }
    if (const auto token = path_.challenge_due(now.time, recovery_.rtt().smoothed())) {
        Packet packet(body_of(out.first(datagram_min)));
        open_with_final(packet);
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
    Packet packet(body_of(out.first(datagram_min)));
    open_with_final(packet);
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
    Packet packet(body_of(out.first(length)));
    packet.mtu_probe = true;
    open_with_final(packet);
    packet.add(KeepAliveFrame{keep_alive_sequence_++});
    mtu_.on_probe_sent(now.time, recovery_.next_number(), *size);
    seal(now, ids_.remote(), packet, out.first(length), length);
    return Transmit{path_.remote(), length, length};
}

MutableBytes Session::body_of(MutableBytes packet) {
    return packet.subspan(session_header_size, packet.size() - session_overhead);
}

size_t Session::write_packet(Now now, MutableBytes out) {
    Packet packet(body_of(out));
    if (state_ == SessionState::closed)
        write_close(now, packet);
    else
        write_frames(now, packet);
    if (packet.out.size() == 0) return 0;
    return seal(now, ids_.remote(), packet, out, 0);
}

void Session::write_close(Now now, Packet& packet) {
    if (refusal_.code != ErrorCode::none && final_due_) {
        final_due_ = false;
        packet.add(FinalFrame{static_cast<uint16_t>(refusal_.code), refusal_.sub_code, false, refusal_.text});
        return;
    }
    // A caller listens to nothing before FINAL, so a session that ends this early says it again.
    if (!info_.caller && !final_acked_) packet.add(accepted());
    close_due_ = false;
    if (closes_sent_++ == 0) closed_at_ = now.time;
    const Time insist_until = closed_at_ + close_insistence;
    if (!peer_closed_ && close_reason_ != CloseReason::timeout &&
        (closes_sent_ < closes_max || now.time < insist_until)) {
        next_close_ = now.time + std::min<Duration>(recovery_.rtt().probe_timeout(peer_ack_delay()) *
                                                        (1 << std::min(closes_sent_ - 1, closes_max)),
                                                    close_insistence);
        linger_until_ = std::max(linger_until_, next_close_);
    }
    // How far the data has gone downstream is told with the last word: nothing else will tell it.
    streams_.fill_account(packet.out);
    const std::string_view text = std::string_view(close_error_.text).substr(0, frame_text_max);
    packet.add(SessionCloseFrame{close_reason_, static_cast<uint16_t>(close_error_.code),
                                 close_error_.sub_code, text});
}

void Session::write_frames(Now now, Packet& packet) {
    const bool allowed = data_allowed(now.time);
    const bool id_due = ids_.due() && state_ == SessionState::established;
    if (final_due_ || keep_alive_due_ || id_due || keep_alive_answer_ || probes_due_ > 0 ||
        acks_.ack_due(now.time) || streams_.control_pending(now.time) || (allowed && streams_.data_pending()))
        open_with_final(packet);

    if (acks_.ack_due(now.time) || (acks_.pending() && allowed && streams_.pending(now.time)))
        write_acks(now, packet);
    if (keep_alive_due_ && packet.add(KeepAliveFrame{keep_alive_sequence_})) {
        keep_alive_sequence_++;
        keep_alive_due_ = false;
    }
    if (id_due) {
        const NewSessionIdFrame frame = *ids_.frame_due();
        if (!packet.add(frame, {FrameType::new_session_id, no_stream, frame.sequence}))
            ids_.on_frame_lost(frame.sequence);
    }
    if (keep_alive_answer_ && packet.add(KeepAliveAnswerFrame{*keep_alive_answer_}))
        keep_alive_answer_.reset();

    if (state_ != SessionState::handshaking) {
        const size_t before = packet.out.size();
        // Window frames are few and keep the peer going; they do not wait for our own window.
        if (streams_.control_pending(now.time)) streams_.fill_control(now.time, packet.out, packet.frames);
        const size_t control_end = packet.out.size();
        if (allowed) streams_.fill_data(packet.out, packet.frames);
        if (packet.out.size() > before) packet.eliciting = true;
        if (black_hole_.narrow() && allowed) {
            packet.mtu_probe = packet.out.size() > control_end;
            black_hole_.on_probe_sent(now.time);
        }
    }
    if (probes_due_ > 0) {
        if (!packet.eliciting && packet.add(KeepAliveFrame{keep_alive_sequence_})) keep_alive_sequence_++;
        probes_due_--;
    }
}

/// Every packet of a responder opens so until the caller is known to have one: whichever arrives first
/// completes its handshake, and before that it heeds no other.
void Session::open_with_final(Packet& packet) {
    if (info_.caller || final_acked_) return;
    if (packet.add(accepted(), {FrameType::final})) final_due_ = false;
}

void Session::write_acks(Now now, Packet& packet) {
    if (const auto ack = acks_.make_ack(now.time); ack && write_frame(packet.out, *ack))
        packet.frames.add(ControlRecord{FrameType::ack, no_stream, ack->ranges.list().front().last});
    if (const auto nack = acks_.make_nack(now.time)) write_frame(packet.out, *nack);
}

size_t Session::seal(Now now, SessionId receiver, Packet& packet, MutableBytes out, size_t pad_to) {
    // PADDING is all zeros up to the end, so that its type needs no length.
    if (pad_to > session_overhead && packet.out.size() < pad_to - session_overhead)
        packet.out.zeros(pad_to - session_overhead - packet.out.size());
    const size_t size = session_overhead + packet.out.size();
    const uint64_t number = recovery_.next_number();
    protection_->seal(now.time, receiver, number, out.first(size));
    recovery_.on_sent(now.time, {.number = number,
                                 .sent = now.time,
                                 .size = static_cast<uint32_t>(size),
                                 .ack_eliciting = packet.eliciting && state_ != SessionState::closed,
                                 .mtu_probe = packet.mtu_probe,
                                 .frames = std::move(packet.frames)});
    return size;
}

}  // namespace stt
