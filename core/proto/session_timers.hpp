// SPDX-License-Identifier: LGPL-2.1-or-later
/// The named timers of a session, and when each is due (docs/architecture.md, section 4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/time.hpp"

namespace stt {

/// Timers that are due together are served in this order.
enum class Timer : uint8_t {
    handshake,           ///< the attempt sends again or has failed
    loss_detection,      ///< a packet is lost by time, or a probe timeout has passed
    narrow_path_probe,   ///< data leaves as a probe on a path that is too narrow
    keep_alive_timeout,  ///< nothing was received for the keep-alive timeout
    doubt,               ///< nothing was received within the liveness check
    keep_alive,          ///< the peer is asked to answer
    silence_probe,       ///< the peer is asked to answer during a silence
    acknowledgement,     ///< received packets are acknowledged
    window_frame,        ///< a window frame is sent
    path_challenge,      ///< an address is challenged, or its validation fails
    clock_request,       ///< the peer is asked for its time
    mtu_probe,           ///< a longer datagram is tried
    pacer,               ///< data or control frames wait for the pacer
    close_repetition,    ///< SESSION_CLOSE is repeated
    linger,              ///< late packets are no longer answered
    resumption,          ///< no session has resumed this one in time
};
inline constexpr size_t timer_count = static_cast<size_t>(Timer::resumption) + 1;

/// Returns the name of a timer for traces, which is that of its enumerator.
const char* timer_name(Timer timer);

/// When each timer of one session is due. It is computed from the state of the session's parts at each call,
/// so that no entry can be stale.
class Deadlines {
  public:
    Deadlines() { at_.fill(time_never); }

    void set(Timer timer, Time at) { at_[static_cast<size_t>(timer)] = at; }
    Time at(Timer timer) const { return at_[static_cast<size_t>(timer)]; }

    struct Due {
        Time at;
        Timer timer;
    };
    /// Returns the earliest timer; its time is time_never if there is none.
    Due next() const;

  private:
    std::array<Time, timer_count> at_;
};

}  // namespace stt
