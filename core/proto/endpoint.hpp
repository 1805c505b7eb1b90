// SPDX-License-Identifier: LGPL-2.1-or-later
/// The protocol engine of a node: all its sessions behind its transports, as a state machine without I/O.
/// Datagrams, application data and the time are its inputs. Datagrams, events and the next timeout are its
/// outputs. It is not thread-safe: one thread owns an endpoint and everything in it.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "core/base/chunk.hpp"
#include "core/base/trace.hpp"
#include "core/crypto/hello_guard.hpp"
#include "core/proto/network_report.hpp"
#include "core/proto/session_host.hpp"
#include "core/proto/session_schedule.hpp"
#include "core/proto/transmit.hpp"
#include "core/proto/transport_properties.hpp"
#include "core/wire/message.hpp"

namespace stt {

struct SessionPlace;

struct EndpointConfig {
    const Identity* identity = nullptr;  ///< outlives the endpoint
    bool listening = false;
    /// Returns whether a datagram from the address was sent by this endpoint itself. If it is not set, no
    /// datagram counts as its own.
    std::function<bool(const Address&)> is_own;
    /// The properties of the transports by which datagrams travel.
    TransportTable transports;
    size_t max_sessions = 100;  ///< limit of a listener, including half-open sessions
    SessionConfig session;      ///< for sessions that callers open with this node
    /// HELLOs per second above which cookies are demanded.
    double hello_rate = 200;
    /// Receives what the engine decides (core/base/trace.hpp). If it is not set, nothing is traced.
    TraceOutput::Sink trace = nullptr;
};

/// The host calls, whenever something has happened or a timeout is due:
///
/// 1. handle_datagram(), handle_network_report() and handle_timeout(), as there is something to handle;
/// 2. next_event() until there is none;
/// 3. poll_transmit() until there is nothing to send, or as often as its turn allows;
/// 4. next_event() again, because sending may cause events;
/// 5. next_timeout(), and then it waits.
///
/// The times that it passes never decrease. It may call sessions between any two of these calls.
class Endpoint final : private SessionHost {
  public:
    /// `random` outlives the endpoint.
    Endpoint(EndpointConfig config, Random& random);
    ~Endpoint();

    /// Replaces the seeds. The first is used for calls, and all are accepted. Established sessions are not
    /// affected.
    void set_seeds(std::vector<SecretBytes> seeds);

    /// Starts a session with `peer`. Its HELLO is returned by poll_transmit(). `resumes` is a session to
    /// resume, which is established or resumable; 0 means none.
    SessionHandle connect(Now now, const Address& peer, SessionConfig config, SessionHandle resumes = 0);
    /// Returns null once the session has been forgotten, which happens in handle_timeout() after its `closed`
    /// event was taken. Until then the pointer is valid.
    Session* find(SessionHandle handle) override;
    size_t session_count() const { return sessions_.size(); }
    /// Sets whether the sink of the configuration receives anything. It does at first.
    void set_tracing(bool on) { trace_output_.set_on(on); }
    NodeId node_id() const override { return config_.identity->node_id(); }

    /// Handles a received datagram, which is opened in place. `owner` keeps its memory alive, and chunks
    /// given to the application share it. If it is null, data that must be kept is copied.
    ///
    /// Returns true if the datagram was a genuine packet of a session and not a copy of an old one. Its
    /// sender is then a peer.
    bool handle_datagram(Now now, const Address& from, MutableBytes datagram,
                         const std::shared_ptr<const void>& owner);
    void handle_network_report(Now now, const NetworkReport& report);

    using Transmit = stt::Transmit;
    /// Writes the next datagrams for one peer into `out`, at most `segments_max` > 0 of them. `out` has at
    /// least datagram_max bytes, and 64 KiB for full batches. Each transport is asked for separately: the
    /// peer is reached by `transport`, which is not blocked. Returns null if there is nothing to send now by
    /// `transport`. As long as it was not called until it returned null, next_timeout() is in the past or
    /// wrong.
    std::optional<Transmit> poll_transmit(Now now, MutableBytes out, size_t segments_max,
                                          TransportKind transport = TransportKind::udp);
    /// Sets whether `transport` is blocked, which means that it takes no datagrams for now. What is due there
    /// waits until it is no longer blocked, and causes no timeout meanwhile.
    void set_blocked(TransportKind transport, bool blocked);

    /// Returns when handle_timeout() must be called at the latest. Time{} or any past time means now.
    Time next_timeout(Time now);
    void handle_timeout(Now now);

    /// Returns and removes the oldest event.
    std::optional<Event> next_event();

    const EndpointStats& stats() const { return stats_; }

  private:
    using Sessions = std::map<SessionHandle, std::unique_ptr<Session>>;
    struct Outgoing {
        Address to;
        std::vector<uint8_t> datagram;
    };
    /// What waits for one transport, beside the packets of sessions.
    struct Outlet {
        std::deque<Outgoing> answers;  // that belong to no session
        bool answers_turn = false;
        SessionHandle last_served = 0;  // poll_transmit() serves the sessions in turn
    };

    // Implementation of SessionHost.
    Session* find_resumable(const SessionName& name) override;
    void wake(SessionHandle handle) override { schedule_.wake(handle); }
    std::optional<Error> no_room(Now now) override;
    SessionId add_id(SessionHandle handle) override;
    void remove_id(SessionId id) override { ids_.erase(id); }
    void on_moved(SessionHandle handle, const Address& before, const Address& now) override;

    /// Returns the session and wakes it, because something happens to it.
    Session* woken(SessionHandle handle);
    Session* by_id(SessionId id);
    Session* by_attempt(const AttemptId& id);
    SessionId fresh_id();
    SessionPlace place_at(const Address& peer);
    void adopt(std::unique_ptr<Session> session, const AttemptId& attempt);
    void handle_handshake(Now now, const Address& from, PacketType type, Bytes datagram);
    void handle_hello(Now now, const Address& from, uint16_t version, Bytes datagram);
    /// Counts a HELLO that is not answered.
    void drop_hello(const Address& from, const char* why);
    void handle_call_to_caller(Now now, const Address& from, const HelloHeader& hello);
    void accept(Now now, const Address& from, ResponderHandshake hello);
    void handle_stray(Now now, const Address& from, Bytes datagram);
    void malformed(Now now, const Address& from, NoAnswer what);
    void handle_no_answer(Now now, const Address& from, NoAnswer what);
    Outlet& outlet(TransportKind transport) { return outlets_[static_cast<size_t>(transport)]; }
    std::optional<Transmit> transmit_session(Now now, MutableBytes out, size_t segments_max,
                                             TransportKind transport);
    void answer(const Address& to, std::vector<uint8_t> datagram);
    void reject(Now now, const Address& to, const HelloHeader& hello, const ResponderHandshake* opened,
                Error error);
    void note(const Address& peer, Error error);
    std::vector<Session*> at(const Address& peer);
    void leave(SessionHandle handle, const Address& peer);
    bool has_news() const;
    void forget_closed(Now now);
    void bound_resumable();

    const EndpointConfig config_;
    TraceOutput trace_output_;
    const Trace trace_{trace_output_, 0};  // what is about no session
    TransportTable transports_;
    Random& random_;
    std::vector<SecretBytes> seeds_;
    Sessions sessions_;
    std::unordered_map<SessionId, SessionHandle> ids_;
    std::map<AttemptId, SessionHandle> attempts_;
    std::unordered_multimap<Address, SessionHandle> peers_;  // by the address of the peer
    SessionSchedule schedule_;
    SessionHandle next_handle_ = 1;
    std::deque<Event> events_;
    std::array<Outlet, transport_kinds> outlets_;
    CookieJar cookies_;
    NonceCache nonces_;
    RateLimit hello_limit_, reject_limit_, stray_limit_;
    EndpointStats stats_;
};

}  // namespace stt
