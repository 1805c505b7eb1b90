// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/traffic.hpp"

#include <algorithm>
#include <cassert>
#include <cinttypes>
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

const char* why(PacketSpace::Refusal::Cause cause) {
    switch (cause) {
        case PacketSpace::Refusal::Cause::copy:
            return "a copy";
        case PacketSpace::Refusal::Cause::damaged:
            return "damaged";
        case PacketSpace::Refusal::Cause::forged:
            return "forged";
    }
    return "";
}

}  // namespace

Traffic::Traffic(Time now, bool caller, const SessionConfig& config, SessionId local, const Address& peer,
                 const TransportTable& transports, Random& random, SessionEvents& events, Trace trace)
    : config_(config),
      events_(events),
      trace_(trace),
      ids_(local),
      paths_(peer, config, transports, random, trace),
      streams_(caller, config.max_window, config.max_streams, trace),
      liveness_(now, config.keepalive_interval, config.keepalive_timeout),
      scheduler_({ids_, packets_, paths_, streams_, confirmation_, liveness_, clock_requester_,
                  clock_responder_, trace}) {}

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
    path().recovery().set_peer_ack_delay(std::chrono::microseconds(peer.ack_delay_us));
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
    streams_.resume(peer_limits_, trace_);
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
    if (!opened) {
        // The number of a damaged packet will be missing, but the packet was not lost.
        if (refusal.cause == PacketSpace::Refusal::Cause::damaged) path().on_damaged(now);
        trace_([&] {
            return formatted("packet from %s dropped: ", from.to_string().c_str()) + why(refusal.cause);
        });
    }
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
    if (incoming.was_silent && incoming.earliest_acked > incoming.heard_before) {
        trace_([] { return "path: back after a silence"; });
        settle(now, path().recovery().on_path_restored(now));
    }
    if (understood) packets_.on_understood(now, incoming.packet, incoming.ack_eliciting);
}

bool Traffic::on_malformed(const Error& error) {
    if (packets_.faults().on_malformed()) return true;
    events_.note(error, path().peer());
    return false;
}

void Traffic::on_too_big(Time now, uint64_t size) {
    trace_([&] { return formatted("MTU: %" PRIu64 " bytes are too long, says the network", size); });
    path().on_too_big(now, size, notes_);
    if (trace_.on()) trace_path();
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
                              settle(now, path().recovery().on_nack(now, f));
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
    Recovery& recovery = path().recovery();
    const Recovery::Outcome* const outcome = recovery.on_ack(now, frame);
    if (!outcome)
        return make_error(ErrorCode::invalid_frame, Reason::ack_of_unsent, ErrorOrigin::peer,
                          tr("the peer acknowledged a packet that was never sent"))
            .proven();
    for (const SentPacket& packet : outcome->acked)
        incoming.earliest_acked = std::min(incoming.earliest_acked, packet.sent);
    packets_.acks().set_rtt(recovery.rtt().smoothed());
    settle(now, *outcome);
    if (const Recovery::Outcome* const late = paths_.on_late_ack(now, frame)) settle_frames(*late);
    return success();
}

void Traffic::on_path_response(Time now, const PathResponseFrame& frame, Incoming& incoming) {
    if (!paths_.validates(incoming.from, frame.data)) return;
    settle_frames(paths_.move(now));
    ids_.change_remote();
    if (config_.measure_clock) clock_requester_.hasten(now);
    incoming.moved = true;
}

void Traffic::settle(Time now, const Recovery::Outcome& outcome) {
    const BlackHole::Finding finding = path().on_outcome(now, outcome, notes_);
    settle_frames(outcome);
    // Losses of earlier data must not be held against data that has yet to be written.
    if (path().suspicious() && !path().recovery().anything_in_flight() && !streams_.data_pending())
        path().forget_suspicion();
    path().on_finding(now, finding, notes_);
    note_all();
    if (trace_.on()) trace_path();
    if (finding == BlackHole::Finding::lost) failure_ = path().too_narrow_error();
    if (finding != BlackHole::Finding::restored) return;
    settle_frames(paths_.start_over(now));
}

void Traffic::trace_outcome(const Recovery::Outcome& outcome) const {
    const auto trace_packet = [&](const SentPacket& packet, const char* fate) {
        trace_([&] {
            return formatted("packet %" PRIu64 " %s%s", packet.number, fate,
                             packet.mtu_probe ? ", a probe of the path" : "");
        });
    };
    for (const SentPacket& packet : outcome.lost)
        trace_packet(packet, packet.lost_by_reordering ? "lost by reordering" : "lost");
    for (const SentPacket& packet : outcome.acked)
        if (packet.mtu_probe || packet.state == PacketState::lost) trace_packet(packet, "acknowledged");
    if (outcome.acked.empty()) return;
    trace_([&] {
        const Recovery& recovery = path().recovery();
        const auto rtt = std::chrono::duration_cast<std::chrono::microseconds>(recovery.rtt().smoothed());
        return formatted("%zu packets acknowledged, in flight %" PRIu64 " of %" PRIu64 " bytes, RTT %lld us",
                         outcome.acked.size(), recovery.in_flight(), recovery.window(),
                         static_cast<long long>(rtt.count()));
    });
}

void Traffic::trace_path() {
    const TracedPath now{path().recovery().controller().phase_name(), path().datagram(), path().narrow()};
    if (now == traced_path_) return;
    traced_path_ = now;
    trace_([&] {
        return formatted("path: %s in %s, datagrams of %" PRIu64 " bytes%s",
                         path().recovery().controller().name().data(), now.phase.data(), now.datagram,
                         now.narrow ? ", too narrow" : "");
    });
}

void Traffic::settle_frames(const Recovery::Outcome& outcome) {
    if (trace_.on()) trace_outcome(outcome);
    for (const SentPacket& packet : outcome.acked) {
        streams_.on_acked(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::ack) packets_.acks().on_ack_frame_acked(record.value);
            if (record.type == FrameType::final) confirmation_.on_acked();
        }
    }
    for (const SentPacket& packet : outcome.lost) {
        streams_.on_lost(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::final) confirmation_.on_lost();
            if (record.type == FrameType::new_session_id) ids_.on_frame_lost(record.value);
        }
    }
}

// Timers.

void Traffic::set_deadlines(Time now, Deadlines& deadlines) const {
    if (!started_) return;
    const Recovery& recovery = path().recovery();
    deadlines.set(Timer::keep_alive_timeout, liveness_.timeout_deadline());
    deadlines.set(Timer::doubt, liveness_.doubt_deadline());
    const bool probes = silent(now) && !blocked();
    deadlines.set(probes ? Timer::silence_probe : Timer::keep_alive, liveness_.next_keep_alive(probes));
    deadlines.set(Timer::path_challenge, paths_.next_timeout());
    if (blocked()) {
        // A probe could not leave, so only losses by time are detected.
        deadlines.set(Timer::loss_detection, recovery.loss_time());
        return;
    }
    const Time next_send = recovery.next_send_time(now);
    const bool sends = streams_.control_pending(now) || scheduler_.data_flows();
    deadlines.set(Timer::loss_detection, recovery.next_timeout());
    deadlines.set(Timer::narrow_path_probe, path().next_narrow_probe());
    deadlines.set(Timer::acknowledgement, packets_.acks().next_timeout());
    deadlines.set(Timer::window_frame, streams_.next_timeout());
    deadlines.set(Timer::clock_request, clock_requester_.next_timeout());
    deadlines.set(Timer::mtu_probe, std::max(next_send, path().next_mtu_probe()));
    deadlines.set(Timer::pacer, sends ? next_send : time_never);
}

void Traffic::on_loss_timer(Time now) {
    const Recovery::Outcome& outcome = path().recovery().on_timeout(now);
    if (outcome.probe_due) {
        trace_([&] { return formatted("probe timeout %u", path().recovery().probe_count()); });
        // The probe itself repairs a lost tail.
        scheduler_.probe();
    }
    settle(now, outcome);
}

// One probe carries data, and one does not.
void Traffic::on_narrow_probe_timer() { scheduler_.probe(); }

void Traffic::on_keep_alive_timer(Time now) {
    liveness_.ask(now);
    // A probe in a silence carries data, which thus arrives with the first probe that gets through.
    if (silent(now)) scheduler_.probe();
}

}  // namespace stt
