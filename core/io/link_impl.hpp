// SPDX-License-Identifier: LGPL-2.1-or-later
/// Inside of Link; included by its sources only.
#pragma once

#include "core/io/caller.hpp"
#include "core/io/current_session.hpp"
#include "core/io/followed_clock.hpp"
#include "core/io/link.hpp"
#include "core/io/node.hpp"
#include "core/io/reporter.hpp"
#include "core/io/retry_question.hpp"
#include "core/io/stats_board.hpp"
#include "core/io/stream_feeder.hpp"
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
        return std::min(
            {caller_.deadline(), stream_expected_by, reporter_.deadline(), stream_idle_at(), outbox_at});
    }
    /// When the stream has been idle for too long.
    Time stream_idle_at() const {
        return stream && !finished && config.stream_timeout > Duration::zero()
                   ? stream_moved_at + config.stream_timeout
                   : time_never;
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
    /// The stream has ended, without a word to the observer.
    std::optional<StreamId> leave_stream();
    /// … but was not.
    void on_abandoned();
    /// The session that carried the stream is over. `success`: it had lasted for a while.
    void on_lost(Now now, SessionHandle handle, const Error& error, bool success);
    /// The sender's stream goes no further: what has not been delivered is told of.
    void tell_undelivered();
    /// Nobody goes on with the stream there is; `why` tells the observer.
    void end_stream(const Error& why);
    void on_stream_opened(const event::StreamOpened& opened);
    void on_stream_closed(const Error& error);
    void on_stream_idle();
    void open_stream();
    /// The peer does what no retry can mend.
    void stream_failed(const Error& error);

    // link_next.cpp: one stream after another.

    /// Sender: the next stream, after one that was delivered.
    void begin_stream(std::vector<uint8_t> header);
    /// Sender: takes what still comes against the direction of stream `id`, which is over. The session keeps
    /// it until then.
    void take_rest(Now now, StreamId id);
    /// Receiver: the end of the stream was passed on, and another one may come.
    bool between_streams() const { return config.keep_listening && stream && finished; }
    /// Receiver: no stream is under way, and none is expected within a time.
    bool idle() const {
        return config.keep_listening && (stream ? finished : stream_expected_by == time_never);
    }
    /// Sender: opens its stream. Receiver: expects one within the handshake time-out. A receiver that calls
    /// does so only for the first stream: after that the listener may have nothing to send yet.
    void open_or_expect_stream(Now now);
    /// Receiver: leaves the session that stands for a caller who has a stream.
    void make_way(Now now);
    /// Receiver: why the stream that the peer has opened in the session is not taken beside, or after, the
    /// one there is; none: it is.
    std::optional<Error> refuse_another() const;
    /// Caller, receiver: the session is over, as is its stream. Calls for the next one.
    void call_for_next(Now now, const Error& error);

    // link_data.cpp: what moves between the session and the queues.

    void move_data(Now now);
    /// Lets the outbox give up what its policy does not wait for.
    void tend_outbox(Now now);
    void move_outbox(Session& from);
    void move_inbox(Now now, Session& from);
    /// Tells the session how far a receiver's data has gone.
    void account_inbox(Now now, Session& from);
    void move_upstream(Now now, Session& from);
    /// Hands over the messages that are complete, up to offset `handed`. False: the link was closed.
    bool hand_upstream(uint64_t& handed);

    // Constant once the I/O thread runs.

    const LinkConfig config;  // without its secrets
    const std::shared_ptr<Node> node;

    // Any thread.

    SendQueue outbox;
    ReceiveQueue inbox;
    std::atomic<bool> upstream_open{false};  // receiver: there is a stream to send messages up
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
    std::vector<uint8_t> stream_header;      // sender: of the stream that is opened next
    bool stream_begins = true;               // sender: that one is opened for the first time
    std::optional<StreamId> stream;
    NodeId stream_peer{};          // who had the last one
    SessionHandle ended_here = 0;  // whose stream this end has ended, and reported it
    Time outbox_at = time_never;   // something in the outbox turns too old
    bool readable = false;         // read() has something
    // The stream came, or went, to its end, and the receiver has passed that on. A sender's next one has not
    // begun then.
    bool finished = false;
    bool complete = false;   // receiver: everything has arrived, the end included
    uint64_t streams = 0;    // so far
    Time stream_moved_at{};  // the last time that a byte of it came, or was acknowledged
    Time stream_expected_by = time_never;
    StreamFeeder feeder{outbox};
    MessageReader upstream;  // sender: messages against the direction
    uint64_t upstream_taken = 0;
};

}  // namespace stt
