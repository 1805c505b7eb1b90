// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is said when a stream ends and its receiver has not got all of it within `drain-timeout`.
#pragma once

#include <cstdint>

#include "core/base/error.hpp"
#include "gst/metadata.hpp"

namespace stt {

/// How far the sender had come with its peer.
enum class PeerReached : uint8_t { yes, nobody_called, never };

/// The sender's error. `missing`: what it lacks in all. `timeout_ms`: `drain-timeout`; whoever set 0 has
/// chosen not to wait, so that it does not end anything.
Error undelivered_error(const Gap& missing, PeerReached reached, uint32_t timeout_ms);

/// The same as the peer is told it, whose stream ends with it.
Error cut_off_error(const Gap& missing, uint32_t timeout_ms);

}  // namespace stt
