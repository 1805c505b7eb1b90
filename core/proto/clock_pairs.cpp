// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace stt {
namespace {

/// In seconds. An unknown drift distorts pairs of trips that are further apart.
constexpr double age_max = 100;
/// The number of trips whose spacing shows how far the fastest is above the floor.
constexpr size_t spaced = 6;

struct Way {
    double delay, time;
};

/// Puts the fastest trips first in ascending order, and returns their average spacing.
double sort_fastest(std::vector<Way>& ways) {
    std::partial_sort(ways.begin(), ways.begin() + spaced, ways.end(),
                      [](const Way& a, const Way& b) { return a.delay < b.delay; });
    return (ways[spaced - 1].delay - ways[0].delay) / (spaced - 1);
}

}  // namespace

void ClockPairs::clear() {
    recent_.clear();
    fresh_ = 0;
}

std::optional<ClockPairs::Pair> ClockPairs::add(const Exchange& exchange,
                                                const std::function<double(double)>& line) {
    recent_.push_back(exchange);
    const auto fresh = std::find_if(recent_.begin(), recent_.end(),
                                    [&](const Exchange& old) { return exchange.time - old.time <= age_max; });
    recent_.erase(recent_.begin(), recent_.size() > window ? std::max(fresh, recent_.begin() + 1) : fresh);
    if (++fresh_ < stride) return std::nullopt;
    fresh_ = 0;
    if (recent_.size() < least) return std::nullopt;
    return best(recent_, line);
}

ClockPairs::Pair ClockPairs::best(std::span<const Exchange> exchanges,
                                  const std::function<double(double)>& line) {
    std::vector<Way> there, back;
    for (const Exchange& each : exchanges) {
        const double off = each.offset - line(each.time);
        there.push_back({each.rtt / 2 + off, each.time});
        back.push_back({each.rtt / 2 - off, each.time});
    }
    const double error = std::hypot(sort_fastest(there), sort_fastest(back)) / 2;
    // The offset is affected by the line at either time. In the middle between them, a wrong drift cancels
    // out.
    const double time = (there[0].time + back[0].time) / 2;
    Pair pair;
    pair.time = time;
    pair.rtt = there[0].delay + back[0].delay;
    pair.offset = line(time) + (there[0].delay - back[0].delay) / 2;
    pair.error = error;
    return pair;
}

}  // namespace stt
