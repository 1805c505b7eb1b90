// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/gap.hpp"

#include <array>

#include "gst/numbers.hpp"

namespace stt {
namespace {

OutMessage encode(MessageKind kind, const Gap& gap) {
    std::array<uint8_t, 3 * 9 + 1> space;
    ByteWriter out(space);
    for (const uint64_t field : {gap.buffers, gap.bytes, gap.duration}) write_number(out, field);
    out.u8(gap.uncertain);
    return header_message(kind, out.written());
}

std::optional<Gap> decode(MessageKind kind, const InMessage& message) {
    if (message.kind != static_cast<uint8_t>(kind)) return std::nullopt;
    ByteReader in{Bytes(message.header)};
    Gap gap;
    for (uint64_t* field : {&gap.buffers, &gap.bytes, &gap.duration}) *field = read_number(in);
    gap.uncertain = in.u8() != 0;
    if (!in.ok() || !in.empty()) return std::nullopt;
    return gap;
}

}  // namespace

OutMessage encode_given_up(const Gap& gap) { return encode(MessageKind::given_up, gap); }
std::optional<Gap> decode_given_up(const InMessage& message) {
    return decode(MessageKind::given_up, message);
}

OutMessage encode_discarded(const Gap& gap) { return encode(MessageKind::discarded, gap); }
std::optional<Gap> decode_discarded(const InMessage& message) {
    return decode(MessageKind::discarded, message);
}

}  // namespace stt
