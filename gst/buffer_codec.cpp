// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/buffer_codec.hpp"

#include <array>
#include <cstring>

#include "core/base/text.hpp"
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

/// Returns a buffer with a copy of the payload, or null if there is no memory.
BufferPtr payload_of(const InMessage& message, PayloadPool& payloads) {
    size_t size = 0;
    for (const Chunk& chunk : message.payload) size += chunk.size();
    if (size == 0) return BufferPtr(gst_buffer_new());
    BufferPtr buffer = payloads.get(size);
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

Result<BufferPtr> decode_buffer(const InMessage& message, MetaDecoder& decoder, PayloadPool& payloads) {
    BufferPtr owned = payload_of(message, payloads);
    if (!owned) return no_memory();
    GstBuffer* buffer = owned.get();
    BufferHead head;
    Bytes metas;
    if (!read_head(message, head, metas))
        return malformed_message(tr("the peer sent a malformed buffer header"));
    GST_BUFFER_FLAG_SET(buffer, head.flags);
    GST_BUFFER_PTS(buffer) = head.pts;
    GST_BUFFER_DTS(buffer) = head.dts;
    GST_BUFFER_DURATION(buffer) = head.duration;
    GST_BUFFER_OFFSET(buffer) = head.offset;
    GST_BUFFER_OFFSET_END(buffer) = head.offset_end;
    if (!decoder.decode(metas, buffer))
        return malformed_message(tr("the peer sent a buffer with a malformed meta"));
    return Result<BufferPtr>(std::move(owned));
}

Result<BufferPtr> decode_bytes(const InMessage& message, PayloadPool& payloads) {
    BufferPtr buffer = payload_of(message, payloads);
    if (!buffer) return no_memory();
    return Result<BufferPtr>(std::move(buffer));
}

std::optional<BufferHead> decode_buffer_head(const InMessage& message) {
    BufferHead head;
    Bytes metas;
    if (!read_head(message, head, metas)) return std::nullopt;
    return head;
}

}  // namespace stt
