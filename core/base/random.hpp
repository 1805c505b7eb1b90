// SPDX-License-Identifier: LGPL-2.1-or-later
/// The source of the protocol's random bytes.
#pragma once

#include "core/base/bytes.hpp"

namespace stt {

/// Random bytes are passed in, as the time is: from libsodium's generator in production and from a seeded one
/// in simulations.
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

/// libsodium's generator: one object for the process, which any thread may use.
Random& system_random();

}  // namespace stt
