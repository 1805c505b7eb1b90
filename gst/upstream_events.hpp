// SPDX-License-Identifier: LGPL-2.1-or-later
/// Events against the stream's direction: what the receiver's pipeline asks of the sender's. Of these and no
/// others: a peer must not be able to flush, seek or end the pipeline here.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "gst/metadata.hpp"
#include "gst/rate_limit.hpp"

namespace stt {

/// Maps a running time here to the sender's; none: before its start.
using ToSender = std::function<GstClockTime(GstClockTime)>;

/// Force-key-unit requests, QOS, NAVIGATION, custom events. Null: none of these, or it cannot be written.
std::optional<OutMessage> encode_upstream(GstEvent* event, const ToSender& to_sender);
/// The event of a message against the direction; null when it is malformed, or of another kind. Untrusted.
EventPtr decode_upstream(const InMessage& message);

/// How often each kind may go.
struct UpstreamLimits {
    RateLimit qos, other;
    bool take(MessageKind kind, RateLimit::Clock::time_point now) {
        return (kind == MessageKind::qos ? qos : other).take(now);
    }
};
/// The receiver's: QOS ten times a second, the newest; the rest, such as a pointer that moves, a hundred
/// times.
inline constexpr UpstreamLimits upstream_send_limits{{std::chrono::milliseconds(100), 1},
                                                     {std::chrono::milliseconds(10), 20}};
/// What the sender takes from a peer: that, with what a path that stood still lets through at once.
inline constexpr UpstreamLimits upstream_receive_limits{{std::chrono::milliseconds(50), 100},
                                                        {std::chrono::milliseconds(5), 1000}};

/// What sttsrc sends upstream. Any thread.
class UpstreamEvents {
  public:
    /// False: there is nobody to send it to.
    using Send = std::function<bool(OutMessage)>;

    /// Begins anew.
    void start();
    /// Whether `event` is one that travels: it went, or, QOS, will go unless another takes its place before.
    /// False also when it came too soon after others.
    bool take(GstEvent* event, const ToSender& to_sender, const Send& send);
    /// Sends the QOS that had to wait, once it may.
    void send_due(const Send& send);

  private:
    std::mutex mutex_;
    UpstreamLimits limits_ = upstream_send_limits;  // under mutex_
    std::optional<OutMessage> waiting_;             // QOS; under mutex_
};

}  // namespace stt
