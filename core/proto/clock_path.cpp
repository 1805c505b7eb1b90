// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_path.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stt {
namespace {

constexpr size_t recent_max = 64;
/// The number of round trips after which quantiles are meaningful.
constexpr uint64_t known_after = 16;
constexpr double gate_min = 1e-3;
/// The lower quartile of a two-way exponential jitter is 0.96 of its one-way mean, so this gate passes 90 %
/// of it.
constexpr double gate_quarters = 4;

/// The number of paths remembered, including the reference.
constexpr size_t paths_max = 6;
/// A longer path is accepted after open_after seconds and open_count consecutive exchanges, and a known one
/// after the smaller retake values. After `open_anyway` seconds it is accepted in any case, as nothing better
/// will come.
constexpr double open_after = 40, open_anyway = 600, retake_after = 10;
constexpr size_t open_count = 32, retake_count = 8;
/// The number of exchanges that may wait: as many as come until open_anyway at one per second.
constexpr size_t candidates_max = 640;
constexpr double candidate_spacing = 0.5;
/// Waiting for a better bias is worthwhile as long as temperature does not change the drift.
constexpr double sure_error = 0.3e-3, open_unsure = 120;
constexpr double least_error = 0.05e-3;
constexpr double same_floor = 1e-3;
/// A bias less certain than this is no better than none.
constexpr double vague_scatter = 1e-3;
/// A reference that was too long by this much, and at least twice its present length, was measured in a
/// queue.
constexpr double queue_min = 50e-3;

double quantile(std::vector<double>& values, double q) {
    const auto at = values.begin() + static_cast<ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

}  // namespace

double ClockPath::gate() const {
    if (seen_ < known_after) return std::numeric_limits<double>::infinity();
    return std::max(gate_min, gate_quarters * quarter_);
}

double ClockPath::floor_error() const { return seen_ ? median_ / std::sqrt(static_cast<double>(seen_)) : 0; }

double ClockPath::add(double rtt) {
    double fell = 0;
    if (seen_ == 0) floor_ = rtt;
    if (rtt < floor_) {
        fell = floor_ - rtt;
        // A round trip so much shorter indicates another path, and what was learnt about the earlier one is
        // void.
        if (fell > gate()) {
            recent_.clear();
            next_ = 0;
            seen_ = 0;
        }
        floor_ = rtt;
    }
    if (++seen_ <= known_after) first_floor_ = floor_;
    if (excess(rtt) > 2 * gate()) return fell;
    if (recent_.size() < recent_max) {
        recent_.push_back(rtt);
    } else {
        recent_[next_] = rtt;
        next_ = (next_ + 1) % recent_max;
    }
    renew_quantiles();
    return fell;
}

double ClockPath::lower_floor(double rtt) {
    if (rtt >= floor_) return 0;
    const double fell = floor_ - rtt;
    floor_ = rtt;
    renew_quantiles();
    return fell;
}

void ClockPath::renew_quantiles() {
    std::vector<double> excesses(recent_.size());
    std::transform(recent_.begin(), recent_.end(), excesses.begin(), [&](double rtt) { return excess(rtt); });
    quarter_ = quantile(excesses, 0.25);
    median_ = quantile(excesses, 0.5);
}

// ---

const ClockPaths::Route& ClockPaths::at(uint64_t id) const {
    return *std::find_if(paths_.begin(), paths_.end(), [&](const Route& route) { return route.id == id; });
}

ClockPaths::Route& ClockPaths::at(uint64_t id) {
    return const_cast<Route&>(static_cast<const ClockPaths*>(this)->at(id));
}

ClockPaths::Verdict ClockPaths::judge(const Measured& measured) {
    if (paths_.empty()) {
        paths_.push_back({.id = next_id_++, .path = {}});
        current_ = paths_.front().id;
    }
    Verdict verdict;
    const Route& taken = at(current_);
    const double slack = std::max(same_floor, std::min(5 * same_floor, taken.path.median()));
    const ClockPath& reference = paths_.front().path;
    const bool shorter =
        measured.rtt < taken.path.floor() - slack || reference.excess(measured.rtt) <= reference.gate();
    if (taken.id != paths_.front().id && shorter) {
        const uint64_t left = taken.id;
        if (taken.scatter > vague_scatter) {
            verdict.forget = left;
            paths_.erase(std::find_if(paths_.begin(), paths_.end(),
                                      [&](const Route& route) { return route.id == left; }));
        }
        current_ = paths_.front().id;
    }
    const auto trusted = [&] { return at(current_).path.excess(measured.rtt) <= at(current_).path.gate(); };
    if (!trusted()) {
        consider(measured);
        if (!trusted()) {
            verdict.path = current_;
            verdict.excess = at(current_).path.excess(measured.rtt);
            return verdict;
        }
    }
    return accept(measured, verdict);
}

ClockPaths::Verdict ClockPaths::accept(const Measured& measured, Verdict verdict) {
    candidate_.clear();
    Route& route = at(current_);
    route.used = measured.time;
    const double first_floor = route.path.empty() ? measured.rtt : route.path.first_floor();
    verdict.fell = route.path.add(measured.rtt);
    verdict.trusted = true;
    verdict.path = route.id;
    verdict.excess = route.path.excess(measured.rtt);
    verdict.bias = route.bias;
    verdict.scatter = route.scatter;
    verdict.was_queue = route.id == paths_.front().id && verdict.fell > 0 &&
                        first_floor - route.path.floor() > queue_min && route.path.floor() < first_floor / 2;
    return verdict;
}

ClockPaths::Candidate ClockPaths::candidate(const Measured& measured) const {
    Candidate found;
    std::vector<double> excesses;
    found.shortest = std::numeric_limits<double>::infinity();
    for (const ClockPairs::Exchange& seen : candidate_) found.shortest = std::min(found.shortest, seen.rtt);
    for (const ClockPairs::Exchange& seen : candidate_) {
        found.path.add(seen.rtt);
        excesses.push_back(seen.rtt - found.shortest);
    }
    found.quarter = quantile(excesses, 0.25);
    double weights = 0, mean = 0, square = 0;
    for (const ClockPairs::Exchange& seen : candidate_) {
        const double spread = measured.slope * (seen.rtt - found.shortest);
        const double weight = 1 / (measured.noise * measured.noise + spread * spread);
        weights += weight;
        mean += weight * seen.offset;
        square += weight * seen.offset * seen.offset;
    }
    const double mean_offset = mean / weights;
    found.scatter = std::sqrt(std::max(0.0, square / weights - mean_offset * mean_offset));
    // Combines the average and the fastest trips, weighted by their certainty.
    const ClockPairs::Pair pair = ClockPairs::best(candidate_, [](double) { return 0.0; });
    const double pair_weight = 1 / (pair.error * pair.error + least_error * least_error);
    found.bias = (mean + pair_weight * pair.offset) / (weights + pair_weight);
    found.error = std::hypot(1 / std::sqrt(weights + pair_weight), measured.error);
    return found;
}

/// Returns whether the floor of the waiting exchanges is stable. It must be as low at the beginning as at the
/// end, and as close to the other round trips as before.
bool ClockPaths::steady(const Candidate& c) const {
    const size_t third = candidate_.size() / 3;
    double lowest = std::numeric_limits<double>::infinity(), highest = 0;
    for (size_t part = 0; part < 3; part++) {
        const auto begin = candidate_.begin() + static_cast<ptrdiff_t>(part * third);
        const auto end = part == 2 ? candidate_.end() : begin + static_cast<ptrdiff_t>(third);
        const double minimum =
            std::min_element(begin, end, [](const auto& a, const auto& b) { return a.rtt < b.rtt; })->rtt;
        lowest = std::min(lowest, minimum);
        highest = std::max(highest, minimum);
    }
    return highest - lowest <= std::max(same_floor, c.quarter) &&
           c.quarter <= 1.5 * at(current_).path.quarter() + 0.5e-3;
}

void ClockPaths::consider(const Measured& measured) {
    if (candidate_.size() >= open_count && measured.time - candidate_.back().time < candidate_spacing) return;
    if (candidate_.size() == candidates_max) candidate_.erase(candidate_.begin() + 1);
    candidate_.push_back({measured.time, measured.rtt, measured.gap});
    const double waited = measured.time - candidate_.front().time;
    if (candidate_.size() < retake_count || waited < retake_after) return;

    const Candidate c = candidate(measured);
    for (Route& route : paths_) {
        if (route.id == current_ ||
            std::abs(route.path.floor() - c.shortest) > std::max(same_floor, route.path.quarter()))
            continue;
        // The length may be that of another path, or of a queue in the other direction.
        if (std::abs(route.bias - c.bias) > same_floor + 3 * (c.error + route.scatter)) continue;
        current_ = route.id;
        return;
    }
    const bool sure = c.error <= sure_error || waited >= open_unsure;
    if (waited >= open_after && candidate_.size() >= open_count && sure && steady(c))
        open(c, measured.time, c.error);
    else if (waited >= open_anyway)
        open(c, measured.time, std::hypot(c.error, c.scatter));
}

void ClockPaths::open(const Candidate& c, double time, double scatter) {
    if (paths_.size() == paths_max)
        paths_.erase(std::min_element(paths_.begin() + 1, paths_.end(),
                                      [](const Route& a, const Route& b) { return a.used < b.used; }));
    paths_.push_back({.id = next_id_++, .path = c.path, .bias = c.bias, .scatter = scatter, .used = time});
    current_ = paths_.back().id;
}

}  // namespace stt
