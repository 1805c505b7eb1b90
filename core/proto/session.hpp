// SPDX-License-Identifier: LGPL-2.1-or-later
/// One session, from its first HELLO to its last packet.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "core/crypto/protection.hpp"
#include "core/proto/ack_tracker.hpp"
#include "core/proto/batch_check.hpp"
#include "core/proto/black_hole.hpp"
#include "core/proto/caller_attempt.hpp"
#include "core/proto/clock_exchange.hpp"
#include "core/proto/endpoint.hpp"
#include "core/proto/loss_meter.hpp"
#include "core/proto/mtu_search.hpp"
#include "core/proto/packet_faults.hpp"
#include "core/proto/path.hpp"
#include "core/proto/recovery.hpp"
#include "core/proto/resumption.hpp"
#include "core/proto/session_ids.hpp"
#include "core/proto/stream_table.hpp"

namespace stt {

/// Where a session stands.
struct SessionPlace {
    Endpoint& endpoint;  ///< outlives the session
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
    SessionStats stats() const;

    /// Opens a stream; only in state established. `header` ≤ stream_header_max. `id`: or the next free one.
    /// Errors: too_many_streams, stream_id_conflict.
    Result<StreamId> open_stream(std::vector<uint8_t> header, uint8_t priority, std::optional<StreamId> id);
    /// Appends a message to a stream either side opened. Never refuses for want of window: the caller bounds
    /// what it queues by StreamProgress. False: no such stream, or it is finished.
    bool write(StreamId stream, OutMessage message) { return streams_.write(stream, std::move(message)); }
    /// No more messages; the stream ends when all is delivered.
    bool finish(StreamId stream) { return streams_.finish(stream); }
    /// Ends a stream abruptly in both directions.
    void reset(StreamId stream, const Error& error) { streams_.reset(stream, error); }

    /// Takes everything that has arrived in order. The window opens only with consumed().
    ReceiveStream::Read read(StreamId stream) { return streams_.read(stream); }
    /// The application holds all bytes up to `taken` in memory it accounts for itself (the parts of one
    /// incomplete message) and has passed on all up to `delivered` ≤ `taken`; `finished`: the end, too.
    void consumed(Time now, StreamId stream, uint64_t taken, uint64_t delivered, bool finished);

    /// Bytes written that the peer has not acknowledged.
    uint64_t unacknowledged(StreamId stream) const { return streams_.unacknowledged(stream); }
    /// Bytes written that have not left for the first time.
    uint64_t unsent(StreamId stream) const { return streams_.unsent(stream); }
    uint64_t congestion_window() const { return recovery_.window(); }

    /// The peer's clock, or ours, has jumped: it is asked for its time at once. Only with measure_clock.
    void hasten_clock(Time now) {
        if (config_.measure_clock && state_ == SessionState::established) clock_requester_.hasten(now);
    }
    /// Whether what is measured is so noisy that it is worth to ask twice as often.
    void ask_clock_often(bool often) { clock_requester_.set_often(often); }
    /// Bytes written that are kept to be sent, or sent again: less than unacknowledged() by what was skipped.
    uint64_t held(StreamId stream) const { return streams_.held(stream); }

    // Giving up what was written: ranges of whole messages.

    /// The highest offset up to which skip() may go: of what has left, and of what the windows allow.
    uint64_t skip_limit(StreamId stream) const { return streams_.skip_limit(stream); }
    /// How many more ranges may be skipped before the peer has answered others.
    size_t skips_left(StreamId stream) const { return streams_.skips_left(stream); }
    /// Sends no more of `range`: it begins and ends between messages, and above what was skipped before.
    /// StreamSkipped says what the peer had of it.
    void skip(StreamId stream, const StreamSkip& range) { streams_.skip(stream, range); }
    Duration round_trip() const { return recovery_.rtt().smoothed(); }

    /// Bytes, sent and unsent, of a live stream that are as well in here as with the application: 1.25 ×
    /// bandwidth × round trip, so that acknowledgements never find the session without data, and a path that
    /// has more to give is found out. The congestion window, while the bandwidth is not known.
    uint64_t live_window() const;
    /// A probe timeout has passed since anything was heard, and 100 ms at least: the path may be broken.
    bool silent(Time now) const;

    /// `drain`: what was written is delivered first (for drain_timeout at most). One SESSION_CLOSE goes out
    /// either way. `error`: what the closed event reports; code none for a graceful end of our own.
    void close(Now now, bool drain, CloseReason reason, Error error);

    /// The session whose streams this one goes on with; 0: none. From state established on.
    SessionHandle resumed() const { return resumed_; }
    /// Closed, but only because the path was lost: its streams are kept for another session.
    bool resumable() const { return resumable_until_ != Time{}; }
    /// Nothing will go on with its streams: they may go.
    void abandon();
    /// Somebody else claims this session's place: it must be heard from within `patience`, else it is lost.
    void doubt(Time now, Duration patience);

    // The endpoint's side.

    /// A call. `identity` outlives the session. `resumes`: the session to go on with, 0: none.
    Session(Now now, const SessionPlace& place, const Identity& identity, Bytes seed, SessionConfig config,
            SessionHandle resumes);
    /// An answer to `hello`, which opened.
    Session(Now now, const SessionPlace& place, ResponderHandshake hello, SessionConfig config);
    ~Session();

    const SessionIds& ids() const { return ids_; }
    const AttemptId& attempt() const { return attempt_id_; }
    Time last_received() const { return last_received_; }
    /// What another session needs to take over from this one by that name; null when it cannot.
    const ResumeTicket* ticket(const SessionName& name) const;
    Time resumable_until() const { return resumable_until_; }

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

    std::optional<Endpoint::Transmit> transmit(Now now, MutableBytes out, size_t segments_max);
    Time next_timeout(Time now);
    void handle_timeout(Now now);
    /// Moves what happened to the end of `events`.
    void take_events(std::deque<Event>& events);
    /// Closed, reported, and past the time in which late packets are still answered.
    bool forgettable(Time now) const;

  private:
    struct Packet;  // one being written

    Session(Now now, const SessionPlace& place, bool caller, SessionConfig config);

    void set_state(SessionState state, Error error = {});
    void end(Now now, Error error);
    void queue_news();
    void note(Error error);
    void fail_protocol(Now now, Error error);
    Status install_keys(Now now, HandshakeSecrets secrets, const SessionLimits& peer_limits,
                        SessionId peer_id);
    void establish(Now now);
    Result<Session*> find_earlier(const AuthProofPayload& payload);
    /// Goes on with the streams of `earlier`, which was recognised by `name` and falls.
    void take_over(Session& earlier, const SessionName& name);
    void fall();
    void check_resumable(Now now);
    void offer_id();
    void note_id(SessionId id);
    void refuse(Now now, Error error);
    void check_attempt(Now now);
    std::string timeout_text() const;

    Bytes handshake_datagram_due(Now now);
    bool small_probes(Time now) const;
    bool data_allowed(Time now);
    /// Whether data may leave before the next probe for which there is a timer.
    bool data_flows() const { return !black_hole_.narrow() && streams_.data_pending(); }
    std::optional<Endpoint::Transmit> transmit_path_packet(Now now, MutableBytes out);
    std::optional<Endpoint::Transmit> transmit_clock_packet(Now now, MutableBytes out);
    uint64_t mtu_probe_room() const;
    std::optional<Endpoint::Transmit> transmit_mtu_probe(Now now, MutableBytes out);
    /// Where the frames of a packet go.
    static MutableBytes body_of(MutableBytes packet);
    /// Writes one packet of at most out.size() bytes; its size, 0: nothing to send.
    size_t write_packet(Now now, MutableBytes out);
    void write_frames(Now now, Packet& packet);
    void open_with_final(Packet& packet);
    FinalFrame accepted() const { return {0, 0, resumed_ != 0, {}}; }
    void write_acks(Now now, Packet& packet);
    void write_close(Now now, Packet& packet);
    /// `receiver`: the id that the packet bears.
    size_t seal(Now now, SessionId receiver, Packet& packet, MutableBytes out, size_t pad_to);

    bool handle_frames(Now now, const Address& from, Bytes payload, const std::shared_ptr<const void>& owner,
                       bool& eliciting);
    Status handle_frame(Now now, const Address& from, const Frame& frame,
                        const std::shared_ptr<const void>& owner);
    Status handle_ack(Now now, const AckFrame& frame);
    void handle_close(Now now, const SessionCloseFrame& frame);
    void handle_final(Now now, const FinalFrame& frame);
    void handle_when_closed(Now now, Bytes payload);
    void settle(Now now);
    /// The datagram size that the mtu set makes on the way to `peer`; none: to be discovered.
    static std::optional<uint64_t> fixed_datagram(const SessionConfig& config, const Address& peer);
    /// Acts on what outcome_ shows of the path's size.
    void on_black_hole(Now now, BlackHole::Finding finding);
    /// What an IP packet around a datagram of this many bytes takes, as a number for people.
    uint64_t ip_packet(uint64_t datagram) const;
    /// The `mtu` that was set does not fit the path: a datagram of this many bytes did not get through.
    void note_mtu_too_large(uint64_t datagram);
    /// Tells that the path is too narrow, but not over and over.
    void note_narrow(Now now, ErrorOrigin origin, std::string text);
    /// The network says that the path carries datagrams of `most` bytes, fewer than it must.
    void on_narrow_report(Now now, uint64_t most, const ReportSource& source);
    void measure_sent_loss(Now now);
    void measure_received_loss(Now now, uint64_t number, size_t size);
    void note_path_loss(const std::optional<LossMeter::Report>& report, bool sent);
    /// The path may carry anything now: nothing that was learnt of it holds.
    void start_over(Now now);
    void restore_path(Now now);
    void check_keepalive(Now now);
    void move_to(Now now, const Address& address);
    Duration peer_ack_delay() const { return std::chrono::microseconds(peer_limits_.ack_delay_us); }
    Time next_silence_probe() const;
    Time next_keep_alive() const;

    Endpoint& endpoint_;
    const SessionHandle handle_;
    SessionIds ids_;
    const SessionConfig config_;
    Random& random_;
    AttemptId attempt_id_{};
    SessionState state_ = SessionState::init;
    SessionInfo info_;
    std::vector<Event> events_;

    // Handshake; gone once established.
    std::unique_ptr<CallerAttempt> attempt_;
    std::optional<ResponderHandshake> responder_;
    std::vector<uint8_t> challenge_;  // to be sent again when the HELLO comes again
    std::vector<uint8_t> last_word_;  // a handshake packet to send before anything else, once
    bool challenge_due_ = false;
    unsigned challenges_sent_ = 0;
    Time handshake_deadline_ = time_never;
    bool final_due_ = false, final_acked_ = false;
    Error refusal_;  // FINAL's verdict; code none: accepted

    // Resumption.
    SessionHandle resumes_ = 0;  // the session to ask for
    SessionHandle resumed_ = 0;  // the session taken over
    std::optional<ResumeTicket> ticket_;
    // The ticket that was used to take over, until the caller is known to have heard of it.
    std::optional<ResumeTicket> used_ticket_;
    Time resumable_until_{};  // Time{}: not resumable

    std::optional<PacketProtection> protection_;
    SessionLimits peer_limits_;
    Recovery recovery_;
    AckTracker acks_;
    MtuSearch mtu_;
    BatchCheck batches_;
    BlackHole black_hole_;
    Time narrow_told_{};
    LossMeter sent_loss_, received_loss_;
    SentOutage sent_outage_;
    NumberGaps received_gaps_;
    StreamTable streams_;
    Path path_;
    Recovery::Outcome outcome_;         // reused
    Time earliest_acked_ = time_never;  // when the oldest packet that the present one acknowledges was sent
    unsigned probes_due_ = 0;           // ack-eliciting packets to send regardless of window and pacer

    // Keep-alive.
    Time last_received_{};
    Time last_keep_alive_{};
    uint64_t keep_alive_sequence_ = 0;
    bool keep_alive_due_ = false;
    Time doubt_deadline_ = time_never;
    std::optional<uint64_t> keep_alive_answer_;

    ClockRequester clock_requester_;  // asks where measure_clock is set
    ClockResponder clock_responder_;

    // Closing.
    bool close_due_ = false;
    bool peer_closed_ = false;    // it said so: it knows, or need not be told
    bool ended_by_peer_ = false;  // … first: a SESSION_CLOSE is answered with one
    unsigned closes_sent_ = 0;
    Time closed_at_{};
    Time next_close_ = time_never;  // when SESSION_CLOSE is repeated
    CloseReason close_reason_ = CloseReason::graceful;
    Error close_error_;
    Time drain_deadline_ = time_never;
    Time linger_until_ = time_never;
    Time next_close_answer_{};

    unsigned malformed_packets_ = 0;
    PacketFaults faults_;
    Time next_unknown_note_{};
    // When what the network, or this machine (true), reports may be noted again.
    std::map<std::pair<NetworkReport, bool>, Time> next_report_note_;
    SessionStats counters_;  // those that nobody else keeps
};

}  // namespace stt
