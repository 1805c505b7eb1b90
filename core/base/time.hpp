// SPDX-License-Identifier: LGPL-2.1-or-later
/// Points in time. The protocol never reads a clock: time is handed in, so a simulation can make its own.
#pragma once

#include <chrono>
#include <cstdint>

namespace stt {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A monotonic clock without now(): whoever drives the protocol supplies the time.
struct Clock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;
    static constexpr bool is_steady = true;
};
using Time = Clock::time_point;

/// "Never": later than any time that is handed in.
inline constexpr Time time_never = Time::max();

/// Microseconds since the Unix epoch by the node's own, possibly wrong, clock.
using WallTime = std::chrono::microseconds;

/// Largest count of microseconds taken from the wire (the year 2255): as nanoseconds it still fits a
/// Duration.
inline constexpr uint64_t microseconds_max = (uint64_t{1} << 53) - 1;

/// Both clocks at one instant. Only the handshake looks at the wall.
struct Now {
    Time time;
    WallTime wall;
};

}  // namespace stt
