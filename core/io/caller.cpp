// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/caller.hpp"

#include <utility>

#include "core/io/loop.hpp"

namespace stt {
namespace {

// How long looking up a name may take while a lost session waits.
constexpr Duration resumption_lookup_max = 1s;

// The shortest time between the beginnings of two attempts if a session of another link hastens the second. A
// link thus calls a host whose sessions come and go at most ten times per second.
constexpr Duration hastened_interval = 100ms;

// Whether another address of the same host may do better.
bool is_about_the_address(ErrorCode code) {
    return code == ErrorCode::connection_refused || code == ErrorCode::connection_timeout ||
           code == ErrorCode::network_unreachable || code == ErrorCode::udp_send_failed;
}

RetryConfig retry_config(const LinkConfig& config) {
    return {config.retry_initial_delay, config.retry_max_delay, config.reconnect_timeout, config.max_retries};
}

}  // namespace

Caller::Caller(const Parts& parts, std::function<void(Now, Error)> failed, std::function<void()> wake)
    : parts_(parts),
      failed_(std::move(failed)),
      wake_(std::move(wake)),
      retry_(retry_config(parts.config), system_random()) {}

// Attempts.

void Caller::set_seed(Bytes seed) {
    if (parts_.config.caller) peer_key_ = peer_key(parts_.config.host, parts_.config.port, seed);
}

void Caller::start(Now now) {
    retry_.start(now.time);
    last_error_ = {};
    begin_attempt(now);
}

void Caller::stop(Now now) {
    resolver_.cancel();
    retry_at_ = time_never;
    proposed_ = false;
    if (Session* const attempt = attempt_ ? parts_.endpoint.find(attempt_) : nullptr)
        attempt->close(now, CloseReason::graceful, {});
}

void Caller::begin_attempt(Now now) {
    // A handshake that began in parallel with the session may outlast it. It is then the attempt that is due.
    if (calling()) return;
    retry_.begin_attempt();
    attempt_began_ = now.time;
    if (!parts_.session.exists()) parts_.session.call({});
    parts_.reporter.renew();
    if (parts_.reporter.ended()) return;
    // For a session that waits for its path, every other call goes where the peer was: name servers may only
    // be reached over the same path.
    if (parts_.session.exists() && retry_.attempt() % 2 == 1) {
        call(now, {parts_.session.info().peer});
        return;
    }
    const Duration usual =
        parts_.session.exists() ? resumption_lookup_max : parts_.config.session.handshake_timeout;
    const Duration limit = std::min(usual, retry_.remaining(now.time));
    resolver_.resolve(parts_.config.host, parts_.config.port, limit,
                      [this](Result<std::vector<Address>> found) {
                          on_resolved(clock_now(), std::move(found));
                          // This is not a turn, and what was begun here needs one.
                          wake_();
                      });
}

void Caller::on_resolved(Now now, Result<std::vector<Address>> found) {
    if (found) {
        parts_.reporter.trace(parts_.config.host + " has " + std::to_string(found->size()) + " addresses");
        call(now, std::move(*found));
    } else if (parts_.session.exists()) {
        // Where names cannot be looked up, the peer may still be where it was.
        call(now, {parts_.session.info().peer});
    } else {
        fail(now, found.error());
    }
}

void Caller::call(Now now, std::vector<Address> addresses) {
    called_ = addresses;
    addresses_ = std::move(addresses);
    next_address_ = 0;
    call_next_address(now);
}

void Caller::call_next_address(Now now) {
    const bool resumes = parts_.session.exists();
    SessionConfig config = parts_.config.session;
    config.handshake_timeout = std::min(config.handshake_timeout, retry_.remaining(now.time));
    config.peer_proven = peer_proven();
    if (resumes) config.urgent_until = parts_.session.lost_at() + silence_fast_for;
    attempt_began_ = now.time;
    parts_.reporter.trace("attempt " + std::to_string(retry_.attempt()) + " calls " +
                          addresses_[next_address_].to_string() + (resumes ? " to resume the session" : ""));
    if (parts_.reporter.ended()) return;
    attempt_ =
        parts_.endpoint.connect(now, addresses_[next_address_++], std::move(config), parts_.session.handle());
    if (!resumes) parts_.session.call(parts_.endpoint.find(attempt_)->info());
}

void Caller::call_in_parallel(Now now) {
    const Session* const session = parts_.session.established() ? parts_.session.get() : nullptr;
    if (!parts_.config.caller || !parts_.config.auto_reconnect || !session || attempt_ != 0 ||
        now.time < next_parallel_)
        return;
    next_parallel_ = now.time + parts_.config.retry_initial_delay;
    parts_.reporter.trace(
        "a handshake begins in parallel with the session, which the peer may no longer know");
    if (parts_.reporter.ended()) return;
    addresses_.clear();
    next_address_ = 0;
    attempt_began_ = now.time;
    attempt_ = parts_.endpoint.connect(now, session->info().peer, parts_.config.session, session->handle());
}

bool Caller::calls(const Address& address) const {
    return !parts_.session.established() && parts_.session.info().peer == address;
}

void Caller::on_attempt_established() {
    attempt_ = 0;
    last_error_ = {};
    // The link decides whether the session makes a proposed attempt unnecessary.
    if (!proposed_) retry_at_ = time_never;
}

void Caller::on_attempt_closed(Now now, const Error& error) {
    attempt_ = 0;
    if (parts_.reporter.ended()) return;
    // In parallel with an established session a failure says little: the peer may not have been reached, and
    // the session's own timeout decides. But an answer may explain why nothing is heard any more.
    if (!parts_.session.established())
        fail(now, error);
    else if (error.origin == ErrorOrigin::peer && error.authenticated)
        parts_.reporter.report(error);
    else if (error.origin == ErrorOrigin::peer)
        parts_.reporter.report_unauthenticated(error);
}

/// The attempt has failed at the present address.
void Caller::fail(Now now, Error error) {
    if (is_about_the_address(error.code) && next_address_ < addresses_.size() &&
        retry_.remaining(now.time) > Duration::zero()) {
        parts_.reporter.report(error, Duration::zero());
        if (!parts_.reporter.ended()) call_next_address(now);
        return;
    }
    addresses_.clear();
    next_address_ = 0;
    failed_(now, std::move(error));
}

bool Caller::peer_proven() const { return parts_.session.count() > 0 || is_proven_peer(peer_key_); }

// Sessions.

void Caller::on_session(Time now) {
    success_at_ = now + parts_.config.retry_initial_delay;
    if (parts_.config.caller) add_proven_peer(peer_key_);
}

void Caller::on_resumption(Time now) {
    success_at_ = now + parts_.config.retry_initial_delay;
    retry_.start(now);
}

bool Caller::on_session_over() { return std::exchange(success_at_, time_never) == time_never; }

void Caller::count_session(Time now, bool success) {
    if (!parts_.config.caller) return;
    success ? retry_.start(now) : retry_.failed(now);
}

bool Caller::check_success(Time now) {
    if (now < success_at_) return false;
    success_at_ = time_never;
    retry_.succeeded(now);
    return true;
}

// Retrying.

bool Caller::note_failure(Time now, const Error& error) {
    if (!waits_for_path(error)) retry_.failed(now);
    return parts_.config.auto_reconnect && may_retry(error, peer_proven());
}

/// Whether a lost session still waits for its path after `error`: nothing was heard, or only what any host on
/// the way can forge.
bool Caller::waits_for_path(const Error& error) const {
    if (!parts_.session.lost()) return false;
    switch (error.code) {
        case ErrorCode::connection_timeout:
        case ErrorCode::connection_refused:
        case ErrorCode::network_unreachable:
        case ErrorCode::udp_send_failed:
            return !error.authenticated;
        default:
            return is_path_lost(error);
    }
}

/// How long a lost session waits after `error` before the next call.
Duration Caller::call_again_after(Time now, const Error& error) const {
    if (error.code == ErrorCode::connection_timeout || is_path_lost(error)) return Duration::zero();
    // An answer that comes at once must not cause a storm of calls.
    return now - parts_.session.lost_at() < silence_fast_for ? silence_probe_fast : silence_probe_slow;
}

std::optional<Caller::Plan> Caller::plan(Time now, const Error& error, bool wanted) {
    if (!parts_.config.caller) return Plan{wanted, Duration::zero()};
    if (parts_.session.established()) count_session(now, success_at_ == time_never);
    if (retry_.remaining(now) == Duration::zero()) return std::nullopt;
    // Silence does not end a resumption: the next HELLO may be the one that gets through.
    if (wanted && waits_for_path(error))
        return Plan{true, std::min(call_again_after(now, error), retry_.remaining(now))};
    const bool retried = wanted && retry_.retries_left();
    return Plan{retried, retry_.next_delay(now)};
}

Error Caller::overdue_error(Time now, Error error) const {
    const bool timed_out = error.reason == Reason::handshake_timeout ||
                           (error.reason == Reason::resolve && error.code == ErrorCode::timeout);
    const bool cut_short = timed_out && now - attempt_began_ < parts_.config.session.handshake_timeout;
    return cut_short && last_error_.code != ErrorCode::none ? last_error_ : error;
}

void Caller::retry_at(Time at, const Error& error) {
    retry_at_ = at;
    proposed_ = false;
    last_error_ = error;
}

void Caller::propose_retry(Time at, const Error& error) {
    retry_at(at, error);
    proposed_ = true;
}

Time Caller::confirm_retry(const Error& error) {
    retry_at(retry_at_, error);
    return retry_at_;
}

void Caller::withdraw_retry() {
    if (std::exchange(proposed_, false)) retry_at_ = time_never;
}

void Caller::hurry(Time now, Time until) {
    retry_.hurry(until);
    if (retry_at_ != time_never && until > now) retry_at_ = std::min(retry_at_, now + (until - now) / 2);
}

void Caller::call_later(Time now, const Error& error) {
    retry_.start(now);
    retry_at(now + retry_.next_delay(now), error);
}

void Caller::on_host_reached(Time now, const Address& peer) {
    // What the host itself has answered, for example that it is busy, does not change because it can be
    // reached.
    if (retry_at_ == time_never || !is_about_the_address(last_error_.code)) return;
    const bool called = std::any_of(called_.begin(), called_.end(), [&](const Address& address) {
        return address.ip == peer.ip && address.scope_id == peer.scope_id;
    });
    const Time at = std::max(now, attempt_began_ + hastened_interval);
    if (!called || retry_at_ <= at) return;
    retry_at_ = at;
    retry_.hasten();
    parts_.reporter.renew();  // the circuit may have closed
    parts_.reporter.trace(
        "the host can be reached, as another session shows: the next attempt does not wait");
}

std::optional<Error> Caller::retry_if_due(Now now) {
    if (proposed_ || now.time < retry_at_) return std::nullopt;
    retry_at_ = time_never;
    if (retry_.remaining(now.time) == Duration::zero()) return last_error_;
    begin_attempt(now);
    return std::nullopt;
}

}  // namespace stt
