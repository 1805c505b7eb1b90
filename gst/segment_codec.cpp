// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/segment_codec.hpp"

#include <array>
#include <cmath>

#include "core/base/text.hpp"
#include "gst/numbers.hpp"

namespace stt {
namespace {

/// A segment that plays backwards is counted from its end.
bool has_end(const GstSegment& segment) {
    return segment.stop != GST_CLOCK_TIME_NONE && segment.stop >= segment.offset;
}

bool sane(double rate) { return std::isfinite(rate) && rate != 0; }

}  // namespace

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
    return header_message(MessageKind::segment, out.written());
}

Result<DecodedSegment> decode_segment(const InMessage& message) {
    ByteReader in{Bytes(message.header)};
    const uint32_t seqnum = in.u32();
    GstSegment segment;
    const uint64_t format = read_number(in);
    if (format == GST_FORMAT_UNDEFINED || format > GST_FORMAT_PERCENT)
        return malformed_message(tr("the peer sent a malformed segment"));
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
    if (!ok) return malformed_message(tr("the peer sent a malformed segment"));
    return DecodedSegment{segment, seqnum};
}

}  // namespace stt
