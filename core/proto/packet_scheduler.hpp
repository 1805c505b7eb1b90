// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which packet of a session leaves next, and which frames are in it.
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

/// Belongs to one session's traffic, whose thread calls it. First leaves what answers or validates an
/// address, then the clock's frames, then a probe of the MTU, then all else in batches: acknowledgements,
/// control frames, data.
class PacketScheduler {
  public:
    /// What has frames to send, and what they are sent by. All outlive the object.
    struct Parts {
        SessionIds& ids;
        PacketSpace& packets;
        Paths& paths;
        StreamTable& streams;
        HandshakeConfirmation& confirmation;
        Liveness& liveness;
        ClockRequester& clock_requester;
        ClockResponder& clock_responder;
    };
    explicit PacketScheduler(const Parts& parts) : parts_(parts) {}

    /// As Endpoint::poll_transmit.
    std::optional<Transmit> next(Now now, MutableBytes out, size_t segments_max);
    /// The packet with SESSION_CLOSE, or the one that refuses a caller, if it is due. `probe_timeout`: the
    /// path's.
    std::optional<Transmit> close(Now now, MutableBytes out, Closing& closing, Duration probe_timeout);

    /// Two probes leave now, regardless of window and pacer: one with the data that has waited longest, and
    /// one without.
    void probe();
    /// A probe timeout has passed since anything was heard, and 100 ms at least: the path may be broken.
    bool silent(Time now) const;
    /// Whether data may leave before the next probe for which there is a timer.
    bool data_flows() const { return !path().narrow() && parts_.streams.data_pending(); }

  private:
    std::optional<Transmit> path_packet(Now now, MutableBytes out);
    std::optional<Transmit> clock_packet(Now now, MutableBytes out);
    std::optional<Transmit> mtu_probe(Now now, MutableBytes out);
    std::optional<Transmit> batch(Now now, MutableBytes out, size_t segments_max);
    void write_frames(Now now, PacketBuilder& packet);
    size_t seal(Now now, SessionId receiver, PacketBuilder& packet, MutableBytes out, size_t pad_to) {
        return parts_.packets.seal(now.time, receiver, packet, out, pad_to, path().recovery());
    }
    bool small_probes(Time now) const;
    bool data_allowed(Time now);
    Path& path() { return parts_.paths.active(); }
    const Path& path() const { return parts_.paths.active(); }

    const Parts parts_;
    unsigned probes_due_ = 0;  // ack-eliciting packets to send regardless of window and pacer
};

}  // namespace stt
