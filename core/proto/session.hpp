// SPDX-License-Identifier: LGPL-2.1-or-later
/// One session, from its first HELLO to its last packet.
#pragma once

#include <deque>
#include <memory>

#include "core/base/trace.hpp"
#include "core/proto/closing.hpp"
#include "core/proto/handshaking.hpp"
#include "core/proto/network_report.hpp"
#include "core/proto/resumption.hpp"
#include "core/proto/session_events.hpp"
#include "core/proto/session_host.hpp"
#include "core/proto/session_timers.hpp"
#include "core/proto/traffic.hpp"
#include "core/proto/transmit.hpp"

namespace stt {

/// The context in which a session is created.
struct SessionPlace {
    SessionHost& host;  ///< outlives the session
    SessionHandle handle;
    SessionId local_id;
    Address peer;
    const TransportTable& transports;  ///< outlives the session
    Random& random;                    ///< outlives the session
    const TraceOutput& trace;          ///< outlives the session
};

class Session {
  public:
    // The application may call these between any two calls to the endpoint, on the same thread and until the
    // session is forgotten. Those that change something wake the session, so that the endpoint's next calls
    // take the change into account.

    SessionHandle handle() const { return handle_; }
    SessionState state() const { return state_; }
    const SessionInfo& info() const { return info_; }
    SessionStats stats() const { return traffic_.stats(); }

    /// Opens a stream. Only in state established. `header` has at most stream_header_max bytes. `id` is the
    /// wanted stream id; none means the next free one. Errors: too_many_streams, stream_id_conflict.
    Result<StreamId> open_stream(std::vector<uint8_t> header, uint8_t priority, std::optional<StreamId> id);
    /// Appends a message to a stream that either side opened. It never fails for lack of window; the caller
    /// limits what it queues by StreamProgress. Returns false if there is no such stream, or if it is
    /// finished.
    bool write(StreamId stream, OutMessage message) {
        wake();
        return traffic_.streams().write(stream, std::move(message));
    }
    /// No more messages follow, and the stream ends when all are delivered. Returns false if there is no such
    /// stream.
    bool finish(StreamId stream) {
        wake();
        return traffic_.streams().finish(stream);
    }
    /// Ends a stream abruptly in both directions.
    void reset(StreamId stream, const Error& error) {
        wake();
        traffic_.streams().reset(stream, error);
    }

    /// Returns everything that has arrived in order and was not read yet. The window opens only with
    /// consumed().
    ReceiveStream::Read read(StreamId stream) { return traffic_.streams().read(stream); }
    /// Reports what was taken and delivered. The application holds all bytes up to `taken` in memory that it
    /// accounts for itself, such as the parts of one incomplete message. It has delivered all bytes up to
    /// `delivered` ≤ `taken`. `finished` means that it has also delivered the end.
    void consumed(Time now, StreamId stream, uint64_t taken, uint64_t delivered, bool finished) {
        wake();
        traffic_.streams().consumed(now, stream, taken, delivered, finished, round_trip());
    }

    /// Returns the number of written bytes that the peer has not acknowledged.
    uint64_t unacknowledged(StreamId stream) const { return traffic_.streams().unacknowledged(stream); }
    /// Returns the number of bytes written so far, which is the offset of the next message.
    uint64_t written(StreamId stream) const { return traffic_.streams().written(stream); }
    /// Returns the number of written bytes that have not been sent yet.
    uint64_t unsent(StreamId stream) const { return traffic_.streams().unsent(stream); }
    uint64_t congestion_window() const { return traffic_.path().recovery().window(); }

    /// The clock of the peer or of this node has jumped, and the peer is asked for its time at once. Only
    /// with measure_clock.
    void hasten_clock(Time now);
    /// Sets whether the measurements are so noisy that asking twice as often is worthwhile.
    void ask_clock_often(bool often) {
        wake();
        traffic_.clock().set_often(often);
    }
    /// Returns the number of written bytes that are kept in order to be sent or sent again. Skipped bytes are
    /// not among them, in contrast to unacknowledged().
    uint64_t held(StreamId stream) const { return traffic_.streams().held(stream); }

    // Skipping ranges of whole messages that were written.

    /// Returns the highest offset up to which skip() may reach, in bytes. It covers what was sent and what
    /// the windows permit.
    uint64_t skip_limit(StreamId stream) const { return traffic_.streams().skip_limit(stream); }
    /// Returns how many more ranges may be skipped before the peer has answered others.
    size_t skips_left(StreamId stream) const { return traffic_.streams().skips_left(stream); }
    /// Sends no more of `range`. It must begin and end between messages and lie above all earlier skips.
    /// StreamSkipped reports how much of it the peer had.
    void skip(StreamId stream, const StreamSkip& range) {
        wake();
        traffic_.streams().skip(stream, range);
    }
    /// Returns the smoothed RTT of the path that carries data.
    Duration round_trip() const { return traffic_.path().recovery().rtt().smoothed(); }

    /// Returns how many bytes of a live stream, sent and unsent, this session should hold rather than the
    /// application (Path::live_window).
    uint64_t live_window() const { return traffic_.path().live_window(); }
    /// Returns whether there is a silence: a probe timeout is unanswered and nothing has been received for at
    /// least 100 ms.
    bool silent(Time now) const { return state_ != SessionState::closed && traffic_.silent(now); }

    /// Ends the session at once and reports the end to the peer by SESSION_CLOSE. What has not been delivered
    /// is discarded. `error` is reported by the closed event; its code is none for a graceful end by this
    /// side.
    void close(Now now, CloseReason reason, Error error);

    /// Returns the session whose streams this one has resumed, or 0. From state established on.
    SessionHandle resumed() const { return resumption_.taken_over(); }
    /// Returns whether the session was closed only because its path was lost, so that its streams are kept
    /// for another session.
    bool resumable() const { return resumption_.waiting(); }
    /// Ends the resumption: no session will resume the streams, which are released.
    void abandon();
    /// Starts a liveness check, because another node claims this session. The session is lost unless its peer
    /// is heard from within `patience`.
    void doubt(Time now, Duration patience);

    /// Returns the ids by which the two ends name the session in packets.
    const SessionIds& ids() const { return traffic_.ids(); }
    /// Returns when the last genuine packet arrived.
    Time last_received() const { return traffic_.liveness().last_received(); }
    /// Returns what another session needs to take over from this one by that name, or null if it cannot.
    const ResumeTicket* ticket(const SessionName& name) const;
    /// Returns when the host must call handle_timeout() at the latest, and why.
    Deadlines deadlines(Time now) const;
    Time next_timeout(Time now) const { return deadlines(now).next().at; }
    ~Session();

  private:
    friend class Endpoint;
    // Only the endpoint creates sessions and calls these functions.

    /// Creates a caller's session. `identity` outlives the session. `resumes` is the session to resume; 0
    /// means none.
    Session(Now now, const SessionPlace& place, const Identity& identity, Bytes seed, SessionConfig config,
            SessionHandle resumes);
    /// Creates a responder's session, which answers `hello`. `hello` has been opened.
    Session(Now now, const SessionPlace& place, ResponderHandshake hello, SessionConfig config);

    const AttemptId& attempt() const { return handshaking_.attempt(); }
    Time resumable_until() const { return resumption_.waits_until(); }

    void handle_challenge(Now now, const Address& from, Bytes datagram);
    void handle_cookie(Now now, const Address& from, const CookiePacket& packet);
    void handle_reject(Now now, const Address& from, const RejectPacket& packet);
    /// Handles another HELLO of the attempt that this session answers. Returns false if it is not the same
    /// HELLO. The caller then made a new one because it received a cookie or the time after this session had
    /// begun, or it is forged. It must be opened first.
    bool handle_hello_again(const Address& from, Bytes datagram);
    void handle_auth_proof(Now now, const Address& from, Bytes datagram);
    /// Returns whether the packet was genuine and new.
    bool handle_packet(Now now, const Address& from, MutableBytes packet,
                       const std::shared_ptr<const void>& owner);
    void handle_network_report(Now now, const NetworkReport& report);
    /// Handles a datagram that does not answer a call. It has no effect unless the session is calling and
    /// `from` is the address that it calls.
    void handle_no_answer(Now now, const Address& from, NoAnswer what);
    void handle_session_unknown(Now now);

    /// Has the parameters and the result of Endpoint::poll_transmit().
    std::optional<Transmit> transmit(Now now, MutableBytes out, size_t segments_max, TransportKind transport);
    /// `due` must be deadlines(now.time), one of which has passed.
    void handle_timeout(Now now, Deadlines due);
    /// Appends the session's events to `events` and removes them from the session.
    void take_events(std::deque<Event>& events);
    /// Returns whether the session is closed, the end was reported, and late packets are no longer answered.
    bool forgettable(Time now) const;

    // Internal functions.

    void wake() { host_.wake(handle_); }

    Session(Now now, const SessionPlace& place, bool caller, SessionConfig config);

    /// Returns whether a last packet must leave after the session was closed.
    bool last_packet_due() const;
    /// Returns the address of the peer.
    const Address& peer() const { return traffic_.path().peer(); }
    void set_state(SessionState state, Error error = {});
    void note(Error error);
    void queue_news();
    void trace_handshake(const char* packet, const Address& from) const;

    void conclude(Now now, Handshaking::Verdict verdict);
    bool handle_frames(Now now, Traffic::Incoming& incoming, const std::shared_ptr<const void>& owner);
    void handle_when_closed(Now now, Bytes payload);
    bool on_timer(Now now, Timer timer);

    void end(Now now, Error error);
    void fail_protocol(Now now, Error error);
    void check_path(Now now);
    void end_lingering();

    /// Takes over the streams of `earlier`, which was recognised by `name` and ends.
    void take_over(Session& earlier, const SessionName& name);
    void make_way();
    void offer_id();
    void note_id(SessionId id);

    SessionHost& host_;
    const SessionHandle handle_;
    const Trace trace_;
    const SessionConfig config_;
    SessionState state_ = SessionState::init;
    SessionInfo info_;
    SessionEvents events_;

    Traffic traffic_;
    Closing closing_;
    Resumption resumption_;
    Handshaking handshaking_;

    ReportLimit report_limit_;
};

}  // namespace stt
