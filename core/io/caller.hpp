// SPDX-License-Identifier: LGPL-2.1-or-later
/// A caller's way from a host name to an established session, as often as its settings permit.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "core/io/current_session.hpp"
#include "core/io/link.hpp"
#include "core/io/proven_peers.hpp"
#include "core/io/reporter.hpp"
#include "core/io/resolver.hpp"
#include "core/proto/retry_policy.hpp"

namespace stt {

/// All of it belongs to the I/O thread. It makes attempts and knows when the next one is due; the link
/// decides whether there is to be one. A listener's Caller never calls.
class Caller {
  public:
    /// All outlive the object.
    struct Parts {
        const LinkConfig& config;
        Endpoint& endpoint;
        CurrentSession& session;
        Reporter& reporter;
    };
    /// `failed` is called when an attempt has failed at every address. It decides what follows, with the help
    /// of note_failure(). `wake` is called when something was begun outside a turn.
    Caller(const Parts& parts, std::function<void(Now, Error)> failed, std::function<void()> wake);

    // Attempts.

    /// `seed` is the one that calls are made with.
    void set_seed(Bytes seed);
    /// Begins the first attempt of a series.
    void start(Now now);
    /// Ends the attempt under way. No other follows by itself.
    void stop(Now now);
    /// An unauthenticated report says that the peer does not know the session, as a restarted one would. Only
    /// a handshake can tell: one is begun in parallel with the established session.
    void call_in_parallel(Now now);
    bool calling() const { return attempt_ != 0; }
    bool is_attempt(SessionHandle handle) const { return attempt_ != 0 && attempt_ == handle; }
    /// When the last one began.
    Time attempt_began() const { return attempt_began_; }
    /// Whether no session is established, and `address` is being called, or was called last.
    bool calls(const Address& address) const;
    /// The attempt has led to a session.
    void on_attempt_established();
    /// It has not.
    void on_attempt_closed(Now now, const Error& error);

    // Sessions. One counts as a success when it has lasted for retry-initial-delay.

    /// A session is established.
    void on_session(Time now);
    /// The same, and it has resumed another.
    void on_resumption(Time now);
    /// The session is over. Returns whether it was a success.
    bool on_session_over();
    /// A caller's session is over, or its stream. Without `success` it counts as one more failed attempt,
    /// else the time without a session starts anew.
    void count_session(Time now, bool success);
    /// Whether the session has just become a success. The circuit may have closed by that.
    bool check_success(Time now);

    // Retrying.

    /// The time without a session starts anew.
    void restart(Time now) { retry_.start(now); }
    /// Counts the attempt that `error` has ended as failed, unless a lost session still waits for its path.
    /// Returns whether another may follow.
    bool note_failure(Time now, const Error& error);
    struct Plan {
        bool retried;    ///< there is another attempt
        Duration delay;  ///< before it
    };
    /// What follows `error` by default. `wanted`: another attempt would make sense. None: reconnect-timeout
    /// has passed. Of a listener, which waits for the next caller, there is always a plan, without delay.
    std::optional<Plan> plan(Time now, const Error& error, bool wanted);
    /// The error that a link ends with when reconnect-timeout has passed with `error`. An attempt that it cut
    /// short says less than the one before, if there was one.
    Error overdue_error(Time now, Error error) const;
    /// The next attempt is due at `at`. `error` ended the last one, or the session.
    void retry_at(Time at, const Error& error);
    /// The same, but the attempt is not made before confirm_retry(). Until then it can be brought forward
    /// like any other.
    void propose_retry(Time at, const Error& error);
    /// The proposed attempt is to be made. `error` as before. Returns when it is due; time_never if there is
    /// none, as the caller was stopped.
    Time confirm_retry(const Error& error);
    /// The proposed attempt, if there is one, is not to be made.
    void withdraw_retry();
    /// No session is of use after `until`: attempts are made before it, the one that is due later included.
    /// time_never removes the limit.
    void hurry(Time now, Time until);
    /// The session has done its work, and has ended with `error`: the next attempt is due after a delay.
    void call_later(Time now, const Error& error);
    /// A session of this process with `peer` is established. If the last attempt got no answer from the same
    /// host, the next one is due now, and the delays after it begin anew.
    void on_host_reached(Time now, const Address& peer);
    /// Begins the attempt that is due, if one is. If reconnect-timeout has passed, it returns the error of
    /// retry_at() instead.
    std::optional<Error> retry_if_due(Now now);
    Circuit circuit() const { return retry_.circuit(); }
    /// The number of the attempt, from 1; 0: not of a caller.
    unsigned attempt_number() const { return parts_.config.caller ? retry_.attempt() : 0; }
    /// When retry_if_due() or check_success() must be called at the latest.
    Time deadline() const { return std::min(proposed_ ? time_never : retry_at_, success_at_); }

  private:
    void begin_attempt(Now now);
    void on_resolved(Now now, Result<std::vector<Address>> found);
    void call(Now now, std::vector<Address> addresses);
    void call_next_address(Now now);
    void fail(Now now, Error error);
    bool peer_proven() const;
    bool waits_for_path(const Error& error) const;
    Duration call_again_after(Time now, const Error& error) const;

    const Parts parts_;
    const std::function<void(Now, Error)> failed_;
    const std::function<void()> wake_;
    Resolver resolver_;
    std::vector<Address> addresses_;  // of the attempt under way
    size_t next_address_ = 0;
    std::vector<Address> called_;  // of the last attempt that had any
    SessionHandle attempt_ = 0;    // the handshake under way, in parallel with a session or not; 0: none
    Time attempt_began_{};         // of the last one
    Time next_parallel_{};         // when another may begin in parallel with a session
    PeerKey peer_key_{};           // of the peer, for proven_peers.hpp
    RetryPolicy retry_;
    Time retry_at_ = time_never;
    bool proposed_ = false;         // the attempt at retry_at_ is not made before it is confirmed
    Error last_error_;              // of retry_at()
    Time success_at_ = time_never;  // when the session will count as a success; never: it does, or is over
};

}  // namespace stt
