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
#include "core/io/stretcher.hpp"
#include "core/proto/session.hpp"

namespace stt {

/// Functions run on the I/O thread where nothing else is said. An observer's callback may close the link:
/// whoever has called the reporter asks it before doing more than to report.
struct Link::Impl final : NodeClient, Reporter::Subject, std::enable_shared_from_this<Impl> {
    Impl(LinkConfig link_config, std::shared_ptr<Node> link_node, LinkObserver& link_observer);

    // link.cpp: life and death.

    void start(SecretBytes passphrase, std::vector<SecretBytes> seeds);
    /// Null: it could not be done.
    void stretched(std::optional<SecretBytes> seed);
    void use_seeds(std::vector<SecretBytes> seeds);
    void have_seeds(std::vector<SecretBytes> seeds);
    void close_from_any_thread();
    void close();
    void on_turn(Now now) override;
    Time deadline() const override {
        return std::min({caller_.deadline(), stream_->deadline(), reporter_.deadline()});
    }
    bool is_sender() const { return config.role == StreamRole::sender; }

    /// Tells of the error that ends the link, once, and ends what it ends.
    void give_up(Error error) { end(std::move(error), true); }
    /// … as reconnect-timeout has it.
    void give_up_in_time(Error error);
    void end(Error error, bool tell);
    Reporter::Facts facts() override;
    void on_state_changed() override { renew_stats(false); }

    // link_decision.cpp: what follows an error that leaves the link without its stream.

    /// The caller's attempt has failed at every address.
    void on_attempt_failed(Now now, Error error);
    /// Asks the observer; by default there is another attempt when `retried`.
    void decide(Now now, Error error, bool retried);
    void decided(uint64_t number, RetryDecision decision);
    /// The question has lost its point; its error is still to be told.
    void drop_question();
    /// Ends what still stands of the session after `error`.
    void drop_session(const Error& error);

    // link_session.cpp: what becomes of sessions and the stream.

    void on_event(Now now, Event event) override;
    void on_state(Now now, SessionHandle handle, const event::StateChanged& change);
    void trace(SessionHandle handle, const event::StateChanged& change);
    void on_established(Now now, SessionHandle handle);
    void on_resumed(Now now, const Session& fresh);
    void on_closed(Now now, SessionHandle handle, const Error& error);
    /// Why `fresh` does not go on with the stream there was.
    Error begins_anew(const Session& fresh) const;
    /// The session may be gone on with.
    void on_path_lost(Now now, const Error& error);
    /// … but was not.
    void on_abandoned();
    /// The session that carried the stream is over. `success`: it had lasted for a while.
    void on_lost(Now now, SessionHandle handle, const Error& error, bool success);
    /// Nobody goes on with the stream there is; `why` tells the observer.
    void end_stream(const Error& why);
    /// Decides what follows a fault of the stream.
    void heed(Now now, const StreamEnd::Outcome& outcome);
    void on_stream_closed(Now now, const Error& error);
    /// The peer does what no retry can mend.
    void stream_failed(Now now, const Error& error);

    // link_next.cpp: one stream after another.

    /// Sender: the next stream, after one that was delivered.
    void begin_stream(std::vector<uint8_t> header);
    /// Receiver: leaves the session that stands for a caller who has a stream.
    void make_way(Now now);
    /// Caller, receiver: the session is over, as is its stream. Calls for the next one.
    void call_for_next(Now now, const Error& error);

    // Constant once the I/O thread runs.

    const LinkConfig config;  // without its secrets
    const std::shared_ptr<Node> node;

    // Any thread.

    SendQueue outbox;
    ReceiveQueue inbox;
    StatsBoard stats_board_;
    FollowedClock clock_;  // receiver
    LinkStats stats();
    void renew_stats(bool last);  // I/O thread

    // The I/O thread only.

    bool closing = false;  // close() has begun
    CurrentSession session_;
    Reporter reporter_;
    Caller caller_;
    RetryQuestion question_;
    std::shared_ptr<const void> stretching;  // while a passphrase's seed is wanted
    const std::unique_ptr<StreamEnd> stream_;
    std::unique_ptr<StreamEnd> make_stream_end();
};

}  // namespace stt
