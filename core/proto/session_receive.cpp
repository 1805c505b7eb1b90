// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session does with packets that arrive.
#include <algorithm>
#include <utility>

#include "core/base/overloaded.hpp"
#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

namespace {

/// Data shorter than this is copied out of the receive buffer, which holds some fifty packets.
constexpr size_t shared_data_min = 512;

/// Genuine packets that make no sense: a peer that keeps sending them is broken beyond help.
constexpr unsigned malformed_max = 16;

}  // namespace

bool Session::handle_packet(Now now, const Address& from, MutableBytes packet,
                            const std::shared_ptr<const void>& owner) {
    if (!protection_) return false;
    const SessionId receiver = read_session_header(packet)->session;
    const bool newest_before = protection_->received().any();
    const uint64_t highest_before = protection_->received().highest();
    const PacketProtection::OpenResult opened = protection_->open(now.time, packet);
    if (opened.verdict == PacketProtection::Opened::duplicate) {
        counters_.duplicates++;
        return false;
    }
    if (opened.verdict == PacketProtection::Opened::refused) {
        // AEAD decides; the checksum only tells whether it was the line or an attacker.
        (opened.checksum_fits ? counters_.undecryptable : counters_.checksum_mismatches)++;
        if (auto fault =
                opened.checksum_fits ? faults_.on_forged() : faults_.on_damaged(counters_.packets_received))
            note(std::move(*fault));
        if (protection_->failures() >= PacketProtection::integrity_limit)
            fail_protocol(
                now, make_error(
                         ErrorCode::encryption_error, Reason::integrity_limit, ErrorOrigin::network,
                         tr("so many packets failed to open that the cipher's integrity limit is reached")));
        return false;
    }
    counters_.packets_received++;
    counters_.bytes_received += packet.size();
    resumption_.on_heard();
    note_id(receiver);
    if (state_ == SessionState::closed) {
        handle_when_closed(now, opened.payload);
        return true;
    }
    measure_received_loss(now, opened.number);
    const bool newest = !newest_before || opened.number > highest_before;
    // Where the path is too narrow, small packets end no silence.
    const bool was_silent = silent(now.time) && !black_hole_.narrow();
    const Time silent_since = liveness_.on_received(now.time);
    earliest_acked_ = time_never;
    if (newest && from != path_.remote() && state_ != SessionState::handshaking)
        path_.suspect(now.time, from, packet.size(), random_);

    bool eliciting = false;
    const bool sound = handle_frames(now, from, opened.payload, owner, eliciting);
    // What was sent before the silence arrived: the path was slow, not broken, and its round trip is longer
    // than was known. Taking the rest for lost would double the load and never let that be learnt.
    if (was_silent && earliest_acked_ > silent_since) restore_path(now);
    if (sound) acks_.on_packet(now.time, opened.number, eliciting);
    return true;
}

/// A packet that came late, the peer's word that it is closed too, or its SESSION_CLOSE once more.
void Session::handle_when_closed(Now now, Bytes payload) {
    FrameReader reader(payload);
    Frame frame;
    bool says_closed = false;
    while (reader.next(frame)) says_closed = says_closed || std::holds_alternative<SessionCloseFrame>(frame);
    closing_.on_late_packet(now.time, says_closed);
}

/// False: the packet must not be acknowledged.
bool Session::handle_frames(Now now, const Address& from, Bytes payload,
                            const std::shared_ptr<const void>& owner, bool& eliciting) {
    FrameReader reader(payload);
    Frame frame;
    while (reader.next(frame)) {
        if (state_ == SessionState::handshaking && info_.caller && !std::holds_alternative<FinalFrame>(frame))
            return false;  // nothing counts before FINAL; the peer will send it again
        if (Status status = handle_frame(now, from, frame, owner); !status.ok()) {
            fail_protocol(now, status.error());
            return false;
        }
        if (state_ == SessionState::closed) return false;
        eliciting = eliciting ||
                    !(std::holds_alternative<AckFrame>(frame) || std::holds_alternative<NackFrame>(frame) ||
                      std::holds_alternative<ClockRequestFrame>(frame) ||
                      std::holds_alternative<ClockResponseFrame>(frame) ||
                      std::holds_alternative<PaddingFrame>(frame));
    }
    if (!reader.error()) return true;
    Error error = *reader.error();
    error.origin = ErrorOrigin::peer;
    error.authenticated = true;
    if (++malformed_packets_ >= malformed_max)
        fail_protocol(now, std::move(error));
    else
        note(std::move(error));
    return false;
}

Status Session::handle_frame(Now now, const Address& from, const Frame& frame,
                             const std::shared_ptr<const void>& owner) {
    return std::visit(Overloaded{
                          [&](const DataFrame& f) {
                              // A few bytes must not keep a whole receive buffer.
                              const bool share = owner && f.data.size() >= shared_data_min;
                              return streams_.on_data(f.stream, f.offset,
                                                      share ? Chunk(owner, f.data) : Chunk::copy_of(f.data));
                          },
                          [&](const AckFrame& f) { return handle_ack(now, f); },
                          [&](const NackFrame& f) {
                              outcome_.clear();
                              recovery_.on_nack(now.time, f, outcome_);
                              settle(now);
                              return success();
                          },
                          [&](const SessionWindowFrame& f) {
                              streams_.on_session_window(f);
                              return success();
                          },
                          [&](const StreamWindowFrame& f) { return streams_.on_stream_window(f); },
                          [&](const StreamOpenFrame& f) { return streams_.on_open(f); },
                          [&](const StreamFinFrame& f) { return streams_.on_fin(f); },
                          [&](const StreamCloseFrame& f) { return streams_.on_close(f); },
                          [&](const StreamSkipFrame& f) { return streams_.on_skip(f); },
                          [&](const StreamSkippedFrame& f) { return streams_.on_skipped(f); },
                          [&](const SessionCloseFrame& f) {
                              handle_close(now, f);
                              return success();
                          },
                          [&](const FinalFrame& f) {
                              handle_final(now, f);
                              return success();
                          },
                          [&](const KeepAliveFrame& f) {
                              liveness_.on_keep_alive(f);
                              return success();
                          },
                          [&](const PathChallengeFrame& f) {
                              path_.owe_response(from, f.data);
                              return success();
                          },
                          [&](const PathResponseFrame& f) {
                              if (path_.on_response(from, f.data)) move_to(now, from);
                              return success();
                          },
                          [&](const ErrorFrame& f) {
                              Error error = make_error(static_cast<ErrorCode>(f.code), Reason::none,
                                                       ErrorOrigin::peer, std::string(f.text))
                                                .proven();
                              error.sub_code = f.sub_code;
                              note(std::move(error));
                              return success();
                          },
                          [&](const NewSessionIdFrame& f) {
                              ids_.on_offered(f);
                              return success();
                          },
                          [&](const ClockRequestFrame& f) {
                              clock_responder_.on_request(now.time, f);
                              return success();
                          },
                          [&](const ClockResponseFrame& f) {
                              if (const auto sample = clock_requester_.on_response(now.time, f))
                                  events_.push_back({handle_, event::ClockMeasured{*sample}});
                              return success();
                          },
                          [&](const UnknownFrame& f) {
                              counters_.unknown_frames++;
                              if (auto fault = faults_.on_unknown_frame(f.type)) note(std::move(*fault));
                              return success();
                          },
                          // Arrival is all that matters of these.
                          [](const KeepAliveAnswerFrame&) { return success(); },
                          [](const PaddingFrame&) { return success(); },
                      },
                      frame);
}

Status Session::handle_ack(Now now, const AckFrame& frame) {
    outcome_.clear();
    if (!recovery_.on_ack(now.time, frame, peer_ack_delay(), outcome_))
        return make_error(ErrorCode::invalid_frame, Reason::ack_of_unsent, ErrorOrigin::peer,
                          tr("the peer acknowledged a packet that was never sent"))
            .proven();
    acks_.set_rtt(recovery_.rtt().smoothed());
    settle(now);
    return success();
}

void Session::handle_final(Now now, const FinalFrame& frame) {
    if (!info_.caller || state_ != SessionState::handshaking || !attempt_) return;
    if (frame.code == 0) {
        if (frame.resumed) {
            Session* const earlier = attempt_->resumes() ? host_.find(resumption_.asked_for()) : nullptr;
            if (!earlier || !earlier->ticket(earlier->info_.name)) {
                close(now, CloseReason::error,
                      make_error(ErrorCode::handshake_failure, Reason::wrong_session, ErrorOrigin::local,
                                 tr("the peer goes on with a session that is not here any more")));
                return;
            }
            take_over(*earlier, earlier->info_.name);
        }
        establish(now);
        return;
    }
    end(now, refused_by_final(frame, host_.node_id()));
}

void Session::handle_close(Now now, const SessionCloseFrame& frame) {
    closing_.answer();
    end(now, closed_by_peer(frame));
}

/// The path is back: what was under way when it broke is gone, and need not wait for timers to say so.
void Session::restore_path(Now now) {
    if (state_ == SessionState::closed) return;
    outcome_.clear();
    recovery_.on_path_restored(now.time, false, outcome_);
    settle(now);
}

void Session::move_to(Now now, const Address& address) {
    info_.peer = address;
    ids_.change_remote();
    hasten_clock(now.time);
    start_over(now);
}

}  // namespace stt
