// SPDX-License-Identifier: LGPL-2.1-or-later
/// Buffers as messages.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "gst/message_kind.hpp"
#include "gst/meta/codec.hpp"
#include "gst/owned.hpp"
#include "gst/payload_pool.hpp"

namespace stt {

/// How the payload of a message is held.
enum class Payload : uint8_t {
    referenced,  ///< the buffer's memory, which stays mapped until it has been sent and acknowledged
    copied,      ///< a copy, so that the buffer can be released as soon as it is encoded
};
/// Encodes a buffer. Error: the buffer cannot be mapped or is larger than message_payload_max, or `metas`
/// reports an error. Without `metas` the metas of the buffer are not sent.
Result<OutMessage> encode_buffer(GstBuffer* buffer, MetaEncoder* metas = nullptr,
                                 Payload payload = Payload::referenced);
/// Encodes the payload of a buffer, without its times and flags.
Result<OutMessage> encode_bytes(GstBuffer* buffer, Payload payload = Payload::referenced);

/// Decodes a message of kind buffer, which is untrusted. The buffer owns a copy of the payload in memory of
/// `payloads`. Error: malformed_message(), or there is no memory.
Result<BufferPtr> decode_buffer(const InMessage& message, MetaDecoder& decoder, PayloadPool& payloads);
/// Decodes a message of kind bytes in the same way.
Result<BufferPtr> decode_bytes(const InMessage& message, PayloadPool& payloads);

/// The fields of a message of kind buffer, apart from its payload and metas.
struct BufferHead {
    uint32_t flags = 0;
    GstClockTime pts = GST_CLOCK_TIME_NONE, dts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
    uint64_t offset = GST_BUFFER_OFFSET_NONE, offset_end = GST_BUFFER_OFFSET_NONE;
};
/// Returns null if malformed. The input is untrusted.
std::optional<BufferHead> decode_buffer_head(const InMessage& message);

}  // namespace stt
