// SPDX-License-Identifier: LGPL-2.1-or-later
/// An element's connection: it finds the peer, keeps a session with it, and moves one stream between the
/// session and the element's queues. All callbacks come on the node's I/O thread with no lock held.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "core/io/peer_clock.hpp"
#include "core/io/queues.hpp"
#include "core/proto/retry_policy.hpp"
#include "core/proto/session_config.hpp"

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
    bool keep_listening = false;         ///< receiver: one stream after another is taken, of any peer
    uint8_t priority = 0;
    std::optional<uint64_t> stream_id;  ///< to open, or the only one to take; none: the next free one, any
    SessionConfig session;
    size_t max_sessions = 100;
    uint64_t send_queue_bytes = 8 << 20;
    int socket_send_buffer = 0, socket_receive_buffer = 0;  ///< bytes; 0: the node's default
    bool offload = true;  ///< let the kernel cut and join datagrams where it can; false: the portable path
    std::shared_ptr<const Identity> identity;
    /// Exactly one of: seeds ready to use (moved in), or a passphrase to stretch in the background.
    std::vector<SecretBytes> seeds;
    SecretBytes passphrase;
    Duration stream_timeout{};  ///< without a byte of the stream either way, after which it ends; zero: none
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
    Error error;  ///< `terminal` set: the link has given up; its queues fail right after
    bool retrying = false;
    bool caller = false;     ///< the link calls; a listener waits for the next caller instead
    bool warned_of = false;  ///< worth a warning, although the link just goes on
    bool hearsay = false;    ///< of a peer that had proved itself, but said without proof: it need not last
    unsigned attempt = 0;    ///< the attempt that failed, from 1; 0: not about an attempt
    Duration next_delay{};
    uint64_t repeated = 0;  ///< of a summary: equal errors that were not told since the last message
    std::string peer;
    SessionInfo session;
    std::optional<StreamId> stream;
};

/// What follows an error: what the policy says (`standard`), another attempt, or the end.
enum class RetryDecision : uint8_t { standard, retry, stop };

class LinkObserver {
  public:
    virtual ~LinkObserver() = default;
    /// The state has changed, or the circuit has, or, with a session standing, the peer's address.
    virtual void on_status(const LinkStatus& status) = 0;
    virtual void on_error(const ErrorReport& report) = 0;
    /// What the link does, in words, for who looks for a fault; a few times a session and an attempt.
    virtual void on_trace(const std::string& text) { (void)text; }
    /// Asked before an error is told after which the link would try again or, if `report` is terminal, end.
    /// It waits until `reply` is called: once, now or later, from any thread. What comes about in the
    /// meantime, such as the peer's return, may make the answer void.
    virtual void on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) {
        (void)report;
        reply(RetryDecision::standard);
    }
    /// Receiver: the peer's stream is there. `header` as the sender gave it.
    virtual void on_stream_opened(StreamId stream, const std::vector<uint8_t>& header) = 0;
    /// Sender: a stream to a peer is there. `again`: it does not start where the element's did. What the peer
    /// before had not acknowledged goes out again on it.
    virtual void on_stream_ready(StreamId stream, bool again) = 0;
    /// Sender: what the peer had acknowledged and not passed on is given up (`uncertain`), or what never got
    /// to one. The message returned, if any, tells the peer: before on_stream_ready the next one before
    /// anything else, else the present one in the place of the gap; at the link's end there is nobody to
    /// tell.
    virtual std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool uncertain) = 0;
    /// Sender: the queue has begun to give up what its policy cannot wait for, or the path is back after
    /// that: time for a key unit. Not for a stream without delta units.
    virtual void on_giving_up() {}
    /// Sender, before on_stream_ready with `again`: the stream does not start where the element's did, and
    /// no gap is reported to the peer. The message returned, if any, reports that before all others.
    virtual std::optional<OutMessage> on_late_start() { return std::nullopt; }
    virtual void on_stream_closed(StreamId stream, const Error& error) = 0;
    /// A message came against the stream's direction (from receiver to sender).
    virtual void on_upstream_message(InMessage message) = 0;
};

/// The peer's clock against this node's, as of now. Of receivers.
struct ClockStats {
    std::optional<ClockState> state;  ///< none: not known yet, and the rest is zero
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

    /// Ends it: one SESSION_CLOSE, no waiting for the network, the port is free on return. No callback begins
    /// after it returned; from inside a callback it may be called, too. Idempotent.
    void close();

    uint16_t local_port() const;
    /// Sender: the stream's messages. Receiver: the messages against the direction.
    SendQueue& outbox();
    /// Receiver: the stream's messages.
    ReceiveQueue& inbox();
    /// Sender, streaming thread: the outbox's stream has ended, and its end was delivered. What is pushed
    /// from now on is another stream. It opens with `header` in the session that stands, or else in the next,
    /// which a caller makes.
    void begin_stream(std::vector<uint8_t> header);
    /// Receiver, any thread, never blocks: sends a message upstream. False when there is no stream.
    bool send_upstream(OutMessage message);
    LinkStats stats() const;
    /// Receiver, any thread: the clock of the node that sends, shared by all links of the process with it;
    /// null until a peer is known. A listener's may be another one after another peer has come.
    std::shared_ptr<PeerClock> peer_clock() const;
    /// The element has failed and told so itself: the session ends with `error`, and the link with it. Any
    /// thread, does not block.
    void fail(Error error);
    /// Replaces the accepted seeds (rotation); any thread.
    void set_seeds(std::vector<SecretBytes> seeds);

  private:
    class Impl;
    explicit Link(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace stt
