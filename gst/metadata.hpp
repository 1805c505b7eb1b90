// SPDX-License-Identifier: LGPL-2.1-or-later
/// Encodes GStreamer's buffers and events as messages of a stream (docs/elements.md, "On the wire"). Each
/// message can be decoded by itself, so that a stream can resume at any of them.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <optional>
#include <variant>

#include "core/base/result.hpp"
#include "core/wire/message.hpp"
#include "gst/affine.hpp"
#include "gst/meta/codec.hpp"
#include "gst/owned.hpp"
#include "gst/payload_pool.hpp"

namespace stt {

/// The kind byte of a message.
enum class MessageKind : uint8_t {
    bytes = 0,  ///< payload only
    buffer = 1,
    caps = 2,
    segment = 3,
    flush = 4,  ///< a discontinuity: the sender has flushed, or had begun to send earlier
    gap = 5,
    tag = 6,
    toc = 7,
    protection = 8,
    custom = 9,
    force_key_unit = 10,  ///< upstream
    given_up = 11,        ///< what the sender has dropped before the next message
    timing = 12,          ///< the sender pipeline's clock and the stream's relation to it
    stream_start = 13,
    stream_collection = 14,
    segment_done = 15,
    instant_rate_change = 16,
    ended = 17,      ///< replaces something that is no longer in force
    qos = 18,        ///< upstream
    upstream = 19,   ///< upstream: NAVIGATION and custom events
    discarded = 20,  ///< upstream: what a paused receiver has discarded
    playout = 21,    ///< upstream: how long after its running time the receiver plays an item without delay
    /// Upstream: whether the receiver reads metas as GStreamer serialises them.
    reads_serialized = 22,
};

/// How the payload of a message is held.
enum class Payload : uint8_t {
    referenced,  ///< the buffer's memory, which stays mapped until it has been sent and acknowledged
    copied,      ///< a copy, so that the buffer can be released as soon as it is encoded
};
/// Encode a buffer. Error: the buffer cannot be mapped or is larger than message_payload_max, or `metas`
/// reports an error. Without `metas` the metas of the buffer are not sent.
Result<OutMessage> encode_buffer(GstBuffer* buffer, MetaEncoder* metas = nullptr,
                                 Payload payload = Payload::referenced);
Result<OutMessage> encode_bytes(GstBuffer* buffer, Payload payload = Payload::referenced);
/// Encodes a segment. `seqnum` is that of the SEGMENT event.
OutMessage encode_segment(const GstSegment& segment, uint32_t seqnum);
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
OutMessage encode_flush();
/// The data that is missing from a stream.
struct Gap {
    uint64_t buffers = 0, bytes = 0, duration = 0;  ///< duration is in ns
    bool uncertain = false;                         ///< some or all of it may have been delivered
    Gap& operator+=(const Gap& other) {
        buffers += other.buffers, bytes += other.bytes, duration += other.duration;
        uncertain = uncertain || other.uncertain;
        return *this;
    }
};
OutMessage encode_given_up(const Gap& gap);
/// Encodes an upstream message. Only decode_discarded() decodes it.
OutMessage encode_discarded(const Gap& gap);
/// Returns null if `message` is of another kind or malformed. The input is untrusted.
std::optional<Gap> decode_discarded(const InMessage& message);
/// Encodes an upstream message with the receiver's `latency`, ns.
OutMessage encode_playout(GstClockTime latency);
/// Returns null if `message` is of another kind or malformed. The input is untrusted, and the result may be
/// any number.
std::optional<GstClockTime> decode_playout(const InMessage& message);
/// Encodes an upstream message with the receiver's answer to StreamHeader::serializes.
OutMessage encode_reads_serialized(bool reads);
/// Returns null if `message` is of another kind or malformed. The input is untrusted.
std::optional<bool> decode_reads_serialized(const InMessage& message);
/// Encodes the message of kind `ended`.
OutMessage encode_ended();
/// Encodes any downstream event except SEGMENT. Null: the event is not of a type that is sent. Error: it is
/// of such a type, but cannot be encoded.
Result<std::optional<OutMessage>> encode_event(GstEvent* event);
struct DecodedSegment {
    GstSegment segment;
    uint32_t seqnum = 0;  ///< the sender's sequence number
};
struct DecodedFlush {};
/// A message of a kind that this version does not know. The caller skips it.
struct DecodedUnknown {};

/// The result of decoding. A buffer owns a copy of the payload.
using Decoded = std::variant<BufferPtr, EventPtr, DecodedSegment, Timing, DecodedFlush, Gap, DecodedUnknown>;

/// Decodes a downstream message, which is untrusted. A malformed message is the error invalid_frame. Without
/// `metas` those of a buffer are ignored. The memory of a buffer is from `pool`, if there is one.
Result<Decoded> decode(const InMessage& message, MetaDecoder* metas = nullptr, PayloadPool* pool = nullptr);

/// The fields of a message of kind buffer, apart from its payload and metas.
struct BufferHead {
    uint32_t flags = 0;
    GstClockTime pts = GST_CLOCK_TIME_NONE, dts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
    uint64_t offset = GST_BUFFER_OFFSET_NONE, offset_end = GST_BUFFER_OFFSET_NONE;
};
/// Returns null if malformed. The input is untrusted.
std::optional<BufferHead> decode_buffer_head(const InMessage& message);

/// The description of a stream that STREAM_OPEN carries.
struct StreamHeader {
    uint64_t instance =
        0;  ///< identifies one run of a sender; running times of different runs cannot be compared
    bool bytes = false;  ///< framing=bytes
    std::string label;   ///< UTF-8, at most label_max bytes
    /// Whether the sender can send metas as GStreamer serialises them, if the receiver reports that it reads
    /// them.
    bool serializes = false;
};
inline constexpr size_t label_max = 512;
std::vector<uint8_t> encode(const StreamHeader& header);
/// Returns null if malformed. The input is untrusted.
std::optional<StreamHeader> decode_stream_header(Bytes bytes);

}  // namespace stt
