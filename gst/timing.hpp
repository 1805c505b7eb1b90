// SPDX-License-Identifier: LGPL-2.1-or-later
/// How the times of a stream relate to the sender's clocks, and the message with it.
#pragma once

#include <gst/gst.h>

#include "gst/affine.hpp"
#include "gst/message_kind.hpp"

namespace stt {

/// How the times of the following messages are to be understood. It is in force until the next one.
struct Timing {
    uint64_t epoch = 0;          ///< epoch_of() the sender pipeline's clock; 0: the pipeline has no clock
    bool live = false;           ///< captured as it happens, so that late data is of no use
    GstClockTime base_time = 0;  ///< running time plus this is the time of the sender pipeline's clock, ns
    GstClockTime latency =
        0;           ///< of the sender pipeline: how long after its running time an item is sent, ns
    Affine clock{};  ///< time of that clock as a function of the sender's CLOCK_MONOTONIC
    bool operator==(const Timing&) const = default;
};

OutMessage encode_timing(const Timing& timing);
/// Decodes a message of kind timing, which is untrusted. The error is malformed_message().
Result<Timing> decode_timing(const InMessage& message);

}  // namespace stt
