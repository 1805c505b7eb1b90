// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sums of times that a peer may have made up: they wrap round where plain ones would be undefined.
#pragma once

#include <cstdint>

namespace stt {

constexpr int64_t wrapping_add(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
constexpr int64_t wrapping_sub(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

}  // namespace stt
