// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session.hpp"

#include <algorithm>
#include <cassert>
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

namespace {

const char* state_name(SessionState state) {
    switch (state) {
        case SessionState::init:
            return "init";
        case SessionState::handshaking:
            return "handshaking";
        case SessionState::established:
            return "established";
        case SessionState::closed:
            return "closed";
    }
    return "";
}

std::string described(const Error& error) {
    return formatted("%s (%s): ", error_name(error.code).data(), reason_name(error.reason).data()) +
           error.text;
}

}  // namespace

Session::Session(Now now, const SessionPlace& place, bool caller, SessionConfig config)
    : host_(place.host),
      handle_(place.handle),
      trace_(place.trace, place.handle),
      config_(std::move(config)),
      events_(place.handle),
      traffic_(now.time, caller, config_, place.local_id, place.peer, place.transports, place.random, events_,
               trace_),
      handshaking_({host_, config_, info_, events_, traffic_, resumption_}) {
    info_.caller = caller;
    info_.peer = place.peer;
    set_state(SessionState::handshaking);
}

Session::Session(Now now, const SessionPlace& place, const Identity& identity, Bytes seed,
                 SessionConfig config, SessionHandle resumes)
    : Session(now, place, true, std::move(config)) {
    std::optional<ResumeTicket> ticket;
    if (const Session* old = host_.find(resumes); old && old->resumption_.ticket()) {
        resumption_.ask_for(resumes);
        ticket = old->resumption_.ticket()->clone();
    }
    handshaking_.call(now, identity, seed, std::move(ticket), place.random);
}

Session::Session(Now now, const SessionPlace& place, ResponderHandshake hello, SessionConfig config)
    : Session(now, place, false, std::move(config)) {
    conclude(now, handshaking_.answer(now, std::move(hello)));
}

Session::~Session() = default;

// States, and the end.

void Session::set_state(SessionState state, Error error) {
    assert(state > state_);  // no state is entered twice, and none after a later one
    state_ = state;
    trace_([&] {
        return formatted("state: %s", state_name(state)) +
               (error.code == ErrorCode::none ? "" : ", " + described(error));
    });
    events_.add(event::StateChanged{state, std::move(error)});
}

void Session::note(Error error) {
    trace_([&] { return "noted: " + described(error); });
    events_.note(std::move(error), peer());
}

/// The session ends without SESSION_CLOSE, because the peer has sent its own or cannot be reached.
void Session::end(Now now, Error error) {
    if (state_ == SessionState::closed) return;
    handshaking_.finish();
    if (error.code != ErrorCode::none) error.terminal = true;
    // Without keys no late packet could be answered.
    closing_.linger(traffic_.has_keys() ? now.time + 3 * traffic_.probe_timeout() : now.time);
    if (state_ == SessionState::established && is_path_lost(error) &&
        config_.resume_within > Duration::zero())
        resumption_.wait(now.time + config_.resume_within);
    queue_news();  // the progress of the streams is reported before the end
    set_state(SessionState::closed, std::move(error));
}

void Session::close(Now now, CloseReason reason, Error error) {
    if (state_ == SessionState::closed) return;
    wake();
    if (traffic_.has_keys()) closing_.close(reason, error);
    end(now, std::move(error));
}

/// The peer violated the protocol; this is reported to it, and the session ends.
void Session::fail_protocol(Now now, Error error) {
    error.terminal = true;
    const bool forged = error.code == ErrorCode::encryption_error;
    close(now, forged ? CloseReason::auth_failure : CloseReason::error, std::move(error));
}

/// Ends the session if its path can no longer carry it.
void Session::check_path(Now now) {
    if (traffic_.failure()) close(now, CloseReason::timeout, *traffic_.failure());
}

bool Session::forgettable(Time now) const {
    return state_ == SessionState::closed && events_.empty() && !last_packet_due() && !resumable() &&
           (now >= closing_.lingers_until() || !traffic_.has_keys());
}

bool Session::last_packet_due() const {
    return closing_.due() || handshaking_.last_word_due() || traffic_.confirmation().refusal_due();
}

// The application's side.

Result<StreamId> Session::open_stream(std::vector<uint8_t> header, uint8_t priority,
                                      std::optional<StreamId> id) {
    wake();
    if (state_ != SessionState::established)
        return make_error(ErrorCode::session_closed, Reason::none, ErrorOrigin::local,
                          tr("the session is not established"));
    return traffic_.streams().open(std::move(header), priority, id);
}

void Session::hasten_clock(Time now) {
    wake();
    if (config_.measure_clock && state_ == SessionState::established) traffic_.clock().hasten(now);
}

void Session::doubt(Time now, Duration patience) {
    if (state_ != SessionState::established) return;
    wake();
    trace_([] { return "a liveness check begins"; });
    traffic_.liveness().doubt(now, patience);
}

void Session::queue_news() {
    std::vector<StreamNews> news;
    traffic_.streams().take_news(news);
    for (StreamNews& item : news) {
        if (auto* noted = std::get_if<event::ErrorNoted>(&item)) noted->peer = peer();
        std::visit([&](auto&& what) { events_.add(std::move(what)); }, item);
    }
}

void Session::take_events(std::deque<Event>& events) {
    queue_news();
    events_.take(events);
}

// The handshake. Its packets count only if they come from where the session expects its peer.

void Session::trace_handshake(const char* packet, const Address& from) const {
    trace_([&] {
        return formatted("handshake: %s from %s%s", packet, from.to_string().c_str(),
                         from == peer() ? "" : ", not the peer's address");
    });
}

void Session::handle_challenge(Now now, const Address& from, Bytes datagram) {
    trace_handshake("CHALLENGE", from);
    if (from == peer()) conclude(now, handshaking_.on_challenge(now, datagram));
}

void Session::handle_cookie(Now now, const Address& from, const CookiePacket& packet) {
    trace_handshake("COOKIE", from);
    if (from == peer()) handshaking_.on_cookie(now, packet);
}

void Session::handle_reject(Now now, const Address& from, const RejectPacket& packet) {
    trace_handshake("REJECT", from);
    if (from == peer()) conclude(now, handshaking_.on_reject(now, packet));
}

bool Session::handle_hello_again(const Address& from, Bytes datagram) {
    trace_handshake("HELLO again", from);
    return from != peer() || handshaking_.on_hello(datagram);
}

void Session::handle_auth_proof(Now now, const Address& from, Bytes datagram) {
    trace_handshake("AUTH_PROOF", from);
    // The caller's address may have changed since its HELLO. AUTH_PROOF authenticates the caller.
    if (handshaking_.answering() || from == peer()) conclude(now, handshaking_.on_auth_proof(now, datagram));
}

/// Acts on the result of a handshake step.
void Session::conclude(Now now, Handshaking::Verdict verdict) {
    switch (verdict.kind) {
        case Handshaking::Verdict::Kind::pending:
            return;
        case Handshaking::Verdict::Kind::established:
            if (verdict.earlier) take_over(*verdict.earlier, verdict.name);
            handshaking_.finish();
            traffic_.start(now.time);
            offer_id();
            return set_state(SessionState::established);
        case Handshaking::Verdict::Kind::failed:
            return end(now, std::move(verdict.error));
        case Handshaking::Verdict::Kind::broken:
            return close(now, CloseReason::error, std::move(verdict.error));
    }
}

// Resumption of another session's streams.

const ResumeTicket* Session::ticket(const SessionName& name) const {
    const bool has_streams = state_ == SessionState::established || resumable();
    return has_streams ? resumption_.ticket(name) : nullptr;
}

void Session::take_over(Session& earlier, const SessionName& name) {
    std::optional<ResumeTicket> used;
    if (!info_.caller) used = earlier.ticket(name)->clone();
    trace_([&] { return formatted("resumes the streams of session %" PRIu64, earlier.handle_); });
    resumption_.take_over(earlier.handle_, std::move(used));
    traffic_.take_over(earlier.traffic_);
    earlier.make_way();
}

/// Ends without any report, because another session has superseded this one.
void Session::make_way() {
    handshaking_.finish();
    traffic_.drop_keys();
    closing_.stop();
    state_ = SessionState::closed;
    events_.drop_end();
    abandon();
}

void Session::abandon() {
    wake();
    resumption_.abandon();
    if (state_ == SessionState::closed && !traffic_.has_keys()) closing_.linger(Time{});
}

void Session::offer_id() { traffic_.ids().offer(host_.add_id(handle_)); }

/// A genuine packet had the id `id`.
void Session::note_id(SessionId id) {
    SessionId retired = 0;
    if (!traffic_.ids().on_received(id, retired)) return;
    if (retired) host_.remove_id(retired);
    offer_id();
    // The peer has reason not to be recognised by the old ids, so this side changes its ids as well.
    traffic_.ids().change_remote();
}

// Received packets.

bool Session::handle_packet(Now now, const Address& from, MutableBytes datagram,
                            const std::shared_ptr<const void>& owner) {
    if (!traffic_.has_keys()) return false;
    auto incoming = traffic_.open(now.time, from, datagram);
    if (!incoming) {
        if (traffic_.integrity_lost())
            fail_protocol(
                now,
                make_error(
                    ErrorCode::encryption_error, Reason::integrity_limit, ErrorOrigin::network,
                    tr("so many packets could not be opened that the cipher's integrity limit is reached")));
        return false;
    }
    resumption_.on_heard();
    note_id(incoming->packet.receiver);
    if (state_ == SessionState::closed) {
        handle_when_closed(now, incoming->packet.payload);
        return true;
    }
    traffic_.begin(now.time, *incoming, datagram.size());
    const bool understood = handle_frames(now, *incoming, owner);
    if (incoming->moved) host_.on_moved(handle_, std::exchange(info_.peer, from), from);
    if (state_ == SessionState::closed) return true;
    traffic_.finish(now.time, *incoming, understood);
    check_path(now);
    return true;
}

/// The packet may be a late one, the peer's confirmation that it is closed too, or its repeated
/// SESSION_CLOSE.
void Session::handle_when_closed(Now now, Bytes payload) {
    FrameReader reader(payload);
    Frame frame;
    bool says_closed = false;
    while (reader.next(frame)) says_closed = says_closed || std::holds_alternative<SessionCloseFrame>(frame);
    closing_.on_late_packet(now.time, says_closed);
}

/// Returns false if the packet must not be acknowledged.
bool Session::handle_frames(Now now, Traffic::Incoming& incoming, const std::shared_ptr<const void>& owner) {
    FrameReader reader(incoming.packet.payload);
    Frame frame;
    while (reader.next(frame)) {
        if (const auto* verdict = std::get_if<FinalFrame>(&frame)) {
            incoming.ack_eliciting = true;
            conclude(now, handshaking_.on_final(*verdict));
        } else if (state_ == SessionState::handshaking) {
            return false;  // nothing counts before FINAL; the peer will send it again
        } else if (const auto* close = std::get_if<SessionCloseFrame>(&frame)) {
            closing_.answer();
            end(now, closed_by_peer(*close));
        } else if (Status status = traffic_.on_frame(now.time, frame, incoming, owner); !status.ok()) {
            fail_protocol(now, status.error());
        }
        if (state_ == SessionState::closed) return false;
    }
    if (!reader.error()) return true;
    Error error = *reader.error();
    error.origin = ErrorOrigin::peer;
    error.authenticated = true;
    if (traffic_.on_malformed(error)) fail_protocol(now, std::move(error));
    return false;
}

void Session::handle_network_report(Now now, const NetworkReport& report) {
    const bool established = state_ == SessionState::established;
    if (state_ == SessionState::closed) return;
    const bool too_big = report.kind == NetworkReport::Kind::too_big;
    if (too_big && (report.size == 0 || report.size > datagram_min))
        return traffic_.on_too_big(now.time, report.size);
    if (!handshaking_.calling() && !established) return;
    if (established && !too_big) {
        // Nothing that anybody on the path could have forged ends an established session; its own timeouts
        // decide. The report informs an application that waits for them.
        if (report.kind == NetworkReport::Kind::refused) traffic_.liveness().on_refused(now.time);
        if (report_limit_.allow(now.time, report.error)) note(report.error);
        return;
    }
    if (handshaking_.calling()) return conclude(now, handshaking_.on_hearsay(now, report.error));
    traffic_.on_narrow(now.time, report.error);
}

void Session::handle_no_answer(Now now, const Address& from, NoAnswer what) {
    if (!handshaking_.calling() || from != peer()) return;
    Error error = no_answer_error(what, from);
    if (what == NoAnswer::own) return conclude(now, handshaking_.on_hearsay(now, std::move(error)));
    // A HELLO contains nothing that a forger of the address would have to know, so it ends no attempt. The
    // REJECT of the other caller does.
    if (handshaking_.on_no_answer(error, what == NoAnswer::unreadable)) note(std::move(error));
}

void Session::handle_session_unknown(Now now) {
    if (state_ != SessionState::established || !report_limit_.allow_unknown(now.time)) return;
    note(make_error(ErrorCode::session_not_found, Reason::unknown_session, ErrorOrigin::peer,
                    tr("the peer reports that it does not know the session")));
}

// Packets to be sent.

std::optional<Transmit> Session::transmit(Now now, MutableBytes out, size_t segments_max,
                                          TransportKind transport) {
    const bool to_peer = peer().transport == transport;
    if (const Bytes datagram = to_peer ? handshaking_.due(now) : Bytes{}; !datagram.empty()) {
        trace_([&] { return formatted("handshake: packet of type %u leaves", unsigned{datagram[0]}); });
        std::copy(datagram.begin(), datagram.end(), out.begin());
        return Transmit{peer(), datagram.size(), datagram.size()};
    }
    if (!traffic_.has_keys()) return std::nullopt;
    if (state_ != SessionState::closed) return traffic_.transmit(now, out, segments_max, transport);
    return to_peer ? traffic_.transmit_close(now, out, closing_) : std::nullopt;
}

// Timers.

Deadlines Session::deadlines(Time now) const {
    Deadlines deadlines;
    const bool blocked = traffic_.blocked();
    if (state_ == SessionState::closed) {
        deadlines.set(Timer::close_repetition, closing_.next_repetition());
        // The last packet leaves before the session is forgotten, however long its transport is blocked.
        const bool waits = blocked && last_packet_due();
        deadlines.set(Timer::linger, waits ? time_never : closing_.lingers_until());
        deadlines.set(Timer::resumption, resumption_.waits_until());
        return deadlines;
    }
    deadlines.set(Timer::handshake, handshaking_.next_timeout(blocked));
    traffic_.set_deadlines(now, deadlines);
    return deadlines;
}

void Session::handle_timeout(Now now, Deadlines due) {
    assert(due.next().at <= now.time);
    const SessionState before = state_;
    for (size_t i = 0; i < timer_count; i++) {
        const auto timer = static_cast<Timer>(i);
        if (due.at(timer) > now.time) continue;
        trace_([&] { return formatted("timer: %s", timer_name(timer)); });
        if (!on_timer(now, timer)) continue;
        if (state_ != before) return;
        due = deadlines(now.time);  // a timer may make a later one due, or unnecessary
    }
    check_path(now);
}

/// Returns false if the timer only makes something leave; transmit() then sends what is due.
bool Session::on_timer(Now now, Timer timer) {
    switch (timer) {
        case Timer::handshake:
            conclude(now, handshaking_.check(now));
            return true;
        case Timer::loss_detection:
            traffic_.on_loss_timer(now.time);
            return true;
        case Timer::narrow_path_probe:
            traffic_.on_narrow_probe_timer();
            return true;
        case Timer::keep_alive_timeout:
        case Timer::doubt:
            if (std::optional<Error> lost = traffic_.liveness().lost(now.time))
                close(now, CloseReason::timeout, std::move(*lost));
            return true;
        case Timer::keep_alive:
        case Timer::silence_probe:
            traffic_.on_keep_alive_timer(now.time);
            return true;
        case Timer::close_repetition:
            closing_.on_repetition();
            return true;
        case Timer::linger:
            end_lingering();
            return true;
        case Timer::resumption:
            abandon();
            events_.add(event::Abandoned{});
            return true;
        case Timer::acknowledgement:
        case Timer::window_frame:
        case Timer::path_challenge:
        case Timer::clock_request:
        case Timer::mtu_probe:
        case Timer::pacer:
            return false;
    }
    return false;
}

/// Late packets are no longer answered. A session that may be resumed is kept for its streams.
void Session::end_lingering() {
    if (!resumable()) return;
    traffic_.drop_keys();
    // If the session is still established at the peer, the peer must learn that it has to be resumed.
    for (const SessionId id : ids().all_local()) host_.remove_id(id);
    closing_.stop();
    closing_.linger(time_never);
}

}  // namespace stt
