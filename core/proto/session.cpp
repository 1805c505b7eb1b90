// SPDX-License-Identifier: LGPL-2.1-or-later
// A session's life: its states, timers and end. How it comes to stand is in session_handshake.cpp, sending in
// session_send.cpp, receiving in session_receive.cpp, going on with another's streams in session_resume.cpp.
#include "core/proto/session.hpp"

#include <algorithm>
#include <cinttypes>

#include "core/base/text.hpp"

namespace stt {

namespace {

/// No peer's announced timeout makes us send keep-alives more often.
constexpr Duration keep_alive_min = 50ms;

/// Anybody on the path can say "session unknown" as often as he likes; the application hears it this often.
constexpr Duration unknown_note_interval = 1s;
// What the network reports of each packet is noted as often.
constexpr Duration report_note_interval = 1s;

SessionLimits limits_for(const StreamTable& streams, const SessionConfig& config) {
    SessionLimits limits = streams.initial_limits();
    limits.max_datagram = datagram_max;
    limits.ack_delay_us = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(AckTracker::ack_delay_max).count());
    limits.keepalive_timeout_ms = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(config.keepalive_timeout).count());
    return limits;
}

/// What became of a datagram to `peer`; not too_big. `caller`: this end has called it.
Error network_error(NetworkReport report, const Address& peer, bool caller, const ReportSource& source) {
    const std::string peer_text = peer.to_string();
    const char* const where = peer_text.c_str();
    const std::string router_text = source.router ? source.router->ip_string() : "";
    const char* const router = router_text.c_str();
    constexpr ErrorOrigin network = ErrorOrigin::network;
    const ErrorOrigin ruled = source.local ? ErrorOrigin::local : network;
    const auto no_route = [where] {
        return make_error(ErrorCode::network_unreachable, Reason::no_route, ErrorOrigin::local,
                          tr("this machine has no route to %s", where));
    };
    switch (report) {
        case NetworkReport::refused:
            return make_error(ErrorCode::connection_refused, Reason::port_closed, network,
                              caller ? tr("nobody listens on %s", where)
                                     : tr("the caller has left: its port %s is closed", where));
        case NetworkReport::unreachable:
            if (!source.local)
                return make_error(
                    ErrorCode::network_unreachable, Reason::no_route_there, network,
                    source.router ? tr("the router %s says that there is no route to %s", router, where)
                                  : tr("the host or its firewall says that there is no route to %s", where));
            return no_route();
        case NetworkReport::looping:
            return make_error(
                ErrorCode::network_unreachable, Reason::no_route_there, network,
                source.router
                    ? tr("packets to %s go round in a loop of routers: they end at the router %s", where,
                         router)
                    : tr("packets to %s end on the way: they pass more routers than they may", where));
        case NetworkReport::host_unreachable:
            if (source.local) return no_route();
            return make_error(ErrorCode::network_unreachable, Reason::no_host, network,
                              source.router ? tr("no host answers at %s, says the router %s", where, router)
                                            : tr("no host answers at %s", where));
        case NetworkReport::prohibited:
            return make_error(ErrorCode::network_unreachable, Reason::prohibited, ruled,
                              source.local ? tr("this machine may not send to %s: a route prohibits it, or "
                                                "it is a broadcast address",
                                                where)
                              : source.router
                                  ? tr("a firewall turns away what is sent to %s, says %s", where, router)
                                  : tr("a firewall at %s turns away what is sent there", where));
        default:
            return make_error(ErrorCode::udp_send_failed, Reason::send, ruled,
                              tr("the system would not send a datagram to %s", where));
    }
}

}  // namespace

Session::Session(Now now, const SessionPlace& place, bool caller, SessionConfig config)
    : endpoint_(place.endpoint),
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
      last_received_(now.time) {
    info_.caller = caller;
    info_.peer = place.peer;
    recovery_.set_pacing_ceiling(config_.pacing_ceiling);
    recovery_.set_max_datagram(mtu_.current());
}

Session::Session(Now now, const SessionPlace& place, const Identity& identity, Bytes seed,
                 SessionConfig config, SessionHandle resumes)
    : Session(now, place, true, std::move(config)) {
    std::optional<ResumeTicket> ticket;
    if (const Session* old = endpoint_.find(resumes); old && old->ticket_) {
        resumes_ = resumes;
        ticket = old->ticket_->clone();
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
    handshake_deadline_ = now.time + config_.handshake_timeout;
    set_state(SessionState::handshaking);
    Result<std::vector<uint8_t>> challenge =
        hello.make_challenge(ids_.local(), limits_for(streams_, config_), config_.ciphers, now.wall);
    if (!challenge.ok()) {
        end(now, challenge.error());
        return;
    }
    challenge_ = std::move(challenge.value());
    challenge_due_ = true;
    responder_.emplace(std::move(hello));
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
    challenge_due_ = false;
    if (error.code != ErrorCode::none) error.terminal = true;
    // Without keys nothing that is late could be answered.
    linger_until_ = protection_ ? now.time + 3 * recovery_.rtt().probe_timeout(peer_ack_delay()) : now.time;
    if (state_ == SessionState::established && is_path_lost(error) &&
        config_.resume_within > Duration::zero())
        resumable_until_ = now.time + config_.resume_within;
    queue_news();  // what the streams came to is told before the end
    set_state(SessionState::closed, std::move(error));
}

/// The peer broke the protocol: tell it and leave.
void Session::fail_protocol(Now now, Error error) {
    error.terminal = true;
    const bool forged = error.code == ErrorCode::encryption_error;
    close(now, false, forged ? CloseReason::auth_failure : CloseReason::error, std::move(error));
}

void Session::close(Now now, bool drain, CloseReason reason, Error error) {
    if (state_ == SessionState::closed || (drain && state_ == SessionState::closing)) return;
    if (drain && state_ == SessionState::established && !streams_.drained()) {
        close_reason_ = reason;
        close_error_ = std::move(error);
        drain_deadline_ = now.time + config_.drain_timeout;
        set_state(SessionState::closing);
        return;
    }
    close_reason_ = reason;
    close_error_ = error;
    close_due_ = protection_.has_value();
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
    if (attempt_) {
        attempt_->on_hearsay(now, network_error(report, path_.remote(), info_.caller, source));
        check_attempt(now);
        return;
    }
    if (state_ != SessionState::established) return;
    // A session that stands does not fall by what anybody on the path could have forged; its own timeouts
    // decide. But whoever waits for them should know.
    if (report == NetworkReport::refused && doubt_deadline_ != time_never) {
        // Forged or not, it fits what its successor has proved.
        doubt_deadline_ = now.time;
    }
    Time& next = next_report_note_[{report, source.local}];
    if (now.time < next) return;
    next = now.time + report_note_interval;
    note(network_error(report, path_.remote(), info_.caller, source));
}

void Session::handle_no_answer(Now now, const Address& from, NoAnswer what) {
    if (!attempt_ || from != path_.remote()) return;
    const auto refused = [](Reason reason, ErrorOrigin origin, std::string text) {
        return make_error(ErrorCode::connection_refused, reason, origin, std::move(text));
    };
    const std::string from_text = from.to_string();
    const char* const who = from_text.c_str();
    if (what == NoAnswer::own) {
        attempt_->on_hearsay(now, refused(Reason::self_call, ErrorOrigin::local,
                                          tr("%s is this element's own port: it calls itself", who)));
        check_attempt(now);
        return;
    }
    // A HELLO holds nothing that whoever forges the address would have to know: it ends no attempt. The
    // REJECT of the other caller does.
    Error error =
        what == NoAnswer::hello ? refused(Reason::both_call, ErrorOrigin::peer,
                                          tr("%s calls, too: one of the two has to listen", who))
        : what == NoAnswer::echo
            ? refused(Reason::echo, ErrorOrigin::peer, tr("%s sends back what it is sent", who))
            : refused(Reason::other_protocol, ErrorOrigin::peer,
                      tr("%s answers, but not in this protocol: another program has the port", who));
    if (attempt_->on_no_answer(error, what == NoAnswer::unreadable)) note(std::move(error));
}

void Session::handle_session_unknown(Now now) {
    if (state_ != SessionState::established && state_ != SessionState::closing) return;
    if (now.time < next_unknown_note_) return;
    next_unknown_note_ = now.time + unknown_note_interval;
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
    return protection_ && state_ != SessionState::closed && recovery_.anything_in_flight() &&
           recovery_.probe_count() >= 1 && now - last_received_ > silence_probe_fast;
}

Time Session::next_silence_probe() const {
    const Time since = std::max(last_keep_alive_, last_received_);
    return since + (since - last_received_ < silence_fast_for ? silence_probe_fast : silence_probe_slow);
}

/// Often enough for whichever side loses patience first: three to a timeout, so that one may get lost.
Time Session::next_keep_alive() const {
    Duration interval = std::min(config_.keepalive_interval, config_.keepalive_timeout / 3);
    if (peer_limits_.keepalive_timeout_ms > 0)
        interval =
            std::min<Duration>(interval, std::chrono::milliseconds(peer_limits_.keepalive_timeout_ms) / 3);
    return std::max(last_received_, last_keep_alive_) + std::max<Duration>(interval, keep_alive_min);
}

Time Session::next_timeout(Time now) {
    if (state_ == SessionState::closed)
        return std::min({linger_until_, next_close_, resumable() ? resumable_until_ : time_never});
    Time next =
        std::min({handshake_deadline_, drain_deadline_, attempt_ ? attempt_->next_timeout() : time_never});
    if (!protection_) return next;
    next = std::min({next, recovery_.next_timeout(peer_ack_delay()), acks_.next_timeout(),
                     streams_.next_timeout(), path_.next_timeout()});
    if (state_ == SessionState::handshaking) return next;
    if (state_ == SessionState::established) next = std::min(next, clock_requester_.next_timeout());
    next = std::min({next, last_received_ + config_.keepalive_timeout, doubt_deadline_});
    next = std::min(next, silent(now) ? next_silence_probe() : next_keep_alive());
    const Time next_send = recovery_.next_send_time(now);
    if (state_ == SessionState::established && !black_hole_.narrow())
        next = std::min(next, std::max(next_send, mtu_.next_timeout(mtu_probe_room())));
    if (streams_.control_pending(now) || data_flows()) next = std::min(next, next_send);
    return std::min(next, black_hole_.next_probe());
}

void Session::handle_timeout(Now now) {
    if (state_ == SessionState::closed) {
        check_resumable(now);
        if (now.time < next_close_) return;
        next_close_ = time_never;
        close_due_ = true;
        return;
    }
    check_attempt(now);
    if (now.time >= handshake_deadline_) {
        end(now, make_error(ErrorCode::connection_timeout, Reason::handshake_timeout, ErrorOrigin::network,
                            tr("the caller did not complete the handshake in time")));
        return;
    }
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

    if (state_ == SessionState::closing && now.time >= drain_deadline_) {
        Error error = close_error_;
        close(now, false, close_reason_, std::move(error));
        return;
    }
    check_keepalive(now);
}

void Session::check_keepalive(Now now) {
    if (state_ != SessionState::established && state_ != SessionState::closing) return;
    if (now.time - last_received_ >= config_.keepalive_timeout || now.time >= doubt_deadline_) {
        const auto waited =
            std::chrono::duration_cast<std::chrono::milliseconds>(now.time - last_received_).count();
        const bool doubted = now.time >= doubt_deadline_;
        close(now, false, CloseReason::timeout,
              make_error(
                  ErrorCode::session_timeout, doubted ? Reason::doubted : Reason::keepalive_timeout,
                  ErrorOrigin::network,
                  doubted ? tr("another caller has come, and the one who was here does not answer any more")
                          : tr("nothing was heard from the peer for %" PRId64 " ms", int64_t{waited}))
                  .ending());
        return;
    }
    const bool due = silent(now.time) ? next_silence_probe() <= now.time : next_keep_alive() <= now.time;
    if (!due) return;
    keep_alive_due_ = true;
    last_keep_alive_ = now.time;
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
            if (record.type == FrameType::final) final_acked_ = true;
        }
    }
    for (const SentPacket& packet : outcome_.lost) {
        if (packet.mtu_probe && mtu_.on_probe_lost(now.time, packet.number)) note_mtu_too_large(packet.size);
        streams_.on_lost(packet.frames);
        for (const ControlRecord& record : packet.frames.control()) {
            if (record.type == FrameType::final && !final_acked_) final_due_ = true;
            if (record.type == FrameType::new_session_id) ids_.on_frame_lost(record.value);
        }
    }
    outcome_.clear();
    if (state_ == SessionState::closing && streams_.drained()) {
        Error error = close_error_;
        close(now, false, close_reason_, std::move(error));
    }
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
    return state_ == SessionState::closed && events_.empty() && !close_due_ && last_word_.empty() &&
           !(final_due_ && refusal_.code != ErrorCode::none) && !resumable() &&
           (now >= linger_until_ || !protection_);
}

}  // namespace stt
