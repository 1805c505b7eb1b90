// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a session and its peer exchange once they share keys: packets of frames, on the paths of the session.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/trace.hpp"
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

/// Belongs to one session, whose thread calls it. The session decides when the traffic begins and ends.
class Traffic {
  public:
    /// `config`, `transports`, `random` and `events` outlive the object. `local` is the id by which the peer
    /// names the session.
    Traffic(Time now, bool caller, const SessionConfig& config, SessionId local, const Address& peer,
            const TransportTable& transports, Random& random, SessionEvents& events, Trace trace);
    // The parts refer to each other.
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    // Parts that the session itself uses.

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

    // Lifecycle.

    /// Returns the limits that this side offers its peer in the handshake.
    SessionLimits own_limits() const;
    /// The handshake has derived the keys. `peer` holds the limits that the peer offers. `remote` is the id
    /// by which this side names the session.
    Status install(Time now, HandshakeSecrets& secrets, const SessionLimits& peer, SessionId remote);
    bool has_keys() const { return packets_.has_keys(); }
    void drop_keys() { packets_.drop_keys(); }
    /// The session is established. There must be keys.
    void start(Time now);
    /// Takes over the streams of `earlier`, whose session thereby ends.
    void take_over(Traffic& earlier);
    /// Returns why the session cannot continue, if the path is the reason.
    const std::optional<Error>& failure() const { return failure_; }
    /// Returns whether there is a silence: a probe timeout is unanswered and nothing has been received for at
    /// least 100 ms.
    bool silent(Time now) const { return scheduler_.silent(now); }
    Duration probe_timeout() const { return path().recovery().probe_timeout(); }
    SessionStats stats() const;

    // Received packets.

    /// A packet while it is processed.
    struct Incoming {
        PacketSpace::Opened packet;
        Address from;
        bool ack_eliciting = false;
        bool moved = false;                // the session has moved to `from` because of this packet
        bool was_silent = false;           // there was a silence before the packet
        Time heard_before{};               // when the previous packet arrived
        Time earliest_acked = time_never;  // when the oldest packet that this one acknowledges was sent
    };
    /// Opens `packet` in place. Returns none if it is not genuine, or a copy. There must be keys.
    std::optional<Incoming> open(Time now, const Address& from, MutableBytes packet);
    /// Returns whether so many packets could not be opened that the session must end.
    bool integrity_lost() const { return packets_.integrity_lost(); }
    /// Begins to process a packet of a session that has not ended. `size` is that of the datagram in bytes.
    void begin(Time now, Incoming& incoming, size_t size);
    /// Handles all frames except FINAL and SESSION_CLOSE. An error ends the session. `owner` owns the memory
    /// of the packet, or is null.
    Status on_frame(Time now, const Frame& frame, Incoming& incoming,
                    const std::shared_ptr<const void>& owner);
    /// Ends the processing of the packet. `understood` means that it must be acknowledged.
    void finish(Time now, const Incoming& incoming, bool understood);
    /// The network reports that a datagram of `size` bytes, more than datagram_min, was too long for the
    /// path.
    void on_too_big(Time now, uint64_t size);
    /// The network reports by `error` that the path is too narrow for the session.
    void on_narrow(Time now, Error error);
    /// The packet was malformed. Returns true if there were so many that the session must end.
    bool on_malformed(const Error& error);

    // Packets to be sent.

    /// Has the parameters and the result of Endpoint::poll_transmit(). Returns nothing before start().
    std::optional<Transmit> transmit(Now now, MutableBytes out, size_t segments_max,
                                     TransportKind transport) {
        return started_ ? scheduler_.next(now, out, segments_max, transport) : std::nullopt;
    }
    /// The session has ended. Returns the packet that reports this, or that refuses the caller.
    std::optional<Transmit> transmit_close(Now now, MutableBytes out, Closing& closing) {
        return scheduler_.close(now, out, closing, probe_timeout());
    }

    /// Returns whether the transport of the active path is blocked.
    bool blocked() const { return paths_.blocked(); }

    // Timers.

    /// Sets the timers of the traffic. Of those that only cause something to be sent, keep_alive alone has a
    /// time while blocked(), because the keep-alive timeout follows from it.
    void set_deadlines(Time now, Deadlines& deadlines) const;
    void on_loss_timer(Time now);
    void on_narrow_probe_timer();
    /// Asks the peer to answer; in a silence, with data.
    void on_keep_alive_timer(Time now);

  private:
    Status on_ack(Time now, const AckFrame& frame, Incoming& incoming);
    void on_path_response(Time now, const PathResponseFrame& frame, Incoming& incoming);
    /// Processes what a step of the active path's recovery has found. `outcome` is invalid after that.
    void settle(Time now, const Recovery::Outcome& outcome);
    /// Reports the fate of the frames in `outcome` to their senders.
    void settle_frames(const Recovery::Outcome& outcome);
    void note_all();
    /// Reports what `outcome` says of packets.
    void trace_outcome(const Recovery::Outcome& outcome) const;
    /// Reports what has changed about the active path since the last call.
    void trace_path();

    const SessionConfig& config_;
    SessionEvents& events_;
    const Trace trace_;
    SessionLimits peer_limits_;
    bool started_ = false;
    std::optional<Error> failure_;

    SessionIds ids_;
    PacketSpace packets_;
    Paths paths_;
    StreamTable streams_;
    HandshakeConfirmation confirmation_;
    Liveness liveness_;
    ClockRequester clock_requester_;  // sends requests only if measure_clock is set
    ClockResponder clock_responder_;
    PacketScheduler scheduler_;  // uses all of the above

    std::vector<Error> notes_;  // reused, so that nothing is allocated per packet

    // What trace_path() has reported.
    struct TracedPath {
        std::string_view phase;
        uint64_t datagram = 0;
        bool narrow = false;
        bool operator==(const TracedPath&) const = default;
    };
    TracedPath traced_path_;
};

}  // namespace stt
