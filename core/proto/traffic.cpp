// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/traffic.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/base/overloaded.hpp"
#include "core/base/text.hpp"

namespace stt {

namespace {

/// Shorter data is copied out of the receive buffer, which holds about fifty packets.
constexpr size_t shared_data_min = 512;

bool elicits_ack(const Frame& frame) {
    return !(std::holds_alternative<AckFrame>(frame) || std::holds_alternative<NackFrame>(frame) ||
             std::holds_alternative<ClockRequestFrame>(frame) ||
             std::holds_alternative<ClockResponseFrame>(frame) ||
             std::holds_alternative<PaddingFrame>(frame));
}

}  // namespace

Traffic::Traffic(Time now, bool caller, const SessionConfig& config, SessionId local, const Address& peer,
                 const TransportTable& transports, Random& random, SessionEvents& events)
    : config_(config),
      events_(events),
      ids_(local),
      paths_(peer, config, transports, random),
      streams_(caller, config.max_window, config.max_streams),
      liveness_(now, config.keepalive_interval, config.keepalive_timeout),
      scheduler_(
          {ids_, packets_, paths_, streams_, confirmation_, liveness_, clock_requester_, clock_responder_}) {}

// Lifecycle.

SessionLimits Traffic::own_limits() const {
    using namespace std::chrono;
    SessionLimits limits = streams_.initial_limits();
    limits.max_datagram = datagram_max;
    limits.ack_delay_us =
        static_cast<uint64_t>(duration_cast<microseconds>(Duration(AckTracker::ack_delay_max)).count());
    limits.keepalive_timeout_ms =
        static_cast<uint64_t>(duration_cast<milliseconds>(config_.keepalive_timeout).count());
    return limits;
}

Status Traffic::install(Time now, HandshakeSecrets& secrets, const SessionLimits& peer, SessionId remote) {
    if (Status status = packets_.install(now, secrets); !status.ok()) return status;
    peer_limits_ = peer;
    paths_.limit_datagram(peer.max_datagram);
    liveness_.set_peer_timeout(std::chrono::milliseconds(peer.keepalive_timeout_ms));
    ids_.set_remote(remote);
    streams_.start(peer);
    return success();
}

void Traffic::start(Time now) {
    assert(has_keys() && !started_);
    started_ = true;
    liveness_.start(now);
    if (config_.measure_clock) clock_requester_.start(now);
}

void Traffic::take_over(Traffic& earlier) {
    streams_ = std::exchange(earlier.streams_, StreamTable(false, 0, 0));
    streams_.resume(peer_limits_);
}

SessionStats Traffic::stats() const {
    SessionStats stats;
    packets_.add_to(stats);
    paths_.add_to(stats);
    return stats;
}

void Traffic::note_all() {
    for (Error& error : notes_) events_.note(std::move(error), path().peer());
    notes_.clear();
}

// Received packets.

std::optional<Traffic::Incoming> Traffic::open(Time now, const Address& from, MutableBytes packet) {
    PacketSpace::Refusal refusal;
    const auto opened = packets_.open(now, packet, refusal);
    // The packet arrived damaged. Its number will be missing, but the packet was not lost.
    if (refusal.damaged) path().on_damaged(now);
    if (refusal.note) events_.note(std::move(*refusal.note), path().peer());
    if (!opened) return std::nullopt;
    return Incoming{.packet = *opened, .from = from};
}

void Traffic::begin(Time now, Incoming& incoming, size_t size) {
    path().on_arrival(now, incoming.packet.number, size, notes_);
    note_all();
    // On a path that is too narrow, small packets do not end a silence.
    incoming.was_silent = silent(now) && !path().narrow();
    incoming.heard_before = liveness_.on_received(now);
    if (started_ && incoming.packet.newest) paths_.on_newest_from(now, incoming.from, size);
}

void Traffic::finish(Time now, const Incoming& incoming, bool understood) {
    // A packet sent before the silence has arrived. The path was slow, not broken, and its round trip is
    // longer than was known. Declaring the rest lost would double the load and prevent the RTT from being
    // learnt.
    if (incoming.was_silent && incoming.earliest_acked > incoming.heard_before)
        with_outcome(now, [&] { path().recovery().on_path_restored(now, outcome_); });
    if (understood) packets_.on_understood(now, incoming.packet, incoming.ack_eliciting);
}

bool Traffic::on_malformed(const Error& error) {
    if (packets_.faults().on_malformed()) return true;
    events_.note(error, path().peer());
    return false;
}

void Traffic::on_too_big(Time now, uint64_t size) {
    path().on_too_big(now, size, notes_);
    note_all();
}

void Traffic::on_narrow(Time now, Error error) {
    // Anybody may have sent what seems to come from a router, so losses must confirm it.
    if (error.origin == ErrorOrigin::local || path().suspicious())
        path().report_narrow(now, std::move(error), notes_);
    note_all();
}

Status Traffic::on_frame(Time now, const Frame& frame, Incoming& incoming,
                         const std::shared_ptr<const void>& owner) {
    incoming.ack_eliciting = incoming.ack_eliciting || elicits_ack(frame);
    return std::visit(Overloaded{
                          [&](const DataFrame& f) {
                              // A few bytes must not keep a whole receive buffer alive.
                              const bool share = owner && f.data.size() >= shared_data_min;
                              return streams_.on_data(f.stream, f.offset,
                                                      share ? Chunk(owner, f.data) : Chunk::copy_of(f.data));
                          },
                          [&](const AckFrame& f) { return on_ack(now, f, incoming); },
                          [&](const NackFrame& f) {
                              with_outcome(now, [&] { path().recovery().on_nack(now, f, outcome_); });
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
                          [&](const KeepAliveFrame& f) {
                              liveness_.on_keep_alive(f);
                              return success();
                          },
                          [&](const PathChallengeFrame& f) {
                              paths_.owe_response(incoming.from, f.data);
                              return success();
                          },
                          [&](const PathResponseFrame& f) {
                              on_path_response(now, f, incoming);
                              return success();
                          },
                          [&](const NewSessionIdFrame& f) {
                              ids_.on_offered(f);
                              return success();
                          },
                          [&](const ClockRequestFrame& f) {
                              clock_responder_.on_request(now, f);
                              return success();
                          },
                          [&](const ClockResponseFrame& f) {
                              if (const auto sample = clock_requester_.on_response(now, f))
                                  events_.add(event::ClockMeasured{*sample});
                              return success();
                          },
                          [&](const ErrorFrame& f) {
                              Error error = make_error(static_cast<ErrorCode>(f.code), Reason::none,
                                                       ErrorOrigin::peer, std::string(f.text))
                                                .proven();
                              error.sub_code = f.sub_code;
                              events_.note(std::move(error), path().peer());
                              return success();
                          },
                          [&](const UnknownFrame& f) {
                              if (auto error = packets_.on_unknown_frame(f.type))
                                  events_.note(std::move(*error), path().peer());
                              return success();
                          },
                          // Only the arrival of these frames matters.
                          [](const KeepAliveAnswerFrame&) { return success(); },
                          [](const PaddingFrame&) { return success(); },
                          // The session handles these frames.
                          [](const FinalFrame&) { return success(); },
                          [](const SessionCloseFrame&) { return success(); },
                      },
                      frame);
}

Status Traffic::on_ack(Time now, const AckFrame& frame, Incoming& incoming) {
    outcome_.clear();
    Recovery& recovery = path().recovery();
    if (!recovery.on_ack(now, frame, peer_ack_delay(), outcome_))
        return make_error(ErrorCode::invalid_frame, Reason::ack_of_unsent, ErrorOrigin::peer,
                          tr("the peer acknowledged a packet that was never sent"))
            .proven();
    for (const SentPacket& packet : outcome_.acked)
        incoming.earliest_acked = std::min(incoming.earliest_acked, packet.sent);
    packets_.acks().set_rtt(recovery.rtt().smoothed());
    settle(now);
    if (paths_.has_previous()) {
        outcome_.clear();
        paths_.on_late_ack(now, frame, outcome_);
        settle_frames();
    }
    return success();
}

void Traffic::on_path_response(Time now, const PathResponseFrame& frame, Incoming& incoming) {
    if (!paths_.validates(incoming.from, frame.data)) return;
    outcome_.clear();
    paths_.move(now, outcome_);
    settle_frames();
    ids_.change_remote();
    if (config_.measure_clock) clock_requester_.hasten(now);
    incoming.moved = true;
}

template <class Fill>
void Traffic::with_outcome(Time now, Fill&& fill) {
    outcome_.clear();
    fill();
    settle(now);
}

void Traffic::settle(Time now) {
    const BlackHole::Finding finding = path().on_outcome(now, outcome_, notes_);
    settle_frames();
    // Losses of earlier data must not be held against data that has yet to be written.
    if (path().suspicious() && !path().recovery().anything_in_flight() && !streams_.data_pending())
        path().forget_suspicion();
    path().on_finding(now, finding, notes_);
    note_all();
    if (finding == BlackHole::Finding::lost) failure_ = path().too_narrow_error();
    if (finding != BlackHole::Finding::restored) return;
    outcome_.clear();
    paths_.start_over(now, outcome_);
    settle_frames();
}

void Traffic::settle_frames() {
    for (const SentPacket& packet : outcome_.acked) {
        streams_.on_acked(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::ack) packets_.acks().on_ack_frame_acked(record.value);
            if (record.type == FrameType::final) confirmation_.on_acked();
        }
    }
    for (const SentPacket& packet : outcome_.lost) {
        streams_.on_lost(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::final) confirmation_.on_lost();
            if (record.type == FrameType::new_session_id) ids_.on_frame_lost(record.value);
        }
    }
}

// Timers.

void Traffic::set_deadlines(Time now, Deadlines& deadlines) {
    if (!started_) return;
    Recovery& recovery = path().recovery();
    deadlines.set(Timer::keep_alive_timeout, liveness_.timeout_deadline());
    deadlines.set(Timer::doubt, liveness_.doubt_deadline());
    const bool is_silent = silent(now);
    deadlines.set(is_silent ? Timer::silence_probe : Timer::keep_alive, liveness_.next_keep_alive(is_silent));
    deadlines.set(Timer::path_challenge, paths_.next_timeout());
    if (blocked()) {
        // A probe could not leave, so only losses by time are detected.
        deadlines.set(Timer::loss_detection, recovery.loss_time());
        return;
    }
    const Time next_send = recovery.next_send_time(now);
    const bool sends = streams_.control_pending(now) || scheduler_.data_flows();
    deadlines.set(Timer::loss_detection, recovery.next_timeout(peer_ack_delay()));
    deadlines.set(Timer::narrow_path_probe, path().next_narrow_probe());
    deadlines.set(Timer::acknowledgement, packets_.acks().next_timeout());
    deadlines.set(Timer::window_frame, streams_.next_timeout());
    deadlines.set(Timer::clock_request, clock_requester_.next_timeout());
    deadlines.set(Timer::mtu_probe, std::max(next_send, path().next_mtu_probe()));
    deadlines.set(Timer::pacer, sends ? next_send : time_never);
}

void Traffic::on_loss_timer(Time now) {
    bool probe = false;
    with_outcome(now, [&] {
        probe =
            path().recovery().on_timeout(now, peer_ack_delay(), outcome_) == Recovery::TimeoutAction::probe;
        // The probe itself repairs a lost tail.
        if (probe) scheduler_.probe();
    });
}

// One probe carries data, and one does not.
void Traffic::on_narrow_probe_timer() { scheduler_.probe(); }

void Traffic::on_keep_alive_timer(Time now) {
    liveness_.ask(now);
    // A probe in a silence carries data, which thus arrives with the first probe that gets through.
    if (silent(now)) scheduler_.probe();
}

}  // namespace stt
