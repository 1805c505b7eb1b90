// SPDX-License-Identifier: LGPL-2.1-or-later
/// Straight lines between clocks.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/base/wrapping.hpp"

namespace stt {

/// What one clock shows as a function of another: `to` when the other shows `from`, and `1 + skew` for each
/// unit from there. Nanoseconds. `skew` lies within ±0.5.
struct Affine {
    int64_t from = 0, to = 0;
    double skew = 0;

    /// Exact to a nanosecond for `x` within a hundred days of `from` (a double holds 53 bits), for a skew of
    /// zero always.
    int64_t operator()(int64_t x) const {
        const int64_t elapsed = wrapping_sub(x, from);
        if (skew == 0) return wrapping_add(to, elapsed);
        return wrapping_add(wrapping_add(to, elapsed), bounded(static_cast<double>(elapsed) * skew));
    }
    bool operator==(const Affine&) const = default;
    Affine inverse() const { return {to, from, -skew / (1 + skew)}; }
    /// First this, then `next`.
    Affine then(const Affine& next) const { return {from, next(to), (1 + skew) * (1 + next.skew) - 1}; }

  private:
    static int64_t bounded(double value) {
        constexpr double limit = 4.6e18;  // half of what an int64_t holds
        return std::llround(value > limit ? limit : value < -limit ? -limit : value);
    }
};

}  // namespace stt
