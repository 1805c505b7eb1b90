// SPDX-License-Identifier: LGPL-2.1-or-later
/// An element's connection: it finds the peer, keeps a session with it, and moves one stream between the
/// session and the element's queues. All callbacks come on the node's I/O thread without any lock held.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "core/io/peer_clock.hpp"
#include "core/io/queues.hpp"
#include "core/proto/retry_policy.hpp"
#include "core/proto/session_config.hpp"
#include "core/proto/session_event.hpp"

namespace stt {

enum class StreamRole : uint8_t { sender, receiver };

struct LinkConfig {
    bool caller = false;
    std::string host;           ///< caller: name or address to call; listener: unused
    uint16_t port = 0;          ///< caller: the peer's; listener: the one to bind, 0: any
    std::string local_address;  ///< to bind; empty: any
    uint16_t local_port = 0;    ///< caller: to bind; 0: any
    StreamRole role = StreamRole::sender;
    std::vector<uint8_t> stream_header;  ///< sender: travels in the first stream's STREAM_OPEN
    bool keep_listening = false;         ///< receiver: accept one stream after another, from any peer
    uint8_t priority = 0;
    std::optional<uint64_t> stream_id;  ///< to open (none: the next free one), or to accept (none: any)
    SessionConfig session;
    size_t max_sessions = 100;
    uint64_t send_queue_bytes = 8 << 20;
    int socket_send_buffer = 0, socket_receive_buffer = 0;  ///< bytes; 0: the node's default
    bool offload = true;  ///< let the kernel split and join datagrams if it can
    std::shared_ptr<const Identity> identity;
    /// Either seeds, which are moved in, or a passphrase, which is stretched in the background.
    std::vector<SecretBytes> seeds;
    SecretBytes passphrase;
    Duration stream_timeout{};  ///< the stream ends after so long without a byte either way; zero: never
    // Retrying.
    bool auto_reconnect = true;
    Duration reconnect_timeout = 50s;
    Duration retry_initial_delay = 1s, retry_max_delay = 60s;
    int max_retries = -1;  ///< -1: no limit
};

/// States of stt-session.
enum class LinkState : uint8_t { connecting, handshaking, connected, reconnecting, resumed, closed };

struct LinkStatus {
    LinkState state;
    SessionInfo session;
    std::string peer;  ///< address and port as text; empty when unknown
    Circuit circuit;   ///< of a caller's attempts; a listener's is always closed
};

/// An error together with what the link does about it.
struct ErrorReport {
    Error error;  ///< `terminal` set: the link has failed for good; its queues fail right after
    bool retrying = false;
    bool caller = false;     ///< the link calls; a listener waits for the next caller instead
    bool warned_of = false;  ///< worth a warning, although the link continues
    bool hearsay = false;    ///< an unauthenticated report about a session with an authenticated peer
    unsigned attempt = 0;    ///< the attempt that failed, from 1; 0: not about an attempt
    Duration next_delay{};
    uint64_t repeated = 0;  ///< of a summary: how many equal errors were not reported one by one
    std::string peer;
    SessionInfo session;
    std::optional<StreamId> stream;
};

/// What follows an error: what is planned by default (`standard`), another attempt, or the end.
enum class RetryDecision : uint8_t { standard, retry, stop };

class LinkObserver {
  public:
    virtual ~LinkObserver() = default;
    /// The state, the circuit or, of an established session, the peer's address has changed.
    virtual void on_status(const LinkStatus& status) = 0;
    virtual void on_error(const ErrorReport& report) = 0;
    /// What the link does, in words, for finding faults; a few times per session and attempt.
    virtual void on_trace(const std::string& text) { (void)text; }
    /// Returns whether on_engine_trace() is wanted now. Called once per turn of the I/O thread.
    virtual bool traces_engine() const { return false; }
    /// Every decision of the protocol engine, in words (core/base/trace.hpp); many per second. `session` is
    /// the handle of the session that it concerns; 0: none. It must not call the link.
    virtual void on_engine_trace(SessionHandle session, const std::string& text) {
        (void)session;
        (void)text;
    }
    /// Asks before an error is reported after which the link would make another attempt or, if `report` is
    /// terminal, end. It waits until `reply` is called: once, now or later, from any thread. An event in the
    /// meantime, such as the peer's return, may make the answer void.
    virtual void on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) {
        (void)report;
        reply(RetryDecision::standard);
    }
    /// Receiver: the peer has opened its stream. `header`: the sender's LinkConfig::stream_header.
    virtual void on_stream_opened(StreamId stream, const std::vector<uint8_t>& header) = 0;
    /// Sender: a stream to a peer is open. `again`: it does not start where the element's did. What the last
    /// peer had not acknowledged is sent again on it.
    virtual void on_stream_ready(StreamId stream, bool again) = 0;
    /// Sender: data is dropped that a peer has acknowledged and not passed on (`uncertain`), or that no peer
    /// has. The message returned, if any, informs a peer: before on_stream_ready it is the first message for
    /// the next peer, else it takes the place of the gap. At the link's end it is ignored.
    virtual std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool uncertain) = 0;
    /// Sender: the queue has begun to drop what its policy does not wait for, or the path is back after that.
    /// A key unit is needed. Not for a stream without delta units.
    virtual void on_giving_up() {}
    /// Sender, before on_stream_ready with `again`: the stream does not start where the element's did, and
    /// no gap is reported to the peer. The message returned, if any, reports that, and is sent first.
    virtual std::optional<OutMessage> on_late_start() { return std::nullopt; }
    virtual void on_stream_closed(StreamId stream, const Error& error) = 0;
    /// A message came against the stream's direction (from receiver to sender).
    virtual void on_upstream_message(InMessage message) = 0;
};

/// The peer's clock compared with this node's, as of now. Of receivers.
struct ClockStats {
    std::optional<ClockState> state;  ///< none: nothing is known yet, and the rest is zero
    Duration offset{};                ///< peer minus local
    double drift = 0;                 ///< d offset / d local
    Duration base_delay{};            ///< half the shortest round trip of the last minute
    Duration sigma{};                 ///< standard error of the offset
};

struct LinkStats {
    LinkState state = LinkState::connecting;
    Circuit circuit = Circuit::closed;
    SessionStats session;  ///< counters: of all sessions so far; the rest: of the current one, else zeros
    SessionInfo info;
    EndpointStats endpoint;
    uint64_t sessions = 0, reconnects = 0, resumptions = 0, socket_errors = 0;
    uint64_t queued_bytes = 0;
    ClockStats clock;
};

class Link {
  public:
    /// Binds the socket (its failure is the result: terminal, names address and port) and starts everything
    /// else in the background. `observer` outlives the link's close().
    static Result<std::shared_ptr<Link>> open(LinkConfig config, LinkObserver& observer);
    ~Link();

    /// Ends it: sends one SESSION_CLOSE and does not wait for the network. On return the port is free, and no
    /// callback begins any more. May be called from inside a callback, too. Idempotent.
    void close();

    uint16_t local_port() const;
    /// Sender: the stream's messages. Receiver: the messages against the direction.
    SendQueue& outbox();
    /// Receiver: the stream's messages.
    ReceiveQueue& inbox();
    /// Sender, streaming thread: the outbox's stream has ended, and its end was delivered. What is pushed
    /// from now on is another stream. It is opened with `header` in the established session, or else in the
    /// next one, for which a caller calls.
    void begin_stream(std::vector<uint8_t> header);
    /// Receiver, any thread, never blocks: sends a message upstream. False when there is no stream.
    bool send_upstream(OutMessage message);
    LinkStats stats() const;
    /// Receiver, any thread: the clock of the sending node, shared by all links of the process with that
    /// node. Null until a peer is known. A listener may get another one with another peer.
    std::shared_ptr<PeerClock> peer_clock() const;
    /// The element has failed, and has reported that itself: the session ends by `error`, and the link with
    /// it. Any thread, does not block.
    void fail(Error error);
    /// No session is of use after `until`, as the element stops waiting for its peer then: a caller's pauses
    /// between attempts leave time for one before. Without a value there is no such limit. Any thread, does
    /// not block.
    void hurry(std::optional<SteadyTime> until);
    /// Replaces the accepted seeds (rotation); any thread.
    void set_seeds(std::vector<SecretBytes> seeds);

  private:
    class Impl;
    explicit Link(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace stt
