// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is said when a stream ends and its receiver has not got all of it within `drain-timeout`.
#pragma once

#include <cstdint>

#include "core/base/error.hpp"
#include "gst/metadata.hpp"

namespace stt {

enum class Reached : uint8_t;

/// The sender's error. `missing`: what the peer lacks in all. `reached`: how far a peer ever came. `caller`:
/// it is the sender that called. `timeout_ms`: `drain-timeout`; whoever set 0 has chosen not to wait, so that
/// the error is not terminal.
Error undelivered_error(const Gap& missing, Reached reached, bool caller, uint32_t timeout_ms);

/// With which the session is closed: the peer's stream ends with it.
Error cut_off_error(const Gap& missing, uint32_t timeout_ms);

}  // namespace stt
