// SPDX-License-Identifier: LGPL-2.1-or-later
/// A clock that can be read per buffer or per message.
#pragma once

#include <cstdint>
#include <ctime>

namespace stt {

/// Returns CLOCK_MONOTONIC_COARSE, ns. It lags CLOCK_MONOTONIC by some milliseconds, but reading it a million
/// times per second is cheap. Callable from any thread.
inline int64_t coarse_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace stt
