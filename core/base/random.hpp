// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where the protocol's random bytes come from.
#pragma once

#include "core/base/bytes.hpp"

namespace stt {

/// Handed in like the time: libsodium's generator in production, a seeded one in simulations.
class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(MutableBytes out) = 0;

    uint64_t u64() {
        uint64_t value;
        fill({reinterpret_cast<uint8_t*>(&value), sizeof value});
        return value;
    }
};

/// libsodium's generator. One object for the process; safe on every thread.
Random& system_random();

}  // namespace stt
