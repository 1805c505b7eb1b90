// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/receiver_report.hpp"

#include <array>

#include "gst/numbers.hpp"

namespace stt {

OutMessage encode_playout(GstClockTime latency) {
    std::array<uint8_t, 9> space;
    ByteWriter out(space);
    write_number(out, latency);
    return header_message(MessageKind::playout, out.written());
}

std::optional<GstClockTime> decode_playout(const InMessage& message) {
    if (message.kind != static_cast<uint8_t>(MessageKind::playout)) return std::nullopt;
    ByteReader in{Bytes(message.header)};
    const GstClockTime latency = read_number(in);
    return in.ok() && in.empty() ? std::optional(latency) : std::nullopt;
}

OutMessage encode_reads_serialized(bool reads) {
    const std::array<uint8_t, 1> header{reads};
    return header_message(MessageKind::reads_serialized, header);
}

std::optional<bool> decode_reads_serialized(const InMessage& message) {
    if (message.kind != static_cast<uint8_t>(MessageKind::reads_serialized)) return std::nullopt;
    ByteReader in{Bytes(message.header)};
    const bool reads = in.u8() != 0;
    return in.ok() && in.empty() ? std::optional(reads) : std::nullopt;
}

}  // namespace stt
