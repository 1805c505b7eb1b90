// SPDX-License-Identifier: LGPL-2.1-or-later
// Handles HELLOs at a listener, the cheapest checks first: version, cookie, one symmetric opening, time and
// nonce. Memory and X25519 are used only afterwards.
#include <algorithm>

#include "core/base/text.hpp"
#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"

namespace stt {

namespace {

Error hello_error(ErrorCode code, HandshakeSubCode step, Reason reason, std::string text) {
    return make_error(code, reason, ErrorOrigin::peer, std::move(text)).at(step);
}

Error busy_error(size_t max_sessions) {
    return make_error(ErrorCode::too_many_sessions, Reason::busy, ErrorOrigin::local,
                      tr("the listener has reached its max-sessions of %zu", max_sessions));
}

}  // namespace

void Endpoint::drop_hello(const Address& from, const char* why) {
    stats_.hellos_dropped++;
    trace_([&] { return "HELLO from " + from.to_string() + " dropped: " + why; });
}

void Endpoint::handle_hello(Now now, const Address& from, uint16_t version, Bytes datagram) {
    const auto header = datagram.size() >= datagram_min ? read_hello_header(datagram) : std::nullopt;
    if (!header || header->caller_session == 0) {
        drop_hello(from, "malformed");
        return;
    }
    if (!config_.listening) {
        handle_call_to_caller(now, from, *header);
        return;
    }
    if (version != wire_version) {
        reject(now, from, *header, nullptr,
               hello_error(ErrorCode::protocol_version_mismatch, HandshakeSubCode::none, Reason::version,
                           tr("a caller uses protocol version %u, but this end uses version %u",
                              unsigned{version}, unsigned{wire_version})));
        return;
    }
    if (datagram.size() != datagram_min) {
        drop_hello(from, "malformed");
        return;
    }
    if (Session* session = by_attempt(header->attempt);
        session && session->handle_hello_again(from, datagram))
        return;
    const bool cookie_valid = cookies_.valid(now.time, from, header->attempt, header->cookie);
    // A cookie proves that the address is genuine, and that the HELLO is fresh.
    const bool crowded = !hello_limit_.allow(now.time) && !config_.transports.of(from).validated;
    const bool loaded = crowded || nonces_.full();
    if (loaded && !cookie_valid) {
        trace_([&] { return "HELLO from " + from.to_string() + ": a cookie is demanded"; });
        answer(from, encode(CookiePacket{.attempt = header->attempt,
                                         .receiver_session = header->caller_session,
                                         .cookie = cookies_.make(now.time, from, header->attempt),
                                         .time = now.wall}));
        return;
    }
    auto opened = ResponderHandshake::open_hello(*config_.identity, seeds_, datagram, random_);
    if (!opened) {
        reject(now, from, *header, nullptr,
               hello_error(ErrorCode::authentication_failed, HandshakeSubCode::challenge_decrypt_failed,
                           Reason::wrong_seed,
                           tr("a caller's HELLO cannot be opened: the caller has another seed")));
        return;
    }
    switch (nonces_.check(now, opened->payload(), cookie_valid)) {
        case NonceCache::Verdict::reused:
            reject(
                now, from, *header, &*opened,
                hello_error(ErrorCode::handshake_failure, HandshakeSubCode::nonce_reuse, Reason::nonce_reuse,
                            tr("a HELLO has a nonce that was used before; it may be a replay")));
            return;
        case NonceCache::Verdict::expired:
            reject(now, from, *header, &*opened,
                   hello_error(ErrorCode::handshake_failure, HandshakeSubCode::timestamp_expired,
                               Reason::timestamp_expired,
                               tr("the time of a HELLO differs too much from this node's: it is a replay, or "
                                  "a clock is wrong")));
            return;
        case NonceCache::Verdict::fresh:
            break;
    }
    // Sessions that linger after their close do not keep other callers out.
    const auto live = std::count_if(sessions_.begin(), sessions_.end(), [](const auto& entry) {
        return entry.second->state() != SessionState::closed;
    });
    // One more than the limit is permitted, because it may be a peer that resumes an existing session.
    if (static_cast<size_t>(live) > config_.max_sessions) {
        reject(now, from, *header, &*opened, busy_error(config_.max_sessions));
        return;
    }
    nonces_.record(now.time, opened->payload().nonce);
    accept(now, from, std::move(*opened));
}

/// This node accepts no calls, which a caller should learn at once.
void Endpoint::handle_call_to_caller(Now now, const Address& from, const HelloHeader& hello) {
    if (by_attempt(hello.attempt)) {
        const bool own = config_.is_own && config_.is_own(from);
        handle_no_answer(now, from, own ? NoAnswer::own : NoAnswer::echo);
        return;
    }
    handle_no_answer(now, from, NoAnswer::hello);
    reject(now, from, hello, nullptr,
           hello_error(ErrorCode::connection_refused, HandshakeSubCode::none, Reason::both_call,
                       tr("%s calls as well: one of the two ends has to listen", from.to_string().c_str())));
}

std::optional<Error> Endpoint::no_room(Now now) {
    size_t standing = 0;
    Session* stalest = nullptr;
    for (auto& [handle, session] : sessions_) {
        if (session->state() != SessionState::established) continue;
        standing++;
        if (!stalest || session->last_received() < stalest->last_received()) stalest = session.get();
    }
    if (standing < config_.max_sessions) return std::nullopt;
    stalest->doubt(now.time, doubt_patience);
    return busy_error(config_.max_sessions);
}

void Endpoint::accept(Now now, const Address& from, ResponderHandshake hello) {
    const AttemptId attempt = hello.header().attempt;
    // A session that answered an earlier HELLO of the attempt yields to the one that answers this HELLO.
    if (Session* earlier = by_attempt(attempt)) earlier->close(now, CloseReason::graceful, {});
    bound_resumable();
    std::unique_ptr<Session> session(new Session(now, place_at(from), std::move(hello), config_.session));
    adopt(std::move(session), attempt);
}

/// Reports the refusal to the caller, as often as the limit permits, and to the application.
void Endpoint::reject(Now now, const Address& to, const HelloHeader& hello, const ResponderHandshake* opened,
                      Error error) {
    if (!reject_limit_.allow(now.time)) {
        drop_hello(to, "more REJECTs than the limit allows");
        return;
    }
    RejectPacket packet{.attempt = hello.attempt,
                        .receiver_session = hello.caller_session,
                        .code = static_cast<uint16_t>(error.code),
                        .sub_code = error.sub_code,
                        .time = now.wall};
    if (opened) packet.mac = opened->reject_mac(packet);
    answer(to, encode(packet));
    note(to, std::move(error));
}

}  // namespace stt
