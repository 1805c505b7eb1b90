// SPDX-License-Identifier: LGPL-2.1-or-later
/// Points in time. The protocol never reads a clock: the time is passed in, so that a simulation can provide
/// its own.
#pragma once

#include <chrono>
#include <cstdint>

namespace stt {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A monotonic clock without now(): the code that drives the protocol supplies the time.
struct Clock {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Clock>;
    static constexpr bool is_steady = true;
};
using Time = Clock::time_point;

/// "Never": later than any time that is passed in.
inline constexpr Time time_never = Time::max();

/// Microseconds since the Unix epoch by the node's own clock, which may be wrong.
using WallTime = std::chrono::microseconds;

/// The largest count of microseconds that is accepted from the wire. As a wall-clock time it is in the year
/// 2255, and in nanoseconds it still fits a Duration.
inline constexpr uint64_t microseconds_max = (uint64_t{1} << 53) - 1;

/// The time of both clocks at one instant. Only the handshake uses the wall clock.
struct Now {
    Time time;
    WallTime wall;
};

}  // namespace stt
