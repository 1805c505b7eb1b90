// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/message_decoder.hpp"

#include "core/base/text.hpp"
#include "gst/event_codec.hpp"

namespace stt {
namespace {

template <class T>
Result<Decoded> as_decoded(Result<T> result) {
    if (!result) return result.error();
    return Decoded(std::move(*result));
}

}  // namespace

void MessageDecoder::start() {
    metas_.start();
    payloads_.start();
    parser_.start();
}

Result<Decoded> MessageDecoder::decode_as_event(const InMessage& message) {
    if (EventPtr event = decode_event(message, parser_)) return Decoded(std::move(event));
    if (parser_.names().exceeded())
        return malformed_message(tr("the peer's events have brought in too many new names"));
    return malformed_message(tr("the peer sent a malformed event"));
}

Result<Decoded> MessageDecoder::decode(const InMessage& message) {
    switch (static_cast<MessageKind>(message.kind)) {
        case MessageKind::bytes:
            return as_decoded(decode_bytes(message, payloads_));
        case MessageKind::buffer:
            return as_decoded(decode_buffer(message, metas_, payloads_));
        case MessageKind::segment:
            return as_decoded(decode_segment(message));
        case MessageKind::timing:
            return as_decoded(decode_timing(message));
        case MessageKind::flush:
            return Decoded(DecodedFlush{});
        case MessageKind::given_up:
            if (const std::optional<Gap> gap = decode_given_up(message)) return Decoded(*gap);
            return malformed_message(tr("the peer sent a malformed gap report"));
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
            return decode_as_event(message);
        case MessageKind::ended:
            break;
        case MessageKind::force_key_unit:
        case MessageKind::qos:
        case MessageKind::upstream:
        case MessageKind::discarded:
        case MessageKind::playout:
        case MessageKind::reads_serialized:
            return malformed_message(tr("the peer sent a message that belongs to the other direction"));
    }
    return Decoded(DecodedUnknown{});
}

}  // namespace stt
