// SPDX-License-Identifier: LGPL-2.1-or-later
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
    info = {};
    set_state(state);
    if (closed) return;
    const Duration limit = std::min(config.session.handshake_timeout, retry.remaining(now.time));
    resolver.resolve(config.host, config.port, limit, [this](Result<std::vector<Address>> found) {
        const Now then = clock_now();
        if (!found) {
            attempt_failed(then, found.error());
        } else {
            addresses = std::move(*found);
            next_address = 0;
            try_next_address(then);
        }
        // This is not a turn: what was started here needs one.
        node->loop().wake();
    });
}

void Link::Impl::try_next_address(Now now) {
    SessionConfig session_config = config.session;
    session_config.handshake_timeout = std::min(session_config.handshake_timeout, retry.remaining(now.time));
    session = node->endpoint().connect(now, addresses[next_address++], std::move(session_config));
    info = current()->info();
}

void Link::Impl::attempt_failed(Now now, Error error) {
    session = 0;
    if (is_about_the_address(error.code) && next_address < addresses.size() &&
        retry.remaining(now.time) > Duration::zero()) {
        report(error, Duration::zero());
        if (!closed) try_next_address(now);
        return;
    }
    addresses.clear();
    next_address = 0;
    retry.failed(now.time);
    const bool retried = config.auto_reconnect && may_retry(error, sessions > 0);
    decide(now, std::move(error), retried);
}

void Link::Impl::call_beside(Now now, SessionHandle doubted) {
    if (!config.caller || !config.auto_reconnect || !established || doubted != session || beside != 0 ||
        now.time < next_beside)
        return;
    next_beside = now.time + config.retry_initial_delay;
    beside = node->endpoint().connect(now, current()->info().peer, config.session);
}

}  // namespace stt
