// SPDX-License-Identifier: LGPL-2.1-or-later
/// A time line that follows another one smoothly.
#pragma once

#include <cstdint>
#include <deque>

#include "gst/affine.hpp"

namespace stt {

/// A continuous, increasing function that is bent only beyond the times already mapped. Therefore a time is
/// always mapped to the same value, and times that were contiguous stay contiguous. All times are in
/// nanoseconds. Used by one thread at a time.
class SmoothMap {
  public:
    /// Starts with the function `target` at `at`, and discards all that was before.
    void begin(int64_t at, const Affine& target);
    /// Whether begin() was called.
    explicit operator bool() const { return !pieces_.empty(); }
    /// Returns `target` at `x` minus the function at `x`, ns.
    int64_t gap(int64_t x, const Affine& target) const;
    /// Bends the function towards `target` from the last time mapped. `x` is the next time to be mapped. The
    /// gap is closed in `closing_time`, if the limits below allow it.
    void steer(int64_t x, const Affine& target);
    /// Maps `x`. If `x` is later than all times mapped so far, it becomes the last time mapped.
    int64_t map(int64_t x);
    /// Maps `x` without that effect, for a time that did not come from the stream.
    int64_t peek(int64_t x) const;
    /// The line that maps the times to come.
    const Affine& newest() const { return pieces_.back(); }

    /// The time in which a gap is closed, ns.
    static constexpr int64_t closing_time = 5'000'000'000;
    /// Time after begin() in which the first estimates may still be wrong by milliseconds, ns.
    static constexpr int64_t settling_time = 10'000'000'000;
    /// Limits of the correction relative to the target's rate, while settling and later: 10 ms per second and
    /// 1 ms per second.
    static constexpr double settling_correction = 0.010, correction = 0.001;
    /// Limit of the total skew: sinks accept a rate that is off by two percent.
    static constexpr double skew_max = 0.02;
    /// The number of pieces that are kept: enough for buffers whose order differs from that of their times.
    static constexpr size_t pieces_max = 32;
    /// Shortest piece, ns.
    static constexpr int64_t piece_min = 100'000'000;

  private:
    const Affine& piece_at(int64_t x) const;

    std::deque<Affine> pieces_;  // each begins at its `from`, and the last has no end
    int64_t began_ = 0;
    int64_t end_ = 0;  // the last time mapped
};

}  // namespace stt
