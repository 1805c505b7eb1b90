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
#include "core/proto/session_event.hpp"
#include "core/wire/message.hpp"

namespace stt {

class Session;
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

/// What the network said about a datagram of ours.
enum class NetworkReport : uint8_t {
    refused,           ///< ICMP port unreachable
    unreachable,       ///< no route, ICMP net unreachable
    host_unreachable,  ///< nobody on the last link has the address, ICMP host unreachable
    looping,           ///< it had passed as many routers as it may, ICMP time exceeded in transit
    prohibited,   ///< a firewall says so, or the host takes no UDP: ICMP administratively prohibited, policy
                  ///< or protocol unreachable
    too_big,      ///< longer than the path's MTU
    send_failed,  ///< the socket would not take it
};

/// What a datagram is that answers no call.
enum class NoAnswer : uint8_t {
    foreign,     ///< of no type of ours
    unreadable,  ///< looks like one of ours, and is none, or was damaged
    hello,       ///< a caller's
    echo,        ///< our own HELLO, from somebody else
    own,         ///< our own HELLO, from our own socket
};

/// Who said it.
struct ReportSource {
    bool local = false;                  ///< this machine, when it should have sent the datagram
    std::optional<Address> router = {};  ///< by ICMP: the sender of that, where it is not the destination
};

class Endpoint {
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
    /// Null once the session was forgotten (after its `closed` event was taken).
    Session* find(SessionHandle handle);
    size_t session_count() const { return sessions_.size(); }
    NodeId node_id() const { return config_.identity->node_id(); }

    /// A datagram arrived; it is opened in place. `owner` keeps its memory alive: chunks handed to the
    /// application share it. Null: what must be kept is copied.
    /// True: it was a genuine packet of a session, so whoever sent it is a peer, and no copy of an old one.
    bool handle_datagram(Now now, const Address& from, MutableBytes datagram,
                         const std::shared_ptr<const void>& owner);
    /// `size`: of the datagram concerned, for too_big.
    void handle_network_report(Now now, const Address& to, NetworkReport report, size_t size,
                               const ReportSource& source = {});

    struct Transmit {
        Address to;
        size_t size;     ///< bytes written to the buffer
        size_t segment;  ///< every datagram in it is this long but the last, which may be shorter
    };
    /// Writes the next datagrams for one peer into `out`; at least datagram_max bytes long, 64 KiB for full
    /// batches. At most `segments_max` datagrams. Null: nothing to send now. Call until null.
    std::optional<Transmit> poll_transmit(Now now, MutableBytes out, size_t segments_max);

    /// When handle_timeout must be called at the latest. Time{} or any past time: now.
    Time next_timeout(Time now) const;
    void handle_timeout(Now now);

    /// The oldest event not yet taken.
    std::optional<Event> next_event();

    // For sessions.

    /// The session whose streams may be taken over by whoever proves to have had `name`, or null.
    Session* find_resumable(const SessionName& name);
    /// Whether another session may stand. If not, the one that has been silent longest must show itself.
    bool has_room(Now now);
    /// Why a caller is turned away when there is none.
    Error busy() const;
    /// Another id of the session, and the end of one.
    SessionId add_id(SessionHandle handle);
    void remove_id(SessionId id) { ids_.erase(id); }

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
    void forget_closed(Now now);
    void bound_resumable();

    const EndpointConfig config_;
    Random& random_;
    std::vector<SecretBytes> seeds_;
    Sessions sessions_;
    std::unordered_map<SessionId, SessionHandle> ids_;
    std::map<AttemptId, SessionHandle> attempts_;
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
