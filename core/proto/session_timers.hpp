// SPDX-License-Identifier: LGPL-2.1-or-later
/// The timers of a session by name, and when each is due (docs/architecture.md, section 4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/time.hpp"

namespace stt {

/// In the order in which those that are due together are served.
enum class Timer : uint8_t {
    handshake,           ///< the attempt sends again, or has failed
    loss_detection,      ///< a packet is lost by time, or a probe timeout has passed
    narrow_path_probe,   ///< data leaves as a probe on a path that is too narrow
    keep_alive_timeout,  ///< nothing was heard for too long
    doubt,               ///< … from a peer whose place is claimed
    keep_alive,          ///< the peer is asked to show itself
    silence_probe,       ///< … through a silence
    acknowledgement,     ///< what arrived is acknowledged
    window_frame,        ///< a window is opened
    path_challenge,      ///< an address is validated, or given up
    clock_request,       ///< the peer is asked for its time
    mtu_probe,           ///< a longer datagram is tried
    pacer,               ///< data or control frames wait for the pacer
    close_repetition,    ///< SESSION_CLOSE is repeated
    linger,              ///< late packets are answered no more
    resumption,          ///< nobody has resumed the session
};
inline constexpr size_t timer_count = 16;

/// For traces.
const char* timer_name(Timer timer);

/// When each timer of one session is due: made anew from the state of its parts whenever it is asked for, so
/// that none can be stale.
class Deadlines {
  public:
    Deadlines() { at_.fill(time_never); }

    void set(Timer timer, Time at) { at_[static_cast<size_t>(timer)] = at; }
    Time at(Timer timer) const { return at_[static_cast<size_t>(timer)]; }

    struct Due {
        Time at;
        Timer timer;
    };
    /// The earliest; at time_never if there is none.
    Due next() const;

  private:
    std::array<Time, timer_count> at_;
};

}  // namespace stt
