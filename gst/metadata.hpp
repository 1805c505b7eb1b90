// SPDX-License-Identifier: LGPL-2.1-or-later
/// What GStreamer's buffers and events look like as messages of a stream (docs/elements.md, "On the wire").
/// Every message can be understood by itself, so that a stream can start again at any of them.
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

namespace stt {

/// A message's kind byte.
enum class MessageKind : uint8_t {
    bytes = 0,  ///< payload only
    buffer = 1,
    caps = 2,
    segment = 3,
    flush = 4,  ///< what follows does not go on from before: the sender flushed, or had begun earlier
    gap = 5,
    tag = 6,
    toc = 7,
    protection = 8,
    custom = 9,
    force_key_unit = 10,  ///< against the stream's direction
    given_up = 11,        ///< what the sender had to give up before what follows
    timing = 12,          ///< the sender pipeline's clock, and how its stream relates to it
    stream_start = 13,
    stream_collection = 14,
    segment_done = 15,
    instant_rate_change = 16,
    ended = 17,      ///< in place of something that is not in force any longer
    qos = 18,        ///< against the stream's direction
    upstream = 19,   ///< the same: NAVIGATION and custom events
    discarded = 20,  ///< the same: what a paused receiver had to discard
    playout = 21,    ///< the same: how long after its time the receiver plays an item that was not delayed
    /// The same: whether the receiver reads metas as GStreamer serialises them.
    reads_serialized = 22,
};

/// What a message's payload is.
enum class Payload : uint8_t {
    referenced,  ///< the buffer's memory, which stays mapped until it has been sent and acknowledged
    copied,      ///< memory of its own: the buffer is free as soon as it is encoded
};
/// Encoding.
/// Error: the buffer cannot be mapped, or is larger than message_payload_max, or `metas` says so. Without
/// `metas` those of the buffer do not travel.
Result<OutMessage> encode_buffer(GstBuffer* buffer, MetaEncoder* metas = nullptr,
                                 Payload payload = Payload::referenced);
Result<OutMessage> encode_bytes(GstBuffer* buffer, Payload payload = Payload::referenced);
/// `seqnum`: of the SEGMENT event.
OutMessage encode_segment(const GstSegment& segment, uint32_t seqnum);
/// How the times of what follows are to be understood. Another one replaces it.
struct Timing {
    uint64_t epoch = 0;          ///< epoch_of() the sender pipeline's clock; 0: it has none
    bool live = false;           ///< captured as it happens: what is late is of no use
    GstClockTime base_time = 0;  ///< running time plus this is the time of the sender pipeline's clock
    GstClockTime latency = 0;    ///< of the sender pipeline: how long after its time an item leaves, ns
    Affine clock{};              ///< the clock's time as a function of the sender's CLOCK_MONOTONIC
    bool operator==(const Timing&) const = default;
};
OutMessage encode_timing(const Timing& timing);
OutMessage encode_flush();
/// What is missing from a stream.
struct Gap {
    uint64_t buffers = 0, bytes = 0, duration = 0;  ///< duration in ns
    bool uncertain = false;                         ///< some or all of it may have arrived after all
    Gap& operator+=(const Gap& other) {
        buffers += other.buffers, bytes += other.bytes, duration += other.duration;
        uncertain = uncertain || other.uncertain;
        return *this;
    }
};
OutMessage encode_given_up(const Gap& gap);
/// Against the stream's direction; decoded by decode_discarded() only.
OutMessage encode_discarded(const Gap& gap);
/// Null: not such a message, or a malformed one. Untrusted.
std::optional<Gap> decode_discarded(const InMessage& message);
/// The receiver's `latency`, ns; against the stream's direction, too.
OutMessage encode_playout(GstClockTime latency);
/// Null: not such a message, or a malformed one. Untrusted; what is said may be any number.
std::optional<GstClockTime> decode_playout(const InMessage& message);
/// The receiver's answer to StreamHeader::serializes; against the stream's direction, too.
OutMessage encode_reads_serialized(bool reads);
/// Null: not such a message, or a malformed one. Untrusted.
std::optional<bool> decode_reads_serialized(const InMessage& message);
/// Of what said `ended`.
OutMessage encode_ended();
/// All events that go downstream, SEGMENT excepted. Null: not one that is carried. Error: one that is, but
/// cannot be written down.
Result<std::optional<OutMessage>> encode_event(GstEvent* event);
struct DecodedSegment {
    GstSegment segment;
    uint32_t seqnum = 0;  ///< the sender's
};
struct DecodedFlush {};
/// A message of a kind this version does not know: to be stepped over.
struct DecodedUnknown {};

/// A buffer has a copy of the payload in memory of its own.
using Decoded = std::variant<BufferPtr, EventPtr, DecodedSegment, Timing, DecodedFlush, Gap, DecodedUnknown>;

/// Reads a message of the stream's direction: untrusted. Error invalid_frame when it is malformed. Without
/// `metas` those of a buffer are stepped over.
Result<Decoded> decode(const InMessage& message, MetaDecoder* metas = nullptr);

/// What a message of kind buffer says beside its payload and metas.
struct BufferHead {
    uint32_t flags = 0;
    GstClockTime pts = GST_CLOCK_TIME_NONE, dts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
    uint64_t offset = GST_BUFFER_OFFSET_NONE, offset_end = GST_BUFFER_OFFSET_NONE;
};
/// Null: malformed. Untrusted.
std::optional<BufferHead> decode_buffer_head(const InMessage& message);

/// What STREAM_OPEN carries about the stream.
struct StreamHeader {
    uint64_t instance = 0;  ///< names one run of a sender: running times of different runs do not compare
    bool bytes = false;     ///< framing
    std::string label;      ///< UTF-8, at most label_max bytes
    /// The sender can write metas as GStreamer serialises them, to a receiver that says that it reads them.
    bool serializes = false;
};
inline constexpr size_t label_max = 512;
std::vector<uint8_t> encode(const StreamHeader& header);
/// Null when it is malformed.
std::optional<StreamHeader> decode_stream_header(Bytes bytes);

}  // namespace stt
