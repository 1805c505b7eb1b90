// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/event_message.hpp"

#include "core/base/text.hpp"
#include "gst/text_scan.hpp"

namespace stt {

OutMessage event_message(MessageKind kind, GstEvent* event, Bytes fixed, Bytes body) {
    std::vector<uint8_t> header(4);
    ByteWriter(header).u32(gst_event_get_seqnum(event));
    header.insert(header.end(), fixed.begin(), fixed.end());
    if (header.size() + body.size() > message_header_max)
        return OutMessage::copy_of(static_cast<uint8_t>(kind), header, body);
    header.insert(header.end(), body.begin(), body.end());
    return OutMessage::copy_of(static_cast<uint8_t>(kind), header);
}

Result<std::optional<OutMessage>> text_message(MessageKind kind, GstEvent* event, uint8_t fixed, char* text) {
    if (!text) return event_unsendable(tr("an event could not be written as text"));
    const std::string body(text);
    g_free(text);
    if (body.size() > event_body_max)
        return event_unsendable(tr("an event is too large or too deeply nested to be carried"));
    switch (TextScan(body).fault()) {
        case TextFault::none:
            break;
        case TextFault::malformed:
            return event_unsendable(tr("an event could not be written as text"));
        case TextFault::many_fields:
            return event_unsendable(tr("an event has too many fields or list elements to be carried"));
        case TextFault::deep_nesting:
        case TextFault::many_names:
            return event_unsendable(tr("an event is too large or too deeply nested to be carried"));
    }
    return std::optional(event_message(kind, event, Bytes(&fixed, 1), bytes_of(body)));
}

std::optional<std::string> read_body(ByteReader& in, const InMessage& message) {
    const Bytes rest = in.rest();
    if (!in.ok() || message.payload_size > event_body_max) return std::nullopt;
    std::string body(reinterpret_cast<const char*>(rest.data()), rest.size());
    for (const Chunk& chunk : message.payload)
        body.append(reinterpret_cast<const char*>(chunk.bytes().data()), chunk.size());
    return body;
}

Error event_unsendable(std::string text) {
    return make_error(ErrorCode::none, Reason::not_carried, ErrorOrigin::local, std::move(text));
}

}  // namespace stt
