// SPDX-License-Identifier: LGPL-2.1-or-later
/// The fastest way there and the fastest way back, from different exchanges: together they make an exchange
/// faster than any there was. Its error falls with the number of exchanges, that of an average with the root
/// of it. Times and offsets are in seconds.
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
        double time;  ///< its middle; ascending
        double rtt;
        double offset;
    };
    struct Pair : Exchange {
        double error;  ///< standard error of the offset: as much as the next fastest are slower
    };
    /// How many exchanges a pair is chosen from, and after how many comes the next.
    static constexpr size_t window = 100, stride = 16;

    /// Takes in an exchange; a pair now and then. `line`: the offset as it is believed to be at a time, so
    /// that what the clocks drift between the two is not taken for delay.
    std::optional<Pair> add(const Exchange& exchange, const std::function<double(double)>& line);
    void clear();
    /// The best pair of these; `line` as above. At least `least` of them.
    static Pair best(std::span<const Exchange> exchanges, const std::function<double(double)>& line);
    static constexpr size_t least = 8;

  private:
    std::vector<Exchange> recent_;  // oldest first
    size_t fresh_ = 0;              // exchanges since the last pair
};

}  // namespace stt
