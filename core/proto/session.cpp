// SPDX-License-Identifier: LGPL-2.1-or-later
// A session's life: its states, timers and end. How it comes to stand is in session_handshake.cpp, sending in
// session_send.cpp, receiving in session_receive.cpp, going on with another's streams in session_resume.cpp.
#include "core/proto/session.hpp"

#include <algorithm>
#include <cinttypes>

#include "core/base/text.hpp"

namespace stt {

namespace {

SessionLimits limits_for(const StreamTable& streams, const SessionConfig& config) {
    SessionLimits limits = streams.initial_limits();
    limits.max_datagram = datagram_max;
    limits.ack_delay_us = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(AckTracker::ack_delay_max).count());
    limits.keepalive_timeout_ms = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(config.keepalive_timeout).count());
    return limits;
}

}  // namespace

Session::Session(Now now, const SessionPlace& place, bool caller, SessionConfig config)
    : host_(place.host),
      handle_(place.handle),
      ids_(place.local_id),
      config_(std::move(config)),
      random_(place.random),
      recovery_(make_congestion_controller(config_.congestion,
                                           fixed_datagram(config_, place.peer).value_or(datagram_min))),
      mtu_(fixed_datagram(config_, place.peer), datagram_max),
      black_hole_(config_.keepalive_timeout),
      streams_(caller, config_.max_window, config_.max_streams),
      path_(place.peer),
      liveness_(now.time, config_.keepalive_interval, config_.keepalive_timeout) {
    info_.caller = caller;
    info_.peer = place.peer;
    recovery_.set_pacing_ceiling(config_.pacing_ceiling);
    recovery_.set_max_datagram(mtu_.current());
}

Session::Session(Now now, const SessionPlace& place, const Identity& identity, Bytes seed,
                 SessionConfig config, SessionHandle resumes)
    : Session(now, place, true, std::move(config)) {
    std::optional<ResumeTicket> ticket;
    if (const Session* old = host_.find(resumes); old && old->resumption_.ticket()) {
        resumption_.ask_for(resumes);
        ticket = old->resumption_.ticket()->clone();
    }
    attempt_ = std::make_unique<CallerAttempt>(now, identity, seed, config_, ids_.local(),
                                               limits_for(streams_, config_), std::move(ticket), random_);
    attempt_id_ = attempt_->id();
    set_state(SessionState::handshaking);
}

Session::Session(Now now, const SessionPlace& place, ResponderHandshake hello, SessionConfig config)
    : Session(now, place, false, std::move(config)) {
    attempt_id_ = hello.header().attempt;
    ids_.set_remote(hello.header().caller_session);
    set_state(SessionState::handshaking);
    responder_.emplace(now, std::move(hello), ids_.local(), limits_for(streams_, config_), config_);
    check_attempt(now);
}

Session::~Session() = default;

void Session::set_state(SessionState state, Error error) {
    state_ = state;
    events_.push_back({handle_, event::StateChanged{state, std::move(error)}});
}

void Session::note(Error error) {
    events_.push_back({handle_, event::ErrorNoted{std::move(error), path_.remote()}});
}

/// The session is over without a word to the peer (it said the word, or nobody listens).
void Session::end(Now now, Error error) {
    if (state_ == SessionState::closed) return;
    attempt_.reset();
    responder_.reset();
    if (error.code != ErrorCode::none) error.terminal = true;
    // Without keys nothing that is late could be answered.
    closing_.linger(protection_ ? now.time + 3 * recovery_.rtt().probe_timeout(peer_ack_delay()) : now.time);
    if (state_ == SessionState::established && is_path_lost(error) &&
        config_.resume_within > Duration::zero())
        resumption_.wait(now.time + config_.resume_within);
    queue_news();  // what the streams came to is told before the end
    set_state(SessionState::closed, std::move(error));
}

/// The peer broke the protocol: tell it and leave.
void Session::fail_protocol(Now now, Error error) {
    error.terminal = true;
    const bool forged = error.code == ErrorCode::encryption_error;
    close(now, forged ? CloseReason::auth_failure : CloseReason::error, std::move(error));
}

void Session::close(Now now, CloseReason reason, Error error) {
    if (state_ == SessionState::closed) return;
    if (protection_) closing_.close(reason, error);
    end(now, std::move(error));
}

Result<StreamId> Session::open_stream(std::vector<uint8_t> header, uint8_t priority,
                                      std::optional<StreamId> id) {
    if (state_ != SessionState::established)
        return make_error(ErrorCode::session_closed, Reason::none, ErrorOrigin::local,
                          tr("the session is not established"));
    return streams_.open(std::move(header), priority, id);
}

void Session::consumed(Time now, StreamId stream, uint64_t taken, uint64_t delivered, bool finished) {
    streams_.consumed(now, stream, taken, delivered, finished, recovery_.rtt().smoothed());
}

SessionStats Session::stats() const {
    SessionStats stats = counters_;
    const Recovery::Counters& sent = recovery_.counters();
    stats.packets_sent = sent.packets_sent;
    stats.packets_lost = sent.packets_lost;
    stats.packets_spurious = sent.packets_spurious;
    stats.bytes_sent = sent.bytes_sent;
    stats.bytes_lost = sent.bytes_lost;
    stats.probes = sent.probes;
    stats.key_updates = protection_ ? protection_->send_phase() : 0;
    stats.in_flight = recovery_.in_flight();
    stats.congestion_window = recovery_.window();
    stats.pacing_rate = recovery_.controller().pacing_rate();
    stats.bandwidth = recovery_.controller().bandwidth();
    stats.rtt = recovery_.rtt().smoothed();
    stats.rtt_min = recovery_.rtt().minimum();
    stats.rtt_variation = recovery_.rtt().variation();
    stats.mtu = mtu_.current();
    return stats;
}

void Session::handle_network_report(Now now, NetworkReport report, size_t size, const ReportSource& source) {
    if (report == NetworkReport::too_big && size > 0 && size <= datagram_min)
        return on_narrow_report(now, size - 1, source);
    if (report == NetworkReport::too_big) {
        if (mtu_.on_too_big(now.time, size)) note_mtu_too_large(size);
        recovery_.set_max_datagram(mtu_.current());
        return;
    }
    Error error = network_error(report, path_.remote(), source);
    if (attempt_) {
        attempt_->on_hearsay(now, std::move(error));
        check_attempt(now);
        return;
    }
    if (state_ != SessionState::established) return;
    // A session that stands does not fall by what anybody on the path could have forged; its own timeouts
    // decide. But whoever waits for them should know.
    if (report == NetworkReport::refused) liveness_.on_refused(now.time);
    // The way there was known when the session was made: it is this machine that has lost it.
    if (source.local) error.origin = ErrorOrigin::local;
    if (report_limit_.allow(now.time, report)) note(std::move(error));
}

void Session::handle_no_answer(Now now, const Address& from, NoAnswer what) {
    if (!attempt_ || from != path_.remote()) return;
    Error error = no_answer_error(what, from);
    if (what == NoAnswer::own) {
        attempt_->on_hearsay(now, std::move(error));
        check_attempt(now);
        return;
    }
    // A HELLO holds nothing that whoever forges the address would have to know: it ends no attempt. The
    // REJECT of the other caller does.
    if (attempt_->on_no_answer(error, what == NoAnswer::unreadable)) note(std::move(error));
}

void Session::handle_session_unknown(Now now) {
    if (state_ != SessionState::established) return;
    if (!report_limit_.allow_unknown(now.time)) return;
    note(make_error(ErrorCode::session_not_found, Reason::unknown_session, ErrorOrigin::peer,
                    tr("the peer says that it does not know the session")));
}

uint64_t Session::live_window() const {
    const CongestionController& controller = recovery_.controller();
    const double bandwidth = controller.bandwidth();
    const double round_trip = std::chrono::duration<double>(recovery_.rtt().smoothed()).count();
    const auto known = static_cast<uint64_t>(1.25 * bandwidth * round_trip);
    return bandwidth <= 0 || controller.starting() ? std::max(known, controller.window()) : known;
}

// Time.

bool Session::silent(Time now) const {
    return protection_ && state_ != SessionState::closed &&
           liveness_.silent(now, recovery_.anything_in_flight() && recovery_.probe_count() >= 1);
}

Time Session::next_timeout(Time now) {
    if (state_ == SessionState::closed)
        return std::min({closing_.lingers_until(), closing_.next_repetition(), resumption_.waits_until()});
    Time next = attempt_ ? attempt_->next_timeout() : responder_ ? responder_->next_timeout() : time_never;
    if (!protection_) return next;
    next = std::min({next, recovery_.next_timeout(peer_ack_delay()), acks_.next_timeout(),
                     streams_.next_timeout(), path_.next_timeout()});
    if (state_ == SessionState::handshaking) return next;
    if (state_ == SessionState::established) next = std::min(next, clock_requester_.next_timeout());
    next = std::min({next, liveness_.timeout_deadline(), liveness_.doubt_deadline(),
                     liveness_.next_keep_alive(silent(now))});
    const Time next_send = recovery_.next_send_time(now);
    if (state_ == SessionState::established && !black_hole_.narrow())
        next = std::min(next, std::max(next_send, mtu_.next_timeout(mtu_probe_room())));
    if (streams_.control_pending(now) || data_flows()) next = std::min(next, next_send);
    return std::min(next, black_hole_.next_probe());
}

void Session::handle_timeout(Now now) {
    if (state_ == SessionState::closed) {
        check_resumable(now);
        if (now.time >= closing_.next_repetition()) closing_.on_repetition();
        return;
    }
    check_attempt(now);
    if (!protection_ || state_ == SessionState::closed) return;

    outcome_.clear();
    if (recovery_.next_timeout(peer_ack_delay()) <= now.time &&
        recovery_.on_timeout(now.time, peer_ack_delay(), outcome_) == Recovery::TimeoutAction::probe) {
        probes_due_ = 2;
        // The probe carries what has waited longest, so that a lost tail is mended by the probe itself.
        if (const SentPacket* oldest = recovery_.oldest_in_flight()) streams_.on_lost(oldest->frames);
    }
    if (black_hole_.next_probe() <= now.time) {
        probes_due_ = 2;  // with data, and without
        if (const SentPacket* oldest = recovery_.oldest_in_flight()) streams_.on_lost(oldest->frames);
    }
    settle(now);

    check_keepalive(now);
}

void Session::check_keepalive(Now now) {
    if (state_ != SessionState::established) return;
    if (std::optional<Error> lost = liveness_.lost(now.time)) {
        close(now, CloseReason::timeout, std::move(*lost));
        return;
    }
    if (now.time < liveness_.next_keep_alive(silent(now.time))) return;
    liveness_.ask(now.time);
    if (!silent(now.time)) return;
    // A probe through the silence carries what has waited longest: data flows with the first that gets
    // through.
    if (const SentPacket* oldest = recovery_.oldest_in_flight()) streams_.on_lost(oldest->frames);
    probes_due_ = 2;
}

/// Carries out what loss recovery found, after outcome_ was filled.
void Session::settle(Now now) {
    const BlackHole::Finding finding = black_hole_.on_outcome(now.time, mtu_.current(), outcome_);
    batches_.on_outcome(now.time, recovery_.rtt().smoothed(), outcome_);
    measure_sent_loss(now);
    for (const SentPacket& packet : outcome_.acked) {
        earliest_acked_ = std::min(earliest_acked_, packet.sent);
        if (packet.mtu_probe) {
            mtu_.on_probe_acked(now.time, packet.number);
            recovery_.set_max_datagram(mtu_.current());
        }
        streams_.on_acked(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::ack) acks_.on_ack_frame_acked(record.value);
            if (record.type == FrameType::final) confirmation_.on_acked();
        }
    }
    for (const SentPacket& packet : outcome_.lost) {
        if (packet.mtu_probe && mtu_.on_probe_lost(now.time, packet.number)) note_mtu_too_large(packet.size);
        streams_.on_lost(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::final) confirmation_.on_lost();
            if (record.type == FrameType::new_session_id) ids_.on_frame_lost(record.value);
        }
    }
    outcome_.clear();
    on_black_hole(now, finding);
}

void Session::queue_news() {
    std::vector<StreamNews> news;
    streams_.take_news(news);
    for (StreamNews& item : news) {
        if (auto* noted = std::get_if<event::ErrorNoted>(&item)) noted->peer = path_.remote();
        std::visit([&](auto&& what) { events_.push_back({handle_, std::move(what)}); }, item);
    }
}

void Session::take_events(std::deque<Event>& events) {
    queue_news();
    std::move(events_.begin(), events_.end(), std::back_inserter(events));
    events_.clear();
}

bool Session::forgettable(Time now) const {
    return state_ == SessionState::closed && events_.empty() && !closing_.due() && last_word_.empty() &&
           !confirmation_.refusal_due() && !resumable() && (now >= closing_.lingers_until() || !protection_);
}

}  // namespace stt
