// SPDX-License-Identifier: LGPL-2.1-or-later
/// A node's protocol engine: all its sessions behind one socket, as a state machine without I/O. Datagrams,
/// application data and the time go in; datagrams, events and the next timeout come out. Not thread-safe: one
/// thread owns an endpoint and everything in it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "core/base/chunk.hpp"
#include "core/crypto/hello_guard.hpp"
#include "core/proto/network_report.hpp"
#include "core/proto/session_host.hpp"
#include "core/proto/session_schedule.hpp"
#include "core/proto/transmit.hpp"
#include "core/wire/message.hpp"

namespace stt {

struct SessionPlace;

struct EndpointConfig {
    const Identity* identity = nullptr;  ///< outlives the endpoint
    bool listening = false;
    /// Whether what comes from an address was sent by this endpoint's own socket. None: nothing ever was.
    std::function<bool(const Address&)> is_own;
    size_t max_sessions = 100;  ///< of a listener, half-open ones included
    SessionConfig session;      ///< for sessions that callers open with us
    /// HELLOs per second beyond which cookies are demanded.
    double hello_rate = 200;
};

class Endpoint final : private SessionHost {
  public:
    /// `random` outlives the endpoint.
    Endpoint(EndpointConfig config, Random& random);
    ~Endpoint();

    /// Replaces the seeds: the first is used for calls, all are accepted. Sessions that stand are not
    /// touched.
    void set_seeds(std::vector<SecretBytes> seeds);

    /// Starts a session with `peer`. Its HELLO comes out of poll_transmit.
    /// `resumes`: a session to go on with, that stands or is resumable; 0: none.
    SessionHandle connect(Now now, const Address& peer, SessionConfig config, SessionHandle resumes = 0);
    /// Null once the session was forgotten (after its `closed` event was taken). What the application does to
    /// a session it does before it calls the endpoint again.
    Session* find(SessionHandle handle) override;
    size_t session_count() const { return sessions_.size(); }
    NodeId node_id() const override { return config_.identity->node_id(); }

    /// A datagram arrived; it is opened in place. `owner` keeps its memory alive: chunks handed to the
    /// application share it. Null: what must be kept is copied.
    /// True: it was a genuine packet of a session, so whoever sent it is a peer, and no copy of an old one.
    bool handle_datagram(Now now, const Address& from, MutableBytes datagram,
                         const std::shared_ptr<const void>& owner);
    /// `size`: of the datagram concerned, for too_big.
    void handle_network_report(Now now, const Address& to, NetworkReport report, size_t size,
                               const ReportSource& source = {});

    using Transmit = stt::Transmit;
    /// Writes the next datagrams for one peer into `out`; at least datagram_max bytes long, 64 KiB for full
    /// batches. At most `segments_max` datagrams. Null: nothing to send now. Call until null.
    std::optional<Transmit> poll_transmit(Now now, MutableBytes out, size_t segments_max);

    /// When handle_timeout must be called at the latest. Time{} or any past time: now.
    Time next_timeout(Time now);
    void handle_timeout(Now now);

    /// The oldest event not yet taken.
    std::optional<Event> next_event();

    struct Counters {
        uint64_t malformed = 0;         ///< datagrams that are no packets of ours, or too short
        uint64_t unknown_sessions = 0;  ///< packets for sessions that are not there
        uint64_t hellos_dropped = 0;  ///< HELLOs that got no answer: too short, or over the limit for answers
    };
    const Counters& counters() const { return counters_; }

  private:
    using Sessions = std::map<SessionHandle, std::unique_ptr<Session>>;
    struct Outgoing {
        Address to;
        std::vector<uint8_t> datagram;
    };

    // SessionHost
    Session* find_resumable(const SessionName& name) override;
    std::optional<Error> no_room(Now now) override;
    SessionId add_id(SessionHandle handle) override;
    void remove_id(SessionId id) override { ids_.erase(id); }
    void on_moved(SessionHandle handle, const Address& before, const Address& now) override;

    Session* by_id(SessionId id);
    Session* by_attempt(const AttemptId& id);
    SessionId fresh_id();
    SessionPlace place_at(const Address& peer);
    void adopt(std::unique_ptr<Session> session, const AttemptId& attempt);
    void handle_handshake(Now now, const Address& from, PacketType type, Bytes datagram);
    void handle_hello(Now now, const Address& from, uint16_t version, Bytes datagram);
    void handle_call_to_caller(Now now, const Address& from, const HelloHeader& hello);
    void accept(Now now, const Address& from, ResponderHandshake hello);
    void handle_stray(Now now, const Address& from, Bytes datagram);
    void malformed(Now now, const Address& from, NoAnswer what);
    void handle_no_answer(Now now, const Address& from, NoAnswer what);
    std::optional<Transmit> transmit_session(Now now, MutableBytes out, size_t segments_max);
    void answer(const Address& to, std::vector<uint8_t> datagram);
    void reject(Now now, const Address& to, const HelloHeader& hello, const ResponderHandshake* opened,
                Error error);
    void note(const Address& peer, Error error);
    std::vector<Session*> at(const Address& peer);
    void leave(SessionHandle handle, const Address& peer);
    void forget_closed(Now now);
    void bound_resumable();

    const EndpointConfig config_;
    Random& random_;
    std::vector<SecretBytes> seeds_;
    Sessions sessions_;
    std::unordered_map<SessionId, SessionHandle> ids_;
    std::map<AttemptId, SessionHandle> attempts_;
    std::unordered_multimap<Address, SessionHandle> peers_;  // by where the peer is
    SessionSchedule schedule_;
    SessionHandle next_handle_ = 1;
    SessionHandle last_served_ = 0;  // poll_transmit goes round
    std::deque<Event> events_;
    std::deque<Outgoing> outgoing_;  // answers without a session
    bool answers_turn_ = false;
    CookieJar cookies_;
    NonceCache nonces_;
    RateLimit hello_limit_, reject_limit_, stray_limit_;
    Counters counters_;
};

}  // namespace stt
