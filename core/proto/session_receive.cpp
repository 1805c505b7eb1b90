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

/// A closed session answers late packets with another SESSION_CLOSE at most this often.
constexpr Duration close_answer_interval = 100ms;

Reason reason_of(CloseReason reason) {
    switch (reason) {
        case CloseReason::graceful:
            return Reason::graceful;
        case CloseReason::timeout:
            return Reason::timeout;
        case CloseReason::error:
            return Reason::error;
        case CloseReason::auth_failure:
            return Reason::auth_failure;
    }
    return Reason::error;
}

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
        // It came, damaged: its number is going to be missing, but it was not lost.
        if (!opened.checksum_fits) received_loss_.add(now.time, {.lost = -1});
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
    used_ticket_.reset();  // the caller has heard of the resumption, or needs no other
    doubt_deadline_ = time_never;
    note_id(receiver);
    if (state_ == SessionState::closed) {
        handle_when_closed(now, opened.payload);
        return true;
    }
    measure_received_loss(now, opened.number, packet.size());
    const bool newest = !newest_before || opened.number > highest_before;
    // Where the path is too narrow, small packets end no silence.
    const bool was_silent = silent(now.time) && !black_hole_.narrow();
    const Time silent_since = std::exchange(last_received_, now.time);
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
    if (says_closed) {
        peer_closed_ = true;
        next_close_ = time_never;
    }
    const bool owed = says_closed ? ended_by_peer_ : !peer_closed_;
    if (!owed || now.time < next_close_answer_) return;
    next_close_answer_ = now.time + close_answer_interval;
    close_due_ = true;
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
                          [&](const StreamWindowFrame& f) {
                              const Status status = streams_.on_stream_window(f);
                              outcome_.clear();
                              settle(now);  // a close that waits for delivery may go on
                              return status;
                          },
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
                              keep_alive_answer_ = f.sequence;
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
            Session* const earlier = attempt_->resumes() ? endpoint_.find(resumes_) : nullptr;
            if (!earlier || !earlier->ticket(earlier->info_.name)) {
                close(now, false, CloseReason::error,
                      make_error(ErrorCode::handshake_failure, Reason::wrong_session, ErrorOrigin::local,
                                 tr("the peer goes on with a session that is not here any more")));
                return;
            }
            take_over(*earlier, earlier->info_.name);
        }
        establish(now);
        return;
    }
    const auto code = static_cast<ErrorCode>(frame.code);
    const bool about_session =
        code == ErrorCode::handshake_failure &&
        frame.sub_code == static_cast<uint8_t>(HandshakeSubCode::proof_verification_failed);
    // Who comes as far as FINAL has the seed: what is left to refuse is the node.
    const bool about_node = code == ErrorCode::authentication_failed;
    const Reason reason = about_session                          ? Reason::wrong_session
                          : about_node                           ? Reason::unexpected_peer
                          : code == ErrorCode::too_many_sessions ? Reason::busy
                                                                 : Reason::refused;
    std::string text = frame.text.empty() ? tr("the peer refused the session") : std::string(frame.text);
    if (about_session)
        text = tr("the peer does not take this node for the owner of the session it asked for");
    if (about_node)
        text = tr("the listener's peer-node-id names another node than this one, %s",
                  to_hex(endpoint_.node_id()).c_str());
    Error error = make_error(code, reason, ErrorOrigin::peer, std::move(text)).proven();
    error.sub_code = frame.sub_code;
    end(now, std::move(error));
}

void Session::handle_close(Now now, const SessionCloseFrame& frame) {
    Error error =
        make_error(ErrorCode::session_closed, reason_of(frame.reason), ErrorOrigin::peer,
                   frame.reason == CloseReason::graceful ? tr("the peer closed the session: it was stopped")
                   : frame.reason == CloseReason::timeout
                       ? tr("the peer closed the session: it has lost the path")
                       : tr("the peer closed the session"))
            .proven();

    if (frame.code != 0) error.text += ": " + std::string(error_name(static_cast<ErrorCode>(frame.code)));
    if (!frame.text.empty()) error.text += " (" + std::string(frame.text) + ")";
    if (static_cast<ErrorCode>(frame.code) == ErrorCode::too_many_sessions) {
        // Turned away, if only once it had been heard what for.
        error.code = ErrorCode::too_many_sessions;
        error.sub_code = frame.sub_code;
        error.reason =
            frame.sub_code == static_cast<uint8_t>(StreamSubCode::ended) ? Reason::ended : Reason::busy;
    } else if (static_cast<ErrorCode>(frame.code) == ErrorCode::stream_closed &&
               frame.sub_code == static_cast<uint8_t>(StreamSubCode::ended)) {
        // The sender has come to its end, if not with all of the stream: there is nothing to come back for.
        error.code = ErrorCode::stream_closed;
        error.reason = Reason::reset;
    }
    peer_closed_ = ended_by_peer_ = true;
    close_due_ = true;  // so that it need not repeat itself
    close_reason_ = CloseReason::graceful;
    close_error_ = {};
    end(now, std::move(error));
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
