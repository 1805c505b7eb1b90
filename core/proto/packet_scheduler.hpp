// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decides which packet of a session leaves next, and which frames are in it.
#pragma once

#include <optional>

#include "core/proto/clock_exchange.hpp"
#include "core/proto/closing.hpp"
#include "core/proto/handshake_confirmation.hpp"
#include "core/proto/liveness.hpp"
#include "core/proto/packet_space.hpp"
#include "core/proto/paths.hpp"
#include "core/proto/session_ids.hpp"
#include "core/proto/stream_table.hpp"
#include "core/proto/transmit.hpp"

namespace stt {

/// Belongs to the traffic of one session, whose thread calls it. What answers or validates an address leaves
/// first, then the clock frames, then an MTU probe. All other frames follow in batches: acknowledgements,
/// control frames, data.
class PacketScheduler {
  public:
    /// The sources of frames, and what is needed to send them. All references outlive the object.
    struct Parts {
        SessionIds& ids;
        PacketSpace& packets;
        Paths& paths;
        StreamTable& streams;
        HandshakeConfirmation& confirmation;
        Liveness& liveness;
        ClockRequester& clock_requester;
        ClockResponder& clock_responder;
        Trace trace;
    };
    explicit PacketScheduler(const Parts& parts) : parts_(parts) {}

    /// Has the parameters and the result of Endpoint::poll_transmit().
    std::optional<Transmit> next(Now now, MutableBytes out, size_t segments_max, TransportKind transport);
    /// Returns the packet with SESSION_CLOSE, or the one that refuses a caller, if it is due. `probe_timeout`
    /// is that of the path.
    std::optional<Transmit> close(Now now, MutableBytes out, Closing& closing, Duration probe_timeout);

    /// Makes two probes leave now, regardless of window and pacer. One carries the data that has waited
    /// longest, and the other carries none.
    void probe();
    /// Returns whether there is a silence: a probe timeout is unanswered and nothing has been received for at
    /// least 100 ms.
    bool silent(Time now) const;
    /// Returns whether data may leave before the next probe for which there is a timer.
    bool data_flows() const { return !path().narrow() && parts_.streams.data_pending(); }

  private:
    std::optional<Transmit> path_packet(Now now, MutableBytes out, TransportKind transport);
    std::optional<Transmit> clock_packet(Now now, MutableBytes out);
    std::optional<Transmit> mtu_probe(Now now, MutableBytes out);
    std::optional<Transmit> batch(Now now, MutableBytes out, size_t segments_max);
    /// What a packet of a batch carries.
    struct Contents {
        bool final_frame, acks, keep_alive, keep_alive_answer, session_id, control, data, probe;
        /// Returns whether there is a reason to send the packet.
        bool any() const {
            return final_frame || acks || keep_alive || keep_alive_answer || session_id || control || data ||
                   probe;
        }
    };
    Contents due(Time now) const;
    void write_frames(Now now, PacketBuilder& packet);
    size_t seal(Now now, SessionId receiver, PacketBuilder& packet, MutableBytes out, size_t pad_to) {
        return parts_.packets.seal(now.time, receiver, packet, out, pad_to, path().recovery());
    }
    bool small_probes(Time now) const;
    bool data_allowed(Time now) const;
    Path& path() { return parts_.paths.active(); }
    const Path& path() const { return parts_.paths.active(); }

    const Parts parts_;
    unsigned probes_due_ = 0;  // ack-eliciting packets to be sent regardless of window and pacer
};

}  // namespace stt
