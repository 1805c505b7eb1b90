// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <random>

#include "core/base/random.hpp"

namespace stt {

/// Random bytes that a seed reproduces.
class TestRandom final : public Random {
  public:
    explicit TestRandom(uint64_t seed) : engine_(seed) {}
    void fill(MutableBytes out) override {
        for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_());
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace stt
