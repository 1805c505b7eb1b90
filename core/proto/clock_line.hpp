// SPDX-License-Identifier: LGPL-2.1-or-later
/// Two nodes' monotonic clocks against each other: one measurement, and what is made of many.
#pragma once

#include <cstdint>

namespace stt {

/// One exchange. All times are nanoseconds of CLOCK_MONOTONIC, of the node named. Any values may come in, as
/// half of them are the peer's word.
struct ClockSample {
    int64_t sent = 0;           ///< local: the request left
    int64_t peer_received = 0;  ///< peer: it arrived
    int64_t peer_sent = 0;      ///< peer: the response left
    int64_t received = 0;       ///< local: it arrived
};

enum class ClockState : uint8_t {
    acquiring,  ///< just (re-)locked: the line may still step, without a new generation
    locked,     ///< the line is continuous, and follows what is measured
    coasting,   ///< nothing has been measured lately that could be trusted; the line goes on as it was
};

/// What is called noisy: a fifth of the millisecond that is aimed at.
inline constexpr int64_t clock_noisy_ns = 200'000;

/// The relation of the peer's clock to the local one: a line that is bent, but does not step within one
/// generation. A value: it stays what it was when it was read.
struct ClockLine {
    int64_t local_ns = 0;   ///< reference: local time
    int64_t offset_ns = 0;  ///< peer minus local there
    double drift = 0;       ///< d offset / d local, from the reference on; at most clock_drift_max either way
    /// What is added to the drift for `slew_for_ns` from the reference on, to close the gap between this line
    /// and the estimate; at most clock_slew_max either way.
    double slew = 0;
    int64_t slew_for_ns = 0;
    uint64_t generation = 0;    ///< from 1; another one: the line has stepped
    int64_t base_delay_ns = 0;  ///< half the shortest round trip of the last minute
    int64_t sigma_ns = 0;       ///< standard error of the offset, beside what an uneven path hides
    int64_t settled_ns = 0;     ///< local time at which the line stops stepping
    int64_t accepted_ns = 0;    ///< local time of the last measurement that was trusted

    /// The peer's time at a local time, and back: each other's inverse to the nanosecond or two. Times far
    /// from any that are possible come out as nonsense, but harmlessly.
    int64_t peer_at(int64_t local) const;
    int64_t local_at(int64_t peer) const;
    ClockState state_at(int64_t local) const;
    /// More exchanges would make it better by much.
    bool noisy() const { return sigma_ns > clock_noisy_ns; }
};

/// Faster and slower clocks than this are not built: crystals stay within 100 ppm, adjtime within 500.
inline constexpr double clock_drift_max = 1000e-6;
/// A fraction of the 1 ms per second that a follower may add, and a pitch change of 0.7 cent.
inline constexpr double clock_slew_max = 400e-6;
/// Silence after which the line counts as coasting: several exchanges at the slowest pace.
inline constexpr int64_t clock_coasts_after_ns = 5'000'000'000;

}  // namespace stt
