// SPDX-License-Identifier: LGPL-2.1-or-later
/// A clock for what happens per buffer or per message.
#pragma once

#include <cstdint>
#include <ctime>

namespace stt {

/// CLOCK_MONOTONIC_COARSE, ns: some milliseconds behind CLOCK_MONOTONIC, and cheap enough to be read a
/// million times a second. Any thread.
inline int64_t coarse_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace stt
