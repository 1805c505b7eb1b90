// SPDX-License-Identifier: LGPL-2.1-or-later
/// A time line that follows another one smoothly.
#pragma once

#include <cstdint>
#include <deque>

#include "gst/affine.hpp"

namespace stt {

/// Maps times by one continuous, rising function, which is bent only beyond what has been mapped: whatever
/// was mapped once is mapped alike again, and what followed without a gap still does. Nanoseconds. One thread
/// at a time.
class SmoothMap {
  public:
    /// From `at` on as `target` has it; all before is forgotten.
    void begin(int64_t at, const Affine& target);
    /// Whether begin() was called.
    explicit operator bool() const { return !pieces_.empty(); }
    /// How far the function lies off `target` at `x`: what it shows less, ns.
    int64_t gap(int64_t x, const Affine& target) const;
    /// Bends the function towards `target`, from the end of what was mapped so far, for what is mapped at `x`
    /// and later. It closes the gap in `closing_time` where the limits below allow it.
    void steer(int64_t x, const Affine& target);
    /// Maps `x`. Beyond the end of what was mapped so far this moves the end.
    int64_t map(int64_t x);
    /// … without moving it: of a time that did not come from the stream.
    int64_t peek(int64_t x) const;
    /// The line that what comes next is mapped by.
    const Affine& newest() const { return pieces_.back(); }

    /// In which a gap is closed, ns.
    static constexpr int64_t closing_time = 5'000'000'000;
    /// Time after begin() in which the first estimates may still be wrong by milliseconds, ns.
    static constexpr int64_t settling_time = 10'000'000'000;
    /// Limits of the correction beyond the target's own rate, while settling and later: 10 ms, 1 ms a second.
    static constexpr double settling_correction = 0.010, correction = 0.001;
    /// Limit of the whole: sinks take a rate that is two in a hundred off.
    static constexpr double skew_max = 0.02;
    /// Pieces that are kept: enough for buffers that come in another order than their times are in.
    static constexpr size_t pieces_max = 32;
    /// Shortest piece, ns.
    static constexpr int64_t piece_min = 100'000'000;

  private:
    const Affine& piece_at(int64_t x) const;

    std::deque<Affine> pieces_;  // each from its `from` on, the last without end
    int64_t began_ = 0;
    int64_t end_ = 0;  // nothing beyond was mapped
};

}  // namespace stt
