// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/proto/clock_line.hpp"
#include "core/proto/clock_pairs.hpp"

namespace stt {
namespace {

constexpr size_t points_max = 200;
constexpr double age_max = 250;
/// In seconds. With this memory, a drift that changes by 3 ppm in ten minutes bends the line by at most 0.3
/// ms.
constexpr double memory = 100;
/// Half of the points may come at any rate. Beyond that, several sessions with one peer must not shorten the
/// time that the points span.
constexpr size_t points_fast = 100;
constexpr double spacing = 0.5;

constexpr double pair_share =
    static_cast<double>(ClockPairs::stride) / static_cast<double>(ClockPairs::window);

/// The effect of an excess that is split evenly between both directions: 1 / sqrt(12).
constexpr double slope_even = 0.289;
constexpr double least_noise = 0.05e-3;
constexpr size_t learn_from = 40;
constexpr double learn_rate = 0.02;
constexpr double slope_min = 0.05, slope_max = 0.5;

}  // namespace

void ClockFit::add(const Point& point) {
    if (points_.size() >= points_fast && point.time - points_.back().time < spacing) {
        if (point.excess >= points_.back().excess) return;
        points_.pop_back();
    }
    insert(point);
}

void ClockFit::add_pair(Point point) {
    point.share = pair_share;
    insert(point);
}

void ClockFit::insert(const Point& point) {
    const auto fresh = std::find_if(points_.begin(), points_.end(),
                                    [&](const Point& old) { return point.time - old.time <= age_max; });
    points_.erase(points_.begin(), fresh);
    if (points_.size() == points_max) points_.erase(points_.begin());
    points_.push_back(point);
}

void ClockFit::raise_excess(uint64_t path, double by) {
    for (Point& point : points_)
        if (point.path == path) point.excess += by;
}

void ClockFit::forget(uint64_t path) {
    std::erase_if(points_, [&](const Point& point) { return point.path == path; });
}

double ClockFit::noise() const { return std::sqrt(least_noise * least_noise + learnt_); }

double ClockFit::variance(const Point& point, double floor_error) const {
    if (point.share < 1) {
        // Where an excess says little about the offset, a short round trip says no more.
        const double error = point.scatter * std::max(1.0, slope_even / slope_);
        return least_noise * least_noise + error * error;
    }
    const double spread = slope_ * (point.excess + floor_error);
    return least_noise * least_noise + learnt_ + point.scatter * point.scatter + spread * spread;
}

void ClockFit::solve(double now, const Prior& prior, double floor_error) {
    if (points_.empty()) return;
    // The sums are relative to the newest point, so that no large values cancel.
    const double origin = points_.back().offset;
    double w = 0, wx = 0, wxx = 1 / (prior.sigma * prior.sigma), wy = 0, wxy = prior.drift * wxx;
    for (const Point& point : points_) {
        const double x = point.time - now, y = point.offset - origin;
        const double weight = point.share * std::exp(x / memory) / variance(point, floor_error);
        w += weight;
        wx += weight * x;
        wxx += weight * x * x;
        wy += weight * y;
        wxy += weight * x * y;
    }
    const double determinant = w * wxx - wx * wx;
    time_ = now;
    offset_ = origin + (wxx * wy - wx * wxy) / determinant;
    drift_ = std::clamp((w * wxy - wx * wy) / determinant, -clock_drift_max, clock_drift_max);
    var_offset_ = wxx / determinant;
    covariance_ = -wx / determinant;
    var_drift_ = w / determinant;
    learn_noise(floor_error);
}

double ClockFit::sigma_at(double time) const {
    const double x = time - time_;
    return std::sqrt(std::max(0.0, var_offset_ + 2 * covariance_ * x + var_drift_ * x * x));
}

double ClockFit::drift_sigma() const { return std::sqrt(var_drift_); }

/// The deviations of points near the floor and far from it show how an excess affects an offset.
void ClockFit::learn_noise(double floor_error) {
    if (points_.size() < learn_from) return;
    std::vector<double> excesses(points_.size());
    std::transform(points_.begin(), points_.end(), excesses.begin(),
                   [](const Point& point) { return point.excess; });
    const auto quantile = [&](size_t at) {
        std::nth_element(excesses.begin(), excesses.begin() + static_cast<ptrdiff_t>(at), excesses.end());
        return excesses[at];
    };
    const double low = quantile(excesses.size() / 4), high = quantile(excesses.size() / 2);
    double near = 0, near_excess = 0, far = 0, far_excess = 0;
    size_t near_count = 0, far_count = 0;
    for (const Point& point : points_) {
        if (point.share < 1) continue;
        const double off = point.offset - at(point.time), e = point.excess + floor_error;
        if (point.excess <= low) {
            near += off * off;
            near_excess += e * e;
            near_count++;
        } else if (point.excess <= high) {
            far += off * off;
            far_excess += e * e;
            far_count++;
        }
    }
    if (near_count == 0 || far_count == 0) return;
    near /= static_cast<double>(near_count);
    near_excess /= static_cast<double>(near_count);
    far /= static_cast<double>(far_count);
    far_excess /= static_cast<double>(far_count);
    const double lever = far_excess - near_excess;
    if (lever <= 0) return;
    const double slope = std::sqrt(std::max(0.0, (far - near) / lever));
    slope_ += learn_rate * (std::clamp(slope, slope_min, slope_max) - slope_);
    const double rest = near - slope_ * slope_ * near_excess - least_noise * least_noise;
    learnt_ += learn_rate * (std::max(0.0, rest) - learnt_);
}

}  // namespace stt
