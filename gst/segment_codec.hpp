// SPDX-License-Identifier: LGPL-2.1-or-later
/// SEGMENT events as messages.
#pragma once

#include <gst/gst.h>

#include "gst/message_kind.hpp"

namespace stt {

/// Encodes a segment. `seqnum` is that of the SEGMENT event.
OutMessage encode_segment(const GstSegment& segment, uint32_t seqnum);

struct DecodedSegment {
    GstSegment segment;
    uint32_t seqnum = 0;  ///< the sender's sequence number
};
/// Decodes a message of kind segment, which is untrusted. The error is malformed_message().
Result<DecodedSegment> decode_segment(const InMessage& message);

}  // namespace stt
