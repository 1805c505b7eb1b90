// SPDX-License-Identifier: LGPL-2.1-or-later
/// Upstream events: what the receiver's pipeline requests of the sender's. No other events are sent, as a
/// peer must not be able to flush, seek or end the local pipeline.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "gst/message_kind.hpp"
#include "gst/owned.hpp"
#include "gst/rate_limit.hpp"

namespace stt {

/// Maps a local running time to the sender's; none if that is before its start.
using ToSender = std::function<GstClockTime(GstClockTime)>;

/// The largest upstream message in bytes. It holds the text of a structure (structure_text_max) and as much
/// in buffers: NAVIGATION and custom events have a few hundred bytes.
inline constexpr size_t upstream_message_max = 128 << 10;

/// Encodes force-key-unit requests, QOS, NAVIGATION and custom events. Returns null if the event is of
/// another type, cannot be encoded, or exceeds upstream_message_max.
std::optional<OutMessage> encode_upstream(GstEvent* event, const ToSender& to_sender);
/// Returns the event of an upstream message, or null if it is malformed, too large or of another kind. The
/// input is untrusted.
EventPtr decode_upstream(const InMessage& message);

/// How often each kind of message is allowed.
struct UpstreamLimits {
    RateLimit qos, other;
    bool take(MessageKind kind, RateLimit::Clock::time_point now) {
        return (kind == MessageKind::qos ? qos : other).take(now);
    }
};
/// The receiver's limits. QOS is sent ten times per second, and only the newest; other events, such as
/// pointer motion, a hundred times per second.
inline constexpr UpstreamLimits upstream_send_limits{{std::chrono::milliseconds(100), 1},
                                                     {std::chrono::milliseconds(10), 20}};
/// The sender's limits for a peer: twice those rates, with bursts for what a path lets through at once after
/// a silence.
inline constexpr UpstreamLimits upstream_receive_limits{{std::chrono::milliseconds(50), 100},
                                                        {std::chrono::milliseconds(5), 1000}};

/// Sends upstream events for sttsrc. Thread-safe.
class UpstreamEvents {
  public:
    /// Returns false if there is no peer to send to.
    using Send = std::function<bool(OutMessage)>;

    /// Resets the state.
    void start();
    /// Sends `event` if it is of a type that is sent upstream. A QOS event that exceeds the rate waits,
    /// unless a newer one replaces it. Returns whether the event was sent or waits; false also if another
    /// event exceeds the rate.
    bool take(GstEvent* event, const ToSender& to_sender, const Send& send);
    /// Sends the waiting QOS event if the rate allows it.
    void send_due(const Send& send);

  private:
    std::mutex mutex_;
    UpstreamLimits limits_ = upstream_send_limits;  // under mutex_
    std::optional<OutMessage> waiting_;             // a QOS event; under mutex_
};

}  // namespace stt
