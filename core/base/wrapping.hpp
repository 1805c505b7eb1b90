// SPDX-License-Identifier: LGPL-2.1-or-later
/// Arithmetic on times that a peer may have made up: it wraps around where plain signed arithmetic would be
/// undefined.
#pragma once

#include <cstdint>

namespace stt {

constexpr int64_t wrapping_add(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
constexpr int64_t wrapping_sub(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

/// The absolute value, exact also for the most negative number.
constexpr uint64_t magnitude(int64_t a) {
    return a < 0 ? uint64_t{0} - static_cast<uint64_t>(a) : static_cast<uint64_t>(a);
}

}  // namespace stt
