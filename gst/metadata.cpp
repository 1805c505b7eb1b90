// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/metadata.hpp"

#include <array>
#include <cmath>

#include "core/base/text.hpp"
#include "gst/event_text.hpp"
#include "gst/numbers.hpp"
#include "gst/slice_allocator.hpp"

namespace stt {
namespace {

/// Bits of the first byte of a buffer's header. They say which fields follow, in this order.
enum : uint8_t {
    has_flags = 1,
    has_pts = 2,
    has_dts = 4,  ///< relative to the PTS if there is one
    has_duration = 8,
    has_offset = 16,
    has_offset_end = 32,  ///< relative to the offset if there is one
    has_metas = 64,       ///< up to the end of the header
};

/// Flags whose meaning is the same on another host. TAG_MEMORY and SYNC_AFTER concern the sender's memory.
constexpr uint32_t carried_flags =
    GST_BUFFER_FLAG_LIVE | GST_BUFFER_FLAG_DECODE_ONLY | GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_RESYNC |
    GST_BUFFER_FLAG_CORRUPTED | GST_BUFFER_FLAG_MARKER | GST_BUFFER_FLAG_HEADER | GST_BUFFER_FLAG_GAP |
    GST_BUFFER_FLAG_DROPPABLE | GST_BUFFER_FLAG_DELTA_UNIT | GST_BUFFER_FLAG_NON_DROPPABLE |
    ~(static_cast<uint32_t>(GST_BUFFER_FLAG_LAST) - 1);  // flags that are specific to a media type

/// One byte of presence bits, then six numbers of at most nine bytes each.
constexpr size_t buffer_header_max = 1 + 6 * 9;

Error malformed(std::string text) {
    return make_error(ErrorCode::invalid_frame, Reason::malformed_message, ErrorOrigin::peer, std::move(text))
        .ending();
}

Error unsendable(Reason reason, std::string text) {
    return make_error(ErrorCode::none, reason, ErrorOrigin::local, std::move(text)).ending();
}

Error no_memory() {
    return make_error(ErrorCode::resource_exhausted, Reason::memory, ErrorOrigin::local,
                      tr("no memory for a received buffer"))
        .ending();
}

/// Keeps a buffer mapped, and holds the head of its message in the same allocation.
struct MappedBuffer {
    explicit MappedBuffer(BufferPtr mapped) : buffer(mapped.release()) {}
    MappedBuffer(const MappedBuffer&) = delete;
    MappedBuffer& operator=(const MappedBuffer&) = delete;
    ~MappedBuffer() {
        if (info.memory) gst_buffer_unmap(buffer, &info);
        gst_buffer_unref(buffer);
    }
    GstBuffer* buffer;
    GstMapInfo info = GST_MAP_INFO_INIT;
    std::array<uint8_t, message_prefix_max + buffer_header_max> head;
    std::vector<uint8_t> long_head;  ///< replaces `head` if there are metas
};

BufferPtr copy_memory(GstBuffer* buffer) {
    constexpr auto memory = static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_MEMORY | GST_BUFFER_COPY_DEEP);
    return BufferPtr(gst_buffer_copy_region(buffer, memory, 0, static_cast<gsize>(-1)));
}

Result<OutMessage> with_payload(uint8_t kind, Bytes header, GstBuffer* buffer, Payload kept) {
    BufferPtr held(kept == Payload::copied ? copy_memory(buffer) : BufferPtr(gst_buffer_ref(buffer)));
    if (!held) return unsendable(Reason::not_mappable, tr("a buffer could not be copied"));
    auto owner = std::allocate_shared<MappedBuffer>(SliceAllocator<MappedBuffer>(), std::move(held));
    if (gst_buffer_n_memory(owner->buffer) > 0) {
        if (!gst_buffer_map(owner->buffer, &owner->info, GST_MAP_READ))
            return unsendable(Reason::not_mappable, tr("a buffer could not be mapped for reading"));
        if (owner->info.size > message_payload_max)
            return unsendable(Reason::too_large, tr("a buffer of %zu bytes exceeds the limit of 64 MiB",
                                                    size_t{owner->info.size}));
    }
    const Bytes payload(owner->info.data, owner->info.size);
    if (header.size() <= buffer_header_max) {
        ByteWriter head(owner->head);
        write_head(head, kind, header, payload.size());
        return OutMessage{std::move(owner), head.written(), payload};
    }
    owner->long_head = encode_head(kind, header, payload.size());
    const Bytes head(owner->long_head);
    return OutMessage{std::move(owner), head, payload};
}

OutMessage header_only(MessageKind kind, Bytes header) {
    return OutMessage::copy_of(static_cast<uint8_t>(kind), header);
}

BufferPtr buffer_of(const InMessage& message, PayloadPool* pool) {
    size_t size = 0;
    for (const Chunk& chunk : message.payload) size += chunk.size();
    if (size == 0) return BufferPtr(gst_buffer_new());
    BufferPtr buffer = pool ? pool->get(size) : BufferPtr(gst_buffer_new_allocate(nullptr, size, nullptr));
    if (!buffer) return buffer;
    GstMapInfo info;
    if (!gst_buffer_map(buffer.get(), &info, GST_MAP_WRITE)) return nullptr;
    uint8_t* to = info.data;
    for (const Chunk& chunk : message.payload) {
        std::memcpy(to, chunk.bytes().data(), chunk.size());
        to += chunk.size();
    }
    gst_buffer_unmap(buffer.get(), &info);
    return buffer;
}

/// `metas` is set to the rest of the header. Returns false if malformed.
bool read_head(const InMessage& message, BufferHead& head, Bytes& metas) {
    ByteReader in{Bytes(message.header)};
    const uint8_t present = in.u8();
    if (present & has_flags) head.flags = static_cast<uint32_t>(read_number(in)) & carried_flags;
    if (present & has_pts) head.pts = read_number(in);
    if (present & has_dts) head.dts = present & has_pts ? head.pts + read_difference(in) : read_number(in);
    if (present & has_duration) head.duration = read_number(in);
    if (present & has_offset) head.offset = read_number(in);
    if (present & has_offset_end)
        head.offset_end = present & has_offset ? head.offset + read_difference(in) : read_number(in);
    metas = present & has_metas ? in.rest() : Bytes();
    return in.ok() && in.empty();
}

Result<Decoded> decode_buffer(const InMessage& message, MetaDecoder* decoder, PayloadPool* pool) {
    BufferPtr owned = buffer_of(message, pool);
    if (!owned) return no_memory();
    GstBuffer* buffer = owned.get();
    BufferHead head;
    Bytes metas;
    if (!read_head(message, head, metas)) return malformed(tr("the peer sent a malformed buffer header"));
    GST_BUFFER_FLAG_SET(buffer, head.flags);
    GST_BUFFER_PTS(buffer) = head.pts;
    GST_BUFFER_DTS(buffer) = head.dts;
    GST_BUFFER_DURATION(buffer) = head.duration;
    GST_BUFFER_OFFSET(buffer) = head.offset;
    GST_BUFFER_OFFSET_END(buffer) = head.offset_end;
    if (decoder && !decoder->decode(metas, buffer))
        return malformed(tr("the peer sent a buffer with a malformed meta"));
    return Decoded(std::move(owned));
}

std::optional<Gap> read_gap(ByteReader in) {
    Gap gap;
    for (uint64_t* field : {&gap.buffers, &gap.bytes, &gap.duration}) *field = read_number(in);
    gap.uncertain = in.u8() != 0;
    if (!in.ok() || !in.empty()) return std::nullopt;
    return gap;
}

Result<Decoded> decode_given_up(ByteReader in) {
    if (const std::optional<Gap> gap = read_gap(in)) return Decoded(*gap);
    return malformed(tr("the peer sent a malformed gap report"));
}

OutMessage encode_gap(MessageKind kind, const Gap& gap) {
    std::array<uint8_t, 3 * 9 + 1> space;
    ByteWriter out(space);
    for (const uint64_t field : {gap.buffers, gap.bytes, gap.duration}) write_number(out, field);
    out.u8(gap.uncertain);
    return header_only(kind, out.written());
}

/// A segment that plays backwards is counted from its end.
bool has_end(const GstSegment& segment) {
    return segment.stop != GST_CLOCK_TIME_NONE && segment.stop >= segment.offset;
}

bool sane(double rate) { return std::isfinite(rate) && rate != 0; }

Result<Decoded> decode_segment(ByteReader in) {
    const uint32_t seqnum = in.u32();
    GstSegment segment;
    const uint64_t format = read_number(in);
    if (format == GST_FORMAT_UNDEFINED || format > GST_FORMAT_PERCENT)
        return malformed(tr("the peer sent a malformed segment"));
    gst_segment_init(&segment, static_cast<GstFormat>(format));
    segment.flags = static_cast<GstSegmentFlags>(in.u32());
    segment.rate = read_double(in);
    segment.applied_rate = read_double(in);
    for (uint64_t* field : {&segment.base, &segment.offset, &segment.start, &segment.stop, &segment.time,
                            &segment.position, &segment.duration})
        *field = read_number(in);
    const bool ok = in.ok() && in.empty() && sane(segment.rate) && sane(segment.applied_rate) &&
                    segment.start != GST_CLOCK_TIME_NONE && segment.base != GST_CLOCK_TIME_NONE &&
                    segment.offset != GST_CLOCK_TIME_NONE && segment.stop >= segment.start &&
                    (segment.rate > 0 || has_end(segment));
    if (!ok) return malformed(tr("the peer sent a malformed segment"));
    return Decoded(DecodedSegment{segment, seqnum});
}

/// The largest skew of a clock that plays media. A pipeline could not follow a clock that is further off.
constexpr double clock_skew_max = 0.05;
/// The largest latency of a pipeline. The receiver's pipeline would have to wait for as long.
constexpr GstClockTime pipeline_latency_max = 3600 * GST_SECOND;

Result<Decoded> decode_timing(ByteReader in) {
    Timing timing;
    timing.live = in.u8() != 0;
    timing.epoch = in.u64();
    timing.base_time = read_number(in);
    timing.latency = read_number(in);
    timing.clock.from = static_cast<int64_t>(read_number(in));
    timing.clock.to = static_cast<int64_t>(read_number(in));
    timing.clock.skew = read_double(in);
    const bool ok = in.ok() && in.empty() && GST_CLOCK_TIME_IS_VALID(timing.base_time) &&
                    timing.latency <= pipeline_latency_max &&
                    std::abs(timing.clock.skew) <= clock_skew_max;  // false for NaN, too
    if (!ok) return malformed(tr("the peer sent a malformed timing message"));
    return Decoded(timing);
}

}  // namespace

Result<OutMessage> encode_buffer(GstBuffer* buffer, MetaEncoder* encoder, Payload payload) {
    Bytes metas;
    if (encoder) {
        const Result<Bytes> encoded = encoder->encode(buffer);
        if (!encoded) return encoded.error();
        metas = *encoded;
    }
    std::array<uint8_t, buffer_header_max> space;
    ByteWriter out(space);
    const uint32_t flags = GST_BUFFER_FLAGS(buffer) & carried_flags;
    const GstClockTime pts = GST_BUFFER_PTS(buffer), dts = GST_BUFFER_DTS(buffer);
    const uint64_t duration = GST_BUFFER_DURATION(buffer), offset = GST_BUFFER_OFFSET(buffer),
                   offset_end = GST_BUFFER_OFFSET_END(buffer);
    const bool has_time = GST_CLOCK_TIME_IS_VALID(pts), has_place = offset != GST_BUFFER_OFFSET_NONE;
    out.u8(static_cast<uint8_t>(
        (flags ? has_flags : 0) | (has_time ? has_pts : 0) | (GST_CLOCK_TIME_IS_VALID(dts) ? has_dts : 0) |
        (GST_CLOCK_TIME_IS_VALID(duration) ? has_duration : 0) | (has_place ? has_offset : 0) |
        (offset_end != GST_BUFFER_OFFSET_NONE ? has_offset_end : 0) | (metas.empty() ? 0 : has_metas)));
    if (flags) write_number(out, flags);
    if (has_time) write_number(out, pts);
    if (GST_CLOCK_TIME_IS_VALID(dts)) has_time ? write_difference(out, dts - pts) : write_number(out, dts);
    if (GST_CLOCK_TIME_IS_VALID(duration)) write_number(out, duration);
    if (has_place) write_number(out, offset);
    if (offset_end != GST_BUFFER_OFFSET_NONE)
        has_place ? write_difference(out, offset_end - offset) : write_number(out, offset_end);
    const auto kind = static_cast<uint8_t>(MessageKind::buffer);
    if (metas.empty()) return with_payload(kind, out.written(), buffer, payload);
    std::vector<uint8_t> header(out.written().begin(), out.written().end());
    header.insert(header.end(), metas.begin(), metas.end());
    return with_payload(kind, header, buffer, payload);
}

Result<OutMessage> encode_bytes(GstBuffer* buffer, Payload payload) {
    return with_payload(static_cast<uint8_t>(MessageKind::bytes), {}, buffer, payload);
}

OutMessage encode_segment(const GstSegment& segment, uint32_t seqnum) {
    std::array<uint8_t, 4 + 9 + 4 + 8 + 8 + 7 * 9> space;
    ByteWriter out(space);
    out.u32(seqnum);
    write_number(out, segment.format);
    out.u32(segment.flags);
    write_double(out, segment.rate);
    write_double(out, segment.applied_rate);
    for (const uint64_t field : {segment.base, segment.offset, segment.start, segment.stop, segment.time,
                                 segment.position, segment.duration})
        write_number(out, field);
    return header_only(MessageKind::segment, out.written());
}

OutMessage encode_timing(const Timing& timing) {
    std::array<uint8_t, 1 + 8 + 4 * 9 + 8> space;
    ByteWriter out(space);
    out.u8(timing.live);
    out.u64(timing.epoch);
    write_number(out, timing.base_time);
    write_number(out, std::min(timing.latency, pipeline_latency_max));
    write_number(out, static_cast<uint64_t>(timing.clock.from));
    write_number(out, static_cast<uint64_t>(timing.clock.to));
    write_double(out, timing.clock.skew);
    return header_only(MessageKind::timing, out.written());
}

OutMessage encode_flush() { return header_only(MessageKind::flush, {}); }

OutMessage encode_ended() { return header_only(MessageKind::ended, {}); }

OutMessage encode_given_up(const Gap& gap) { return encode_gap(MessageKind::given_up, gap); }

OutMessage encode_discarded(const Gap& gap) { return encode_gap(MessageKind::discarded, gap); }

std::optional<Gap> decode_discarded(const InMessage& message) {
    if (message.kind != static_cast<uint8_t>(MessageKind::discarded)) return std::nullopt;
    return read_gap(ByteReader{Bytes(message.header)});
}

OutMessage encode_playout(GstClockTime latency) {
    std::array<uint8_t, 9> space;
    ByteWriter out(space);
    write_number(out, latency);
    return header_only(MessageKind::playout, out.written());
}

std::optional<GstClockTime> decode_playout(const InMessage& message) {
    if (message.kind != static_cast<uint8_t>(MessageKind::playout)) return std::nullopt;
    ByteReader in{Bytes(message.header)};
    const GstClockTime latency = read_number(in);
    return in.ok() && in.empty() ? std::optional(latency) : std::nullopt;
}

OutMessage encode_reads_serialized(bool reads) {
    const std::array<uint8_t, 1> header{reads};
    return header_only(MessageKind::reads_serialized, header);
}

std::optional<bool> decode_reads_serialized(const InMessage& message) {
    if (message.kind != static_cast<uint8_t>(MessageKind::reads_serialized)) return std::nullopt;
    ByteReader in{Bytes(message.header)};
    const bool reads = in.u8() != 0;
    return in.ok() && in.empty() ? std::optional(reads) : std::nullopt;
}

std::optional<BufferHead> decode_buffer_head(const InMessage& message) {
    BufferHead head;
    Bytes metas;
    if (!read_head(message, head, metas)) return std::nullopt;
    return head;
}

Result<Decoded> decode(const InMessage& message, MetaDecoder* metas, PayloadPool* pool) {
    ByteReader in{Bytes(message.header)};
    switch (static_cast<MessageKind>(message.kind)) {
        case MessageKind::bytes: {
            BufferPtr buffer = buffer_of(message, pool);
            if (!buffer) return no_memory();
            return Decoded(std::move(buffer));
        }
        case MessageKind::buffer:
            return decode_buffer(message, metas, pool);
        case MessageKind::segment:
            return decode_segment(in);
        case MessageKind::timing:
            return decode_timing(in);
        case MessageKind::flush:
            return Decoded(DecodedFlush{});
        case MessageKind::given_up:
            return decode_given_up(in);
        case MessageKind::caps:
        case MessageKind::gap:
        case MessageKind::tag:
        case MessageKind::toc:
        case MessageKind::protection:
        case MessageKind::custom:
        case MessageKind::stream_start:
        case MessageKind::stream_collection:
        case MessageKind::segment_done:
        case MessageKind::instant_rate_change:
            if (EventPtr event = decode_event(message)) return Decoded(std::move(event));
            return malformed(tr("the peer sent a malformed event"));
        case MessageKind::ended:
            break;
        case MessageKind::force_key_unit:
        case MessageKind::qos:
        case MessageKind::upstream:
        case MessageKind::discarded:
        case MessageKind::playout:
        case MessageKind::reads_serialized:
            return malformed(tr("the peer sent a message that belongs to the other direction"));
    }
    return Decoded(DecodedUnknown{});
}

namespace {

/// Bits of the byte that follows the sender's run in a stream header.
enum : uint8_t { bytes_framing = 1, serializes_metas = 2 };

}  // namespace

std::vector<uint8_t> encode(const StreamHeader& header) {
    std::vector<uint8_t> bytes(1 + 8 + 1 + label_max);
    ByteWriter out(bytes);
    out.u8(1);  // the version of this layout
    out.u64(header.instance);
    out.u8(static_cast<uint8_t>((header.bytes ? bytes_framing : 0) |
                                (header.serializes ? serializes_metas : 0)));
    out.bytes(
        {reinterpret_cast<const uint8_t*>(header.label.data()), std::min(header.label.size(), label_max)});
    bytes.resize(out.size());
    return bytes;
}

std::optional<StreamHeader> decode_stream_header(Bytes bytes) {
    ByteReader in(bytes);
    StreamHeader header;
    const uint8_t version = in.u8();
    header.instance = in.u64();
    const uint8_t flags = in.u8();
    header.bytes = flags & bytes_framing;
    header.serializes = flags & serializes_metas;
    const Bytes label = in.rest();
    const auto* text = reinterpret_cast<const char*>(label.data());
    if (!in.ok() || version != 1 || label.size() > label_max) return std::nullopt;
    if (!label.empty()) {
        if (!g_utf8_validate_len(text, label.size(), nullptr)) return std::nullopt;
        header.label.assign(text, label.size());
    }
    return header;
}

}  // namespace stt
