// SPDX-License-Identifier: LGPL-2.1-or-later
/// One session, from its first HELLO to its last packet.
#pragma once

#include <array>
#include <deque>
#include <memory>

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

/// Where a session belongs.
struct SessionPlace {
    SessionHost& host;  ///< outlives the session
    SessionHandle handle;
    SessionId local_id;
    Address peer;
    Random& random;  ///< outlives the session
};

class Session {
  public:
    // What an application may call, between Endpoint's calls and on the same thread.

    SessionHandle handle() const { return handle_; }
    SessionState state() const { return state_; }
    const SessionInfo& info() const { return info_; }
    SessionStats stats() const { return traffic_.stats(); }

    /// Opens a stream; only in state established. `header` ≤ stream_header_max. `id`: or the next free one.
    /// Errors: too_many_streams, stream_id_conflict.
    Result<StreamId> open_stream(std::vector<uint8_t> header, uint8_t priority, std::optional<StreamId> id);
    /// Appends a message to a stream either side opened. Never refuses for want of window: the caller bounds
    /// what it queues by StreamProgress. False: no such stream, or it is finished.
    bool write(StreamId stream, OutMessage message) {
        return traffic_.streams().write(stream, std::move(message));
    }
    /// No more messages; the stream ends when all is delivered.
    bool finish(StreamId stream) { return traffic_.streams().finish(stream); }
    /// Ends a stream abruptly in both directions.
    void reset(StreamId stream, const Error& error) { traffic_.streams().reset(stream, error); }

    /// Takes everything that has arrived in order. The window opens only with consumed().
    ReceiveStream::Read read(StreamId stream) { return traffic_.streams().read(stream); }
    /// The application holds all bytes up to `taken` in memory it accounts for itself (the parts of one
    /// incomplete message) and has passed on all up to `delivered` ≤ `taken`; `finished`: the end, too.
    void consumed(Time now, StreamId stream, uint64_t taken, uint64_t delivered, bool finished) {
        traffic_.streams().consumed(now, stream, taken, delivered, finished, round_trip());
    }

    /// Bytes written that the peer has not acknowledged.
    uint64_t unacknowledged(StreamId stream) const { return traffic_.streams().unacknowledged(stream); }
    /// Bytes written that have not left for the first time.
    uint64_t unsent(StreamId stream) const { return traffic_.streams().unsent(stream); }
    uint64_t congestion_window() const { return traffic_.path().recovery().window(); }

    /// The peer's clock, or ours, has jumped: it is asked for its time at once. Only with measure_clock.
    void hasten_clock(Time now);
    /// Whether what is measured is so noisy that it is worth to ask twice as often.
    void ask_clock_often(bool often) { traffic_.clock().set_often(often); }
    /// Bytes written that are kept to be sent, or sent again: less than unacknowledged() by what was skipped.
    uint64_t held(StreamId stream) const { return traffic_.streams().held(stream); }

    // Giving up what was written: ranges of whole messages.

    /// The highest offset up to which skip() may go: of what has left, and of what the windows allow.
    uint64_t skip_limit(StreamId stream) const { return traffic_.streams().skip_limit(stream); }
    /// How many more ranges may be skipped before the peer has answered others.
    size_t skips_left(StreamId stream) const { return traffic_.streams().skips_left(stream); }
    /// Sends no more of `range`: it begins and ends between messages, and above what was skipped before.
    /// StreamSkipped says what the peer had of it.
    void skip(StreamId stream, const StreamSkip& range) { traffic_.streams().skip(stream, range); }
    /// Smoothed, of the path that carries data.
    Duration round_trip() const { return traffic_.path().recovery().rtt().smoothed(); }

    /// Bytes, sent and unsent, of a live stream that are as well in here as with the application
    /// (Path::live_window).
    uint64_t live_window() const { return traffic_.path().live_window(); }
    /// A probe timeout has passed since anything was heard, and 100 ms at least: the path may be broken.
    bool silent(Time now) const { return state_ != SessionState::closed && traffic_.silent(now); }

    /// Ends the session at once; the peer is told by SESSION_CLOSE. What has not been delivered is not.
    /// `error`: what the closed event reports; code none for a graceful end of our own.
    void close(Now now, CloseReason reason, Error error);

    /// The session whose streams this one goes on with; 0: none. From state established on.
    SessionHandle resumed() const { return resumption_.taken_over(); }
    /// Closed, but only because the path was lost: its streams are kept for another session.
    bool resumable() const { return resumption_.waiting(); }
    /// Nothing will go on with its streams: they may go.
    void abandon();
    /// Somebody else claims this session's place: it must be heard from within `patience`, else it is lost.
    void doubt(Time now, Duration patience);

    /// The ids by which either end names the session in its packets.
    const SessionIds& ids() const { return traffic_.ids(); }
    /// When the last genuine packet came.
    Time last_received() const { return traffic_.liveness().last_received(); }
    /// What another session needs to take over from this one by that name; null when it cannot.
    const ResumeTicket* ticket(const SessionName& name) const;
    /// When the host must call it at the latest, and why.
    Deadlines deadlines(Time now);
    Time next_timeout(Time now) { return deadlines(now).next().at; }
    /// How often each timer has fired, by Timer, for traces.
    const std::array<unsigned, timer_count>& timers_fired() const { return timers_fired_; }
    ~Session();

  private:
    friend class Endpoint;
    // The endpoint's side: it alone makes sessions, and calls these.

    /// A call. `identity` outlives the session. `resumes`: the session to go on with, 0: none.
    Session(Now now, const SessionPlace& place, const Identity& identity, Bytes seed, SessionConfig config,
            SessionHandle resumes);
    /// An answer to `hello`, which opened.
    Session(Now now, const SessionPlace& place, ResponderHandshake hello, SessionConfig config);

    const AttemptId& attempt() const { return handshaking_.attempt(); }
    Time resumable_until() const { return resumption_.waits_until(); }

    void handle_challenge(Now now, const Address& from, Bytes datagram);
    void handle_cookie(Now now, const Address& from, const CookiePacket& packet);
    void handle_reject(Now now, const Address& from, const RejectPacket& packet);
    /// Another HELLO of the attempt this session answers. False: it is a new one, made because the caller was
    /// sent a cookie or the time after this session had begun, or forged: it must be opened first.
    bool handle_hello_again(const Address& from, Bytes datagram);
    void handle_auth_proof(Now now, const Address& from, Bytes datagram);
    /// Whether it was genuine, and new.
    bool handle_packet(Now now, const Address& from, MutableBytes packet,
                       const std::shared_ptr<const void>& owner);
    void handle_network_report(Now now, NetworkReport report, size_t size, const ReportSource& source);
    /// Came from where the session may call; nothing to one that does not.
    void handle_no_answer(Now now, const Address& from, NoAnswer what);
    void handle_session_unknown(Now now);

    std::optional<Transmit> transmit(Now now, MutableBytes out, size_t segments_max);
    /// `due`: deadlines(now.time), one of which has passed.
    void handle_timeout(Now now, Deadlines due);
    /// Moves what happened to the end of `events`.
    void take_events(std::deque<Event>& events);
    /// Closed, reported, and past the time in which late packets are still answered.
    bool forgettable(Time now) const;

    // The session's own.

    Session(Now now, const SessionPlace& place, bool caller, SessionConfig config);

    /// Where the peer is.
    const Address& peer() const { return traffic_.path().peer(); }
    void set_state(SessionState state, Error error = {});
    void note(Error error);
    void queue_news();

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
    const SessionConfig config_;
    SessionState state_ = SessionState::init;
    SessionInfo info_;
    SessionEvents events_;

    Traffic traffic_;
    Closing closing_;
    Resumption resumption_;
    Handshaking handshaking_;

    ReportLimit report_limit_;
    std::array<unsigned, timer_count> timers_fired_{};
};

}  // namespace stt
