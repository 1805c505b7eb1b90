// SPDX-License-Identifier: LGPL-2.1-or-later
/// Linear functions between clocks.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/base/wrapping.hpp"

namespace stt {

/// The time of one clock as a function of another's: `to` when the other shows `from`, then `1 + skew` per
/// unit. All times are in nanoseconds. `skew` lies within ±0.5.
struct Affine {
    int64_t from = 0, to = 0;
    double skew = 0;

    /// The result is exact to a nanosecond for an `x` within a hundred days of `from`, as a double holds 53
    /// bits. With a skew of zero it is always exact. Values that do not fit wrap around.
    int64_t operator()(int64_t x) const {
        const int64_t elapsed = wrapping_sub(x, from);
        if (skew == 0) return wrapping_add(to, elapsed);
        return wrapping_add(wrapping_add(to, elapsed), bounded(static_cast<double>(elapsed) * skew));
    }
    bool operator==(const Affine&) const = default;
    Affine inverse() const { return {to, from, -skew / (1 + skew)}; }
    /// The composition that applies this function first and `next` to its result.
    Affine then(const Affine& next) const { return {from, next(to), (1 + skew) * (1 + next.skew) - 1}; }

  private:
    static int64_t bounded(double value) {
        constexpr double limit = 4.6e18;  // half of the range of int64_t
        return std::llround(value > limit ? limit : value < -limit ? -limit : value);
    }
};

}  // namespace stt
