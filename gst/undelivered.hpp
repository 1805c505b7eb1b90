// SPDX-License-Identifier: LGPL-2.1-or-later
/// The errors for a stream that ends before its receiver has got all of it within `drain-timeout`.
#pragma once

#include <cstdint>

#include "core/base/error.hpp"
#include "gst/awaited_peer.hpp"
#include "gst/gap.hpp"

namespace stt {

/// Returns the sender's error. `missing` is the total that the peer lacks, `reached` how far a peer ever got.
/// `caller` says whether the sender is the caller. `timeout_ms` is `drain-timeout`; with 0 the user has
/// chosen not to wait, so that the error is not terminal and says only what no peer has confirmed.
Error undelivered_error(const Gap& missing, Reached reached, bool caller, uint32_t timeout_ms);

/// Returns the error with which the session is closed, and which ends the peer's stream.
Error cut_off_error(const Gap& missing, uint32_t timeout_ms);

}  // namespace stt
