// SPDX-License-Identifier: LGPL-2.1-or-later
/// Error codes as frames and packets carry them.
#pragma once

#include "core/base/error.hpp"

namespace stt {

/// The number of `code` on the wire.
constexpr uint16_t wire_code(ErrorCode code) { return static_cast<uint16_t>(code); }

}  // namespace stt
