// SPDX-License-Identifier: LGPL-2.1-or-later
/// Combines the fastest forward trip and the fastest return trip of different exchanges into one that is
/// faster than any real exchange. Its error falls in proportion to the number of exchanges, while that of an
/// average falls with the square root. Times and offsets are in seconds.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace stt {

class ClockPairs {
  public:
    struct Exchange {
        double time;  ///< middle of the exchange; ascending
        double rtt;
        double offset;
    };
    struct Pair : Exchange {
        double error;  ///< standard error of the offset, from how much slower the next fastest trips are
    };
    /// The number of exchanges from which a pair is chosen, and the number of exchanges between two pairs.
    static constexpr size_t window = 100, stride = 16;

    /// Adds an exchange and occasionally returns a pair. `line` gives the estimated offset at a time, so that
    /// the drift of the clocks between the two exchanges does not count as delay.
    std::optional<Pair> add(const Exchange& exchange, const std::function<double(double)>& line);
    void clear();
    /// Returns the best pair of `exchanges`, of which there must be at least `least`. `line` is as for add().
    static Pair best(std::span<const Exchange> exchanges, const std::function<double(double)>& line);
    static constexpr size_t least = 8;

  private:
    std::vector<Exchange> recent_;  // oldest first
    size_t fresh_ = 0;              // exchanges since the last pair
};

}  // namespace stt
