// SPDX-License-Identifier: LGPL-2.1-or-later
// Routes datagrams to sessions, and the output of sessions to datagrams. endpoint_accept.cpp handles HELLOs.
#include "core/proto/endpoint.hpp"

#include <algorithm>
#include <cassert>

#include "core/proto/session.hpp"

namespace stt {

namespace {

/// Answers per second to packets of unknown sessions: enough for peers, too few for a reflection attack.
constexpr double strays_per_second = 100, strays_burst = 50;
/// The largest number of answers that wait to be sent by one transport.
constexpr size_t answers_max = 64;
/// REJECTs per second: a user who typed the wrong seed gets one, a flood does not.
constexpr double rejects_per_second = 50, rejects_burst = 20;

}  // namespace

Endpoint::Endpoint(EndpointConfig config, Random& random)
    : config_(std::move(config)),
      trace_output_(config_.trace),
      transports_(config_.transports),
      random_(random),
      schedule_(transports_.kinds()),
      cookies_(random),
      hello_limit_(config_.hello_rate, config_.hello_rate),
      reject_limit_(rejects_per_second, rejects_burst),
      stray_limit_(strays_per_second, strays_burst) {}

Endpoint::~Endpoint() = default;

void Endpoint::set_seeds(std::vector<SecretBytes> seeds) { seeds_ = std::move(seeds); }

SessionId Endpoint::fresh_id() {
    SessionId id = 0;
    while (id == 0 || ids_.contains(id)) id = random_.u64();
    return id;
}

void Endpoint::adopt(std::unique_ptr<Session> session, const AttemptId& attempt) {
    attempts_[attempt] = next_handle_;
    peers_.emplace(session->info().peer, next_handle_);
    schedule_.wake(next_handle_);
    sessions_[next_handle_++] = std::move(session);
}

void Endpoint::on_moved(SessionHandle handle, const Address& before, const Address& now) {
    leave(handle, before);
    peers_.emplace(now, handle);
}

void Endpoint::leave(SessionHandle handle, const Address& peer) {
    const auto [begin, end] = peers_.equal_range(peer);
    const auto it = std::find_if(begin, end, [&](const auto& entry) { return entry.second == handle; });
    if (it != end) peers_.erase(it);
}

/// Returns the sessions with a peer at this address.
std::vector<Session*> Endpoint::at(const Address& peer) {
    std::vector<Session*> found;
    const auto [begin, end] = peers_.equal_range(peer);
    for (auto it = begin; it != end; ++it) found.push_back(woken(it->second));
    return found;
}

SessionHandle Endpoint::connect(Now now, const Address& peer, SessionConfig config, SessionHandle resumes) {
    trace_output_.set_time(now.time);
    const SessionHandle handle = next_handle_;
    const Bytes seed = seeds_.empty() ? Bytes{} : seeds_.front().bytes();
    std::unique_ptr<Session> session(
        new Session(now, place_at(peer), *config_.identity, seed, std::move(config), resumes));
    const AttemptId attempt = session->attempt();
    adopt(std::move(session), attempt);
    return handle;
}

SessionPlace Endpoint::place_at(const Address& peer) {
    return {*this, next_handle_, add_id(next_handle_), peer, transports_, random_, trace_output_};
}

SessionId Endpoint::add_id(SessionHandle handle) {
    const SessionId id = fresh_id();
    ids_[id] = handle;
    return id;
}

Session* Endpoint::find_resumable(const SessionName& name) {
    for (auto& [handle, session] : sessions_)
        if (session->ticket(name)) return session.get();
    return nullptr;
}

Session* Endpoint::find(SessionHandle handle) {
    const auto it = sessions_.find(handle);
    return it == sessions_.end() ? nullptr : it->second.get();
}

Session* Endpoint::woken(SessionHandle handle) {
    wake(handle);
    return sessions_.at(handle).get();
}

Session* Endpoint::by_id(SessionId id) {
    const auto it = ids_.find(id);
    return it == ids_.end() ? nullptr : woken(it->second);
}

Session* Endpoint::by_attempt(const AttemptId& id) {
    const auto it = attempts_.find(id);
    return it == attempts_.end() ? nullptr : woken(it->second);
}

bool Endpoint::handle_datagram(Now now, const Address& from, MutableBytes datagram,
                               const std::shared_ptr<const void>& owner) {
    trace_output_.set_time(now.time);
    const auto type = packet_type(datagram);
    if (!type) {
        malformed(now, from, NoAnswer::foreign);
        return false;
    }
    if (*type != PacketType::session_even && *type != PacketType::session_odd) {
        handle_handshake(now, from, *type, datagram);
        return false;
    }
    const auto header = read_session_header(datagram);
    if (!header || datagram.size() < session_overhead) {
        malformed(now, from, NoAnswer::unreadable);
        return false;
    }
    if (Session* session = by_id(header->session)) return session->handle_packet(now, from, datagram, owner);
    handle_stray(now, from, datagram);
    return false;
}

void Endpoint::malformed(Now now, const Address& from, NoAnswer what) {
    stats_.malformed++;
    trace_([&] { return "datagram from " + from.to_string() + " dropped: malformed"; });
    handle_no_answer(now, from, what);
}

/// Handles a packet of an unknown session. Its sender should learn that the session is unknown, unless noise
/// made up the id.
void Endpoint::handle_stray(Now now, const Address& from, Bytes datagram) {
    stats_.unknown_sessions++;
    trace_([&] { return "packet from " + from.to_string() + " dropped: its session is unknown"; });
    if (!checksum_fits(datagram)) {
        handle_no_answer(now, from, NoAnswer::unreadable);
        return;
    }
    if (!stray_limit_.allow(now.time)) return;
    answer(from, encode(SessionUnknownPacket{.session = read_session_header(datagram)->session}));
}

void Endpoint::handle_handshake(Now now, const Address& from, PacketType type, Bytes datagram) {
    const auto version = handshake_version(datagram);
    if (!version) {
        malformed(now, from, NoAnswer::unreadable);
        return;
    }
    if (type == PacketType::hello) {
        handle_hello(now, from, *version, datagram);
        return;
    }
    if (type == PacketType::reject) {
        if (const auto packet = read_reject(datagram))
            if (Session* session = by_attempt(packet->attempt)) session->handle_reject(now, from, *packet);
        return;
    }
    // Apart from REJECT, whose layout is the same in every version, no packet of another version can be
    // understood.
    if (*version != wire_version) return;
    switch (type) {
        case PacketType::challenge:
            if (const auto header = read_handshake_header(datagram))
                if (Session* session = by_attempt(header->attempt))
                    if (session->ids().local() == header->receiver_session)
                        session->handle_challenge(now, from, datagram);
            return;
        case PacketType::auth_proof:
            if (const auto header = read_handshake_header(datagram))
                if (Session* session = by_attempt(header->attempt))
                    if (session->ids().local() == header->receiver_session)
                        session->handle_auth_proof(now, from, datagram);
            return;
        case PacketType::cookie:
            if (const auto packet = read_cookie(datagram))
                if (Session* session = by_attempt(packet->attempt))
                    session->handle_cookie(now, from, *packet);
            return;
        case PacketType::session_unknown:
            // The id is that of the peer, which only a node on the path has seen.
            if (const auto packet = read_session_unknown(datagram))
                for (Session* session : at(from))
                    if (session->ids().remote() == packet->session) session->handle_session_unknown(now);
            return;
        default:
            return;
    }
}

void Endpoint::handle_network_report(Now now, const NetworkReport& report) {
    trace_output_.set_time(now.time);
    for (Session* session : at(report.to)) session->handle_network_report(now, report);
}

void Endpoint::handle_no_answer(Now now, const Address& from, NoAnswer what) {
    for (Session* session : at(from)) session->handle_no_answer(now, from, what);
}

void Endpoint::answer(const Address& to, std::vector<uint8_t> datagram) {
    // A node that gets no answer asks again. Answers that wait occupy memory that unauthenticated nodes could
    // fill.
    std::deque<Outgoing>& answers = outlet(to.transport).answers;
    if (answers.size() < answers_max) answers.push_back({to, std::move(datagram)});
}

void Endpoint::note(const Address& peer, Error error) {
    trace_([&] { return "noted about " + peer.to_string() + ": " + error.text; });
    events_.push_back({0, event::ErrorNoted{std::move(error), peer}});
}

std::optional<Endpoint::Transmit> Endpoint::poll_transmit(Now now, MutableBytes out, size_t segments_max,
                                                          TransportKind transport) {
    assert(segments_max > 0 && out.size() >= datagram_max);
    trace_output_.set_time(now.time);
    // Answers and sessions take turns, so that a flood of HELLOs does not block the established sessions.
    Outlet& waiting = outlet(transport);
    waiting.answers_turn = !waiting.answers_turn;
    if (waiting.answers_turn)
        if (const auto transmit = transmit_session(now, out, segments_max, transport)) return transmit;
    if (!waiting.answers.empty()) {
        const Outgoing next = std::move(waiting.answers.front());
        waiting.answers.pop_front();
        std::copy(next.datagram.begin(), next.datagram.end(), out.begin());
        return Transmit{next.to, next.datagram.size(), next.datagram.size()};
    }
    return waiting.answers_turn ? std::nullopt : transmit_session(now, out, segments_max, transport);
}

std::optional<Endpoint::Transmit> Endpoint::transmit_session(Now now, MutableBytes out, size_t segments_max,
                                                             TransportKind transport) {
    // Sessions take turns, with one batch each.
    schedule_.wake_due(now.time);
    SessionHandle& last = outlet(transport).last_served;
    while (const auto handle = schedule_.next_to_send(last, transport)) {
        if (const auto transmit = sessions_.at(*handle)->transmit(now, out, segments_max, transport)) {
            assert(transmit->to.transport == transport);
            last = *handle;
            return transmit;
        }
        schedule_.on_sent_all(*handle, transport);
    }
    return std::nullopt;
}

void Endpoint::set_blocked(TransportKind transport, bool blocked) {
    transports_.set_blocked(transport, blocked);
    if (blocked)
        schedule_.block(transport);
    else
        schedule_.unblock(transport);
}

Time Endpoint::next_timeout(Time now) {
    for (const SessionHandle handle : schedule_.idle()) {
        Session& session = *sessions_.at(handle);
        session.take_events(events_);
        // A session that waits for nothing is closed, and is forgotten at the next opportunity.
        const Time until = session.next_timeout(now);
        if (until < time_never) schedule_.rest(handle, until);
    }
    Time next = schedule_.next();
    for (auto handle = schedule_.next_awake(0); handle; handle = schedule_.next_awake(*handle))
        next = std::min(next, sessions_.at(*handle)->next_timeout(now));
    return next;
}

void Endpoint::handle_timeout(Now now) {
    trace_output_.set_time(now.time);
    schedule_.wake_due(now.time);
    for (auto handle = schedule_.next_awake(0); handle; handle = schedule_.next_awake(*handle)) {
        Session& session = *sessions_.at(*handle);
        const Deadlines due = session.deadlines(now.time);
        if (due.next().at <= now.time) session.handle_timeout(now, due);
    }
    // A session can be found until its last event was taken, and one that is superseded until its successor's
    // was: the application adds up their statistics.
    if (events_.empty() && !has_news()) forget_closed(now);
}

/// Returns true while a session has events that were not taken.
bool Endpoint::has_news() const {
    for (auto handle = schedule_.next_awake(0); handle; handle = schedule_.next_awake(*handle))
        if (!sessions_.at(*handle)->events_.empty()) return true;
    return false;
}

/// Only awake sessions are examined, because each is awake when its time has come.
void Endpoint::forget_closed(Now now) {
    for (auto handle = schedule_.next_awake(0); handle; handle = schedule_.next_awake(*handle)) {
        const auto it = sessions_.find(*handle);
        const Session& session = *it->second;
        if (!session.forgettable(now.time)) continue;
        for (const SessionId id : session.ids().all_local()) ids_.erase(id);
        const auto attempt = attempts_.find(session.attempt());
        if (attempt != attempts_.end() && attempt->second == *handle) attempts_.erase(attempt);
        leave(*handle, session.info().peer);
        schedule_.forget(*handle);
        sessions_.erase(it);
    }
}

/// Lost sessions occupy memory, and only time ends them. Their number is limited to that of established
/// sessions.
void Endpoint::bound_resumable() {
    size_t lost = 0;
    Session* oldest = nullptr;
    for (const auto& [handle, session] : sessions_) {
        if (!session->resumable()) continue;
        lost++;
        if (!oldest || session->resumable_until() < oldest->resumable_until()) oldest = session.get();
    }
    if (lost <= config_.max_sessions) return;
    oldest->abandon();
    events_.push_back({oldest->handle(), event::Abandoned{}});
}

std::optional<Event> Endpoint::next_event() {
    if (events_.empty())
        for (auto handle = schedule_.next_awake(0); handle; handle = schedule_.next_awake(*handle))
            sessions_.at(*handle)->take_events(events_);
    if (events_.empty()) return std::nullopt;
    std::optional<Event> event(std::move(events_.front()));
    events_.pop_front();
    return event;
}

}  // namespace stt
