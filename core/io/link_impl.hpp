// SPDX-License-Identifier: LGPL-2.1-or-later
/// Inside of Link; included by its sources only.
#pragma once

#include "core/io/caller.hpp"
#include "core/io/current_session.hpp"
#include "core/io/followed_clock.hpp"
#include "core/io/link.hpp"
#include "core/io/node.hpp"
#include "core/io/receiving_end.hpp"
#include "core/io/reporter.hpp"
#include "core/io/retry_question.hpp"
#include "core/io/sending_end.hpp"
#include "core/io/stats_board.hpp"

namespace stt {

/// Holds the parts of a link together, and decides what the events of its sessions mean. The observer may
/// close the link from inside any report: code that does more after one than to report again asks the
/// reporter first whether it has.
class Link::Impl final : public NodeClient,
                         public std::enable_shared_from_this<Impl>,
                         private Reporter::Subject {
  public:
    /// `node` was not started yet.
    Impl(LinkConfig config, std::shared_ptr<Node> node, LinkObserver& observer);

    // Any thread. As in Link, if nothing else is said.

    /// Starts the I/O thread. Exactly one of `seeds` and `passphrase` is not empty.
    void start(std::vector<SecretBytes> seeds, SecretBytes passphrase);
    void close();
    uint16_t local_port() const { return node_->local_port(); }
    SendQueue& outbox() { return outbox_; }
    ReceiveQueue& inbox() { return inbox_; }
    void begin_stream(std::vector<uint8_t> header);
    bool send_upstream(OutMessage message);
    LinkStats stats();
    std::shared_ptr<PeerClock> peer_clock() const { return clock_.get(); }
    void fail(Error error);
    void hurry(std::optional<SteadyTime> until);
    void set_seeds(std::vector<SecretBytes> seeds);

  private:
    // All that follows: I/O thread.

    // NodeClient

    void on_event(Now now, Event event) override;
    void on_turn(Now now) override;
    Time deadline() const override;
    bool traces_engine() const override { return reporter_.traces_engine(); }
    void on_engine_trace(SessionHandle session, const std::string& text) override {
        reporter_.engine_trace(session, text);
    }

    // Reporter::Subject

    Reporter::Facts facts() override;
    void on_state_changed() override { post_stats(false); }

    // Its beginning and its end.

    void begin(std::vector<SecretBytes> seeds, SecretBytes passphrase);
    /// `seed`: none if the passphrase could not be stretched.
    void on_stretched(std::optional<SecretBytes> seed);
    void use_seeds(std::vector<SecretBytes> seeds);
    /// The first ones are there: a caller may call.
    void begin_with(std::vector<SecretBytes> seeds);
    /// A caller learns from now on which hosts other links reach.
    void watch_hosts();
    void shut_down();
    enum class Telling : uint8_t {
        report,
        silent,  ///< the error comes from the element, which has reported it
    };
    /// The link fails for good by `error`, once: ends what there is.
    void end(Error error, Telling telling = Telling::report);
    /// The same after reconnect-timeout without a session. `error`: of the last attempt.
    void end_overdue(Error error);
    void post_stats(bool last);
    std::unique_ptr<StreamEnd> make_stream_end();

    // What follows an error that leaves the link without its session or its stream.

    /// The caller's attempt has failed at every address.
    void on_attempt_failed(Now now, Error error);
    /// Asks the observer. By default there is another attempt if `retried`.
    void decide(Now now, Error error, bool retried);
    void on_decided(uint64_t number, RetryDecision decision);
    /// The answer does not matter any more. The error that was asked about is reported all the same.
    void withdraw_question();
    /// Ends the established session, if there is one, by `error`.
    void drop_session(Now now, const Error& error);

    // What becomes of sessions.

    void on_note(Now now, SessionHandle handle, event::ErrorNoted noted);
    void on_state(Now now, SessionHandle handle, const event::StateChanged& change);
    void trace(SessionHandle handle, const event::StateChanged& change);
    /// What a session that has just been established is to the link.
    enum class Arrival : uint8_t {
        too_late,     ///< the link has ended
        resumption,   ///< it has resumed the session there was
        first,        ///< there is no other
        rival,        ///< the listener already serves another caller
        relief,       ///< the same, but without a stream under way
        unneeded,     ///< the caller has heard from the present session since the attempt began
        replacement,  ///< the peer is authenticated, and does not know the present session any more
    };
    Arrival classify(const Session& fresh) const;
    void on_established(Now now, SessionHandle handle);
    void receive_arrival(Now now, Session& fresh, Arrival arrival);
    /// Other links that wait to call the host of `fresh` need not wait any longer.
    void announce_host(const Session& fresh);
    void begin_session(Now now, const Session& fresh);
    void resume_session(Now now, const Session& fresh);
    /// Ends the present session, of which the peer of `fresh` knows nothing. False: the link was closed.
    bool replace_session(Now now, const Session& fresh);
    /// Ends the present session, which is idle, for another caller.
    void yield_session(Now now);
    void on_closed(Now now, SessionHandle handle, const Error& error);
    void on_other_closed(SessionHandle handle, const Error& error);
    /// The session's path was lost: another session may resume it.
    void on_lost(Now now, const Error& error);
    /// It was lost, and none will.
    void on_abandoned();
    /// It is over. `success`: it counts as one (Caller::on_session_over).
    void on_over(Now now, SessionHandle handle, Error error, bool success);
    /// There is no session any more, and no other continues its stream, whose end `why` explains.
    void end_session(const Error& why);

    // What becomes of the stream.

    /// Does what a step of the stream has led to.
    void conclude(Now now, const StreamEnd::Outcome& outcome);
    void on_stream_closed(Now now, const Error& error);
    void on_stream_failed(Now now, const Error& error);
    void begin_next_stream(std::vector<uint8_t> header);

    // Constant.

    const LinkConfig config_;  // without its secrets
    const std::shared_ptr<Node> node_;

    // Any thread.

    SendQueue outbox_;
    ReceiveQueue inbox_;
    StatsBoard stats_board_;
    FollowedClock clock_;  // of a receiver

    // I/O thread.

    CurrentSession session_;
    Reporter reporter_;
    Caller caller_;
    RetryQuestion question_;
    const std::unique_ptr<StreamEnd> stream_;  // its takes_upstream(): any thread
    std::shared_ptr<const void> stretching_;   // while a passphrase's seed is wanted
    std::shared_ptr<const void> hosts_watch_;  // of a caller, from its first attempt to its end
    SessionHandle arriving_ = 0;               // established, but not in session_ yet; 0: none
    SessionHandle dropped_ = 0;                // session that was ended last by an error that is reported
    bool shutting_down_ = false;
};

}  // namespace stt
