// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/stream_header_codec.hpp"

namespace stt {
namespace {

constexpr uint8_t layout_version = 1;

/// Bits of the byte that follows the sender's run.
enum : uint8_t { bytes_framing = 1, serializes_metas = 2 };

}  // namespace

std::vector<uint8_t> encode(const StreamHeader& header) {
    std::vector<uint8_t> bytes(1 + 8 + 1 + label_max);
    ByteWriter out(bytes);
    out.u8(layout_version);
    out.u64(header.instance);
    out.u8(static_cast<uint8_t>((header.bytes ? bytes_framing : 0) |
                                (header.serializes ? serializes_metas : 0)));
    const std::string_view label = safe_text(header.label);
    out.bytes({reinterpret_cast<const uint8_t*>(label.data()), label.size()});
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
    if (!in.ok() || version != layout_version || label.size() > label_max) return std::nullopt;
    header.label = safe_text({reinterpret_cast<const char*>(label.data()), label.size()});
    return header;
}

}  // namespace stt
