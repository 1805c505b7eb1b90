// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "core/io/link_impl.hpp"

namespace stt {
namespace {

// Whether another address of the same host may do better.
bool is_about_the_address(ErrorCode code) {
    return code == ErrorCode::connection_refused || code == ErrorCode::connection_timeout ||
           code == ErrorCode::network_unreachable || code == ErrorCode::udp_send_failed;
}

}  // namespace

void Link::Impl::begin_attempt(Now now) {
    retry.begin_attempt();
    if (!session) info = {};
    set_state(state);
    if (closed) return;
    // What waits for its path calls where the peer was, every other time: names may be looked up over the
    // same path.
    if (session && retry.attempt() % 2 == 1) {
        addresses = {info.peer};
        next_address = 0;
        try_next_address(now);
        return;
    }
    const Duration patience = session ? Duration(1s) : config.session.handshake_timeout;
    const Duration limit = std::min(patience, retry.remaining(now.time));
    resolver.resolve(config.host, config.port, limit, [this](Result<std::vector<Address>> found) {
        const Now then = clock_now();
        if (!found && session) {
            // Where names cannot be looked up, the peer may still be where it was.
            addresses = {info.peer};
            next_address = 0;
            try_next_address(then);
        } else if (!found) {
            attempt_failed(then, found.error());
        } else {
            addresses = std::move(*found);
            next_address = 0;
            observer.on_trace(config.host + " has " + std::to_string(addresses.size()) + " addresses");
            try_next_address(then);
        }
        // This is not a turn: what was started here needs one.
        node->loop().wake();
    });
}

void Link::Impl::try_next_address(Now now) {
    SessionConfig session_config = config.session;
    session_config.handshake_timeout = std::min(session_config.handshake_timeout, retry.remaining(now.time));
    session_config.peer_proven = peer_proven();
    if (session) session_config.urgent_until = away_since + silence_fast_for;
    attempt_at = now.time;
    observer.on_trace("attempt " + std::to_string(retry.attempt()) + " calls " +
                      addresses[next_address].to_string() + (session ? " to resume the session" : ""));
    attempt = node->endpoint().connect(now, addresses[next_address++], std::move(session_config), session);
    if (!session) info = find(attempt)->info();
}

void Link::Impl::attempt_failed(Now now, Error error) {
    if (is_about_the_address(error.code) && next_address < addresses.size() &&
        retry.remaining(now.time) > Duration::zero()) {
        report(error, Duration::zero());
        if (!closed) try_next_address(now);
        return;
    }
    addresses.clear();
    next_address = 0;
    // The peer says that the session is not ours to go on with, or not what it was.
    if (session && error.code == ErrorCode::handshake_failure && error.reason == Reason::wrong_session) {
        if (Session* lost = current()) lost->abandon();
        on_abandoned();
        if (closed) return;
    }
    if (!waits_for_path(error)) retry.failed(now.time);
    const bool retried = config.auto_reconnect && may_retry(error, peer_proven());
    decide(now, std::move(error), retried);
}

void Link::Impl::call_beside(Now now, SessionHandle doubted) {
    if (!config.caller || !config.auto_reconnect || !established || doubted != session || attempt != 0 ||
        now.time < next_beside)
        return;
    next_beside = now.time + config.retry_initial_delay;
    observer.on_trace("a handshake begins in parallel with the session, which the peer may no longer know");
    attempt_at = now.time;
    attempt = node->endpoint().connect(now, current()->info().peer, config.session, session);
}

}  // namespace stt
