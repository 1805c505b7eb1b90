// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/random.hpp"

#include <sodium.h>

#include <cstdlib>

namespace stt {
namespace {

class SystemRandom final : public Random {
  public:
    // sodium_init() fails only when the kernel has no source of randomness, and then nothing is secure.
    SystemRandom() {
        if (sodium_init() < 0) std::abort();
    }
    void fill(MutableBytes out) override { randombytes_buf(out.data(), out.size()); }
};

}  // namespace

Random& system_random() {
    static SystemRandom random;
    return random;
}

}  // namespace stt
