// SPDX-License-Identifier: LGPL-2.1-or-later
/// A straight line through the measured offsets, each weighted by its reliability. Times and offsets are in
/// seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stt {

class ClockFit {
  public:
    struct Point {
        double time;     ///< ascending
        double offset;   ///< minus the path's bias
        double excess;   ///< round trip minus the path's floor
        double scatter;  ///< standard error, apart from the effect of the excess
        uint64_t path;
        double share = 1;  ///< share of the weight of an independent point
    };
    /// Prior knowledge of the drift.
    struct Prior {
        double drift, sigma;
    };

    void add(const Point& point);
    /// Adds a point that is made of other points, which several such points share.
    void add_pair(Point point);
    void clear() { points_.clear(); }
    /// The path's floor was found to be lower by `by`.
    void raise_excess(uint64_t path, double by);
    /// Drops the points of a path.
    void forget(uint64_t path);
    /// Fits the line at `now`. `floor_error` is by how much a floor may still be too high.
    void solve(double now, const Prior& prior, double floor_error);

    bool empty() const { return points_.empty(); }
    const std::vector<Point>& points() const { return points_; }
    double at(double time) const { return offset_ + drift_ * (time - time_); }
    /// Returns the standard error of at(time).
    double sigma_at(double time) const;
    double drift() const { return drift_; }
    double drift_sigma() const;
    /// noise() is the standard deviation of an offset without excess. slope() is how much an excess adds to
    /// it, per second of excess.
    double noise() const;
    double slope() const { return slope_; }

  private:
    void insert(const Point& point);
    double variance(const Point& point, double floor_error) const;
    void learn_noise(double floor_error);

    std::vector<Point> points_;  // oldest first
    double time_ = 0, offset_ = 0, drift_ = 0;
    // Covariance of offset_ and drift_.
    double var_offset_ = 0, covariance_ = 0, var_drift_ = 0;
    double learnt_ = 0;   // variance in addition to the least error of reading clocks
    double slope_ = 0.3;  // an excess split evenly between both directions gives 1 / sqrt(12)
};

}  // namespace stt
