// SPDX-License-Identifier: LGPL-2.1-or-later
/// The relation of two nodes' monotonic clocks: a single measurement, and the line estimated from many.
#pragma once

#include <cstdint>

namespace stt {

/// One exchange. All times are nanoseconds of CLOCK_MONOTONIC of the named node. Any values may occur,
/// because the peer supplies half of them.
struct ClockSample {
    int64_t sent = 0;           ///< local: when the request left
    int64_t peer_received = 0;  ///< peer: when the request arrived
    int64_t peer_sent = 0;      ///< peer: when the response left
    int64_t received = 0;       ///< local: when the response arrived
};

enum class ClockState : uint8_t {
    acquiring,  ///< just locked or re-locked: the line may still step without a new generation
    locked,     ///< the line is continuous and follows the measurements
    coasting,   ///< there was no trusted measurement recently; the line continues unchanged
};

/// The standard error above which a line is noisy: a fifth of the intended accuracy of 1 ms.
inline constexpr int64_t clock_noisy_ns = 200'000;

/// The relation of the peer's clock to the local one. The line may bend, but it does not step within one
/// generation. It is a value: a copy does not change.
struct ClockLine {
    int64_t local_ns = 0;   ///< reference point, local time
    int64_t offset_ns = 0;  ///< peer minus local at the reference point
    /// d offset / d local, from the reference on; its magnitude is at most clock_drift_max.
    double drift = 0;
    /// Added to the drift for `slew_for_ns` from the reference on, to close the gap between this line and the
    /// estimate. Its magnitude is at most clock_slew_max.
    double slew = 0;
    int64_t slew_for_ns = 0;
    uint64_t generation = 0;    ///< counts from 1; a new one means that the line has stepped
    int64_t base_delay_ns = 0;  ///< half the shortest round trip of the last minute
    int64_t sigma_ns = 0;       ///< standard error of the offset, without the unknown asymmetry of the path
    int64_t settled_ns = 0;     ///< local time at which the line stops stepping
    int64_t accepted_ns = 0;    ///< local time of the latest trusted measurement

    /// Converts a local time to the peer's time, in nanoseconds. Times far outside the possible range give
    /// meaningless but harmless results.
    int64_t peer_at(int64_t local) const;
    ClockState state_at(int64_t local) const;
    /// Returns whether more exchanges would improve the line considerably.
    bool noisy() const { return sigma_ns > clock_noisy_ns; }
};

/// No clock is faster or slower than this: crystals stay within 100 ppm, adjtime within 500 ppm.
inline constexpr double clock_drift_max = 1000e-6;
/// A fraction of the 1 ms per second that a follower may add; it is a pitch change of 0.7 cent.
inline constexpr double clock_slew_max = 400e-6;
/// The time without a trusted measurement after which the line is coasting: several exchanges at the slowest
/// rate.
inline constexpr int64_t clock_coasts_after_ns = 5'000'000'000;

}  // namespace stt
