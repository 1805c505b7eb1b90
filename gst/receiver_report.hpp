// SPDX-License-Identifier: LGPL-2.1-or-later
/// Upstream messages with what a sender needs to know of its receiver.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "gst/message_kind.hpp"

namespace stt {

/// Encodes the receiver's `latency`, ns.
OutMessage encode_playout(GstClockTime latency);
/// Returns null if `message` is of another kind or malformed. The input is untrusted, and the result may be
/// any number.
std::optional<GstClockTime> decode_playout(const InMessage& message);

/// Encodes the receiver's answer to StreamHeader::serializes.
OutMessage encode_reads_serialized(bool reads);
/// Returns null if `message` is of another kind or malformed. The input is untrusted.
std::optional<bool> decode_reads_serialized(const InMessage& message);

}  // namespace stt
