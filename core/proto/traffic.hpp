// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a session and its peer exchange once they share keys: packets of frames, over the session's paths.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/proto/clock_exchange.hpp"
#include "core/proto/closing.hpp"
#include "core/proto/handshake_confirmation.hpp"
#include "core/proto/liveness.hpp"
#include "core/proto/packet_scheduler.hpp"
#include "core/proto/packet_space.hpp"
#include "core/proto/paths.hpp"
#include "core/proto/session_events.hpp"
#include "core/proto/session_ids.hpp"
#include "core/proto/session_timers.hpp"
#include "core/proto/stream_table.hpp"
#include "core/proto/transmit.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it, and which decides when it begins and ends.
class Traffic {
  public:
    /// `config`, `random` and `events` outlive the object. `local`: the id by which the peer names the
    /// session.
    Traffic(Time now, bool caller, const SessionConfig& config, SessionId local, const Address& peer,
            Random& random, SessionEvents& events);
    // Its parts refer to each other.
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    // Its parts, for what concerns the session itself.

    StreamTable& streams() { return streams_; }
    const StreamTable& streams() const { return streams_; }
    Paths& paths() { return paths_; }
    Path& path() { return paths_.active(); }
    const Path& path() const { return paths_.active(); }
    Liveness& liveness() { return liveness_; }
    const Liveness& liveness() const { return liveness_; }
    SessionIds& ids() { return ids_; }
    const SessionIds& ids() const { return ids_; }
    HandshakeConfirmation& confirmation() { return confirmation_; }
    const HandshakeConfirmation& confirmation() const { return confirmation_; }
    ClockRequester& clock() { return clock_requester_; }

    // Its life.

    /// What this side offers its peer in the handshake.
    SessionLimits own_limits() const;
    /// The handshake has made keys. `peer`: what the peer offers. `remote`: the id by which this side names
    /// the session.
    Status install(Time now, HandshakeSecrets& secrets, const SessionLimits& peer, SessionId remote);
    bool has_keys() const { return packets_.has_keys(); }
    void drop_keys() { packets_.drop_keys(); }
    /// The session is established. Only with keys.
    void start(Time now);
    /// The streams of `earlier`, whose session ends by that, are this session's now.
    void take_over(Traffic& earlier);
    /// Why the session cannot go on, if the path is the reason.
    const std::optional<Error>& failure() const { return failure_; }
    /// A probe timeout has passed since anything was heard, and 100 ms at least: the path may be broken.
    bool silent(Time now) const { return scheduler_.silent(now); }
    Duration probe_timeout() const { return path().recovery().rtt().probe_timeout(peer_ack_delay()); }
    SessionStats stats() const;

    // Packets that came.

    /// One while it is handled.
    struct Incoming {
        PacketSpace::Opened packet;
        Address from;
        bool ack_eliciting = false;
        bool moved = false;                // the session has moved to `from` by it
        bool was_silent = false;           // before it came
        Time heard_before{};               // when the packet before it came
        Time earliest_acked = time_never;  // when the oldest packet that it acknowledges left
    };
    /// Opens `packet` in place; none: it is not genuine, or a copy. Only with keys.
    std::optional<Incoming> open(Time now, const Address& from, MutableBytes packet);
    /// So many packets failed to open that the session must end.
    bool integrity_lost() const { return packets_.integrity_lost(); }
    /// The packet concerns a session that has not ended.
    void begin(Time now, Incoming& incoming, size_t size);
    /// All frames but FINAL and SESSION_CLOSE. An error ends the session. `owner`: of the packet's memory, or
    /// null.
    Status on_frame(Time now, const Frame& frame, Incoming& incoming,
                    const std::shared_ptr<const void>& owner);
    /// The packet is done with. `understood`: to be acknowledged.
    void finish(Time now, const Incoming& incoming, bool understood);
    /// A datagram of `size` bytes, more than datagram_min, was too long for the path, as the network says.
    void on_too_big(Time now, uint64_t size);
    /// The network says that the path is too narrow for the session; `error`: Path::narrow_error().
    void on_narrow(Time now, Error error);
    /// The packet made no sense. True: the peer is broken beyond help.
    bool on_malformed(const Error& error);

    // Packets to send.

    /// As Endpoint::poll_transmit; nothing before start().
    std::optional<Transmit> transmit(Now now, MutableBytes out, size_t segments_max) {
        return started_ ? scheduler_.next(now, out, segments_max) : std::nullopt;
    }
    /// The session has ended: the packet that says so, or refuses the caller.
    std::optional<Transmit> transmit_close(Now now, MutableBytes out, Closing& closing) {
        return scheduler_.close(now, out, closing, probe_timeout());
    }

    // Time.

    /// Sets the timers of what is here.
    void set_deadlines(Time now, Deadlines& deadlines);
    void on_loss_timer(Time now);
    void on_narrow_probe_timer();
    /// Asks the peer to show itself, through a silence with data.
    void on_keep_alive_timer(Time now);

  private:
    Status on_ack(Time now, const AckFrame& frame, Incoming& incoming);
    void on_path_response(Time now, const PathResponseFrame& frame, Incoming& incoming);
    /// Lets `fill` fill outcome_, then carries out what it says. Not to be nested.
    template <class Fill>
    void with_outcome(Time now, Fill&& fill);
    void settle(Time now);
    /// What outcome_ says of the frames that packets carried.
    void settle_frames();
    void note_all();

    Duration peer_ack_delay() const { return std::chrono::microseconds(peer_limits_.ack_delay_us); }

    const SessionConfig& config_;
    SessionEvents& events_;
    SessionLimits peer_limits_;
    bool started_ = false;
    std::optional<Error> failure_;

    SessionIds ids_;
    PacketSpace packets_;
    Paths paths_;
    StreamTable streams_;
    HandshakeConfirmation confirmation_;
    Liveness liveness_;
    ClockRequester clock_requester_;  // asks where measure_clock is set
    ClockResponder clock_responder_;
    PacketScheduler scheduler_;  // of all of these

    Recovery::Outcome outcome_;  // reused, so that nothing is allocated for each packet
    std::vector<Error> notes_;   // reused
};

}  // namespace stt
