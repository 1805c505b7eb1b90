// SPDX-License-Identifier: LGPL-2.1-or-later
/// The random numbers of all tests: a seed repeats them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "core/base/random.hpp"

namespace stt {

/// splitmix64, which passes the usual statistical tests. It serves as the engine's source of randomness and
/// as the generator of standard distributions.
class SeededRandom final : public Random {
  public:
    using result_type = uint64_t;

    explicit SeededRandom(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    void fill(MutableBytes out) override {
        while (!out.empty()) {
            const uint64_t value = next();
            const size_t size = std::min(out.size(), sizeof value);
            std::memcpy(out.data(), &value, size);
            out = out.subspan(size);
        }
    }
    /// Returns a number in [0, end), all equally likely; 0 if `end` is 0.
    uint64_t below(uint64_t end) { return end ? next() % end : 0; }
    /// Returns a number in [0, 1), all equally likely.
    double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    /// Returns true with this probability.
    bool chance(double probability) { return probability > 0 && fraction() < probability; }
    /// Returns another generator, with numbers of its own: whoever draws from one does not change the other.
    SeededRandom split() { return SeededRandom(next()); }

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
    result_type operator()() { return next(); }

  private:
    uint64_t state_;
};

}  // namespace stt
