// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/smooth_map.hpp"

#include <algorithm>

namespace stt {

void SmoothMap::begin(int64_t at, const Affine& target) {
    pieces_.assign(1, {at, target(at), std::clamp(target.skew, -skew_max, skew_max)});
    began_ = end_ = at;
}

const Affine& SmoothMap::piece_at(int64_t x) const {
    size_t i = pieces_.size() - 1;
    while (i > 0 && x < pieces_[i].from) i--;
    return pieces_[i];
}

int64_t SmoothMap::peek(int64_t x) const { return piece_at(x)(x); }

int64_t SmoothMap::map(int64_t x) {
    end_ = std::max(end_, x);
    return peek(x);
}

int64_t SmoothMap::gap(int64_t x, const Affine& target) const { return wrapping_sub(target(x), peek(x)); }

void SmoothMap::steer(int64_t x, const Affine& target) {
    if (wrapping_sub(end_, pieces_.back().from) < piece_min) return;
    const int64_t value = peek(end_);
    // After a silence its whole length is available to close the gap in, but the gap is not overshot.
    const auto time = static_cast<double>(std::max(closing_time, wrapping_sub(x, end_)));
    const double limit = wrapping_sub(end_, began_) < settling_time ? settling_correction : correction;
    const double closing = static_cast<double>(wrapping_sub(target(end_), value)) / time;
    const double skew = target.skew + std::clamp(closing, -limit, limit);
    pieces_.push_back({end_, value, std::clamp(skew, -skew_max, skew_max)});
    if (pieces_.size() > pieces_max) pieces_.pop_front();
}

}  // namespace stt
