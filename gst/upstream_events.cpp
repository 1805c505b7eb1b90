// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/upstream_events.hpp"

#include <gst/video/video.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "gst/event_message.hpp"
#include "gst/meta/structure.hpp"
#include "gst/numbers.hpp"

namespace stt {
namespace {

/// A type's index is its number on the wire.
constexpr GstEventType types[] = {GST_EVENT_NAVIGATION, GST_EVENT_CUSTOM_UPSTREAM, GST_EVENT_CUSTOM_BOTH,
                                  GST_EVENT_CUSTOM_BOTH_OOB};

OutMessage encode_force_key_unit(GstEvent* event, const ToSender& to_sender) {
    GstClockTime running_time = GST_CLOCK_TIME_NONE;
    gboolean all_headers = FALSE;
    unsigned count = 0;
    gst_video_event_parse_upstream_force_key_unit(event, &running_time, &all_headers, &count);
    if (GST_CLOCK_TIME_IS_VALID(running_time)) running_time = to_sender(running_time);
    std::array<uint8_t, 9 + 1 + 4> space;
    ByteWriter out(space);
    write_number(out, running_time);
    out.u8(all_headers != FALSE);
    out.u32(count);
    return event_message(MessageKind::force_key_unit, event, out.written());
}

EventPtr decode_force_key_unit(ByteReader& in) {
    const GstClockTime running_time = read_number(in);
    const uint8_t all_headers = in.u8();
    const uint32_t count = in.u32();
    if (!in.ok() || !in.empty()) return nullptr;
    return EventPtr(gst_video_event_new_upstream_force_key_unit(running_time, all_headers != 0, count));
}

std::optional<OutMessage> encode_qos(GstEvent* event, const ToSender& to_sender) {
    GstQOSType type = GST_QOS_TYPE_UNDERFLOW;
    double proportion = 1;
    GstClockTimeDiff difference = 0;
    GstClockTime running_time = GST_CLOCK_TIME_NONE;
    gst_event_parse_qos(event, &type, &proportion, &difference, &running_time);
    if (GST_CLOCK_TIME_IS_VALID(running_time)) running_time = to_sender(running_time);
    if (!GST_CLOCK_TIME_IS_VALID(running_time)) return std::nullopt;
    std::array<uint8_t, 1 + 8 + 2 * 9> space;
    ByteWriter out(space);
    out.u8(static_cast<uint8_t>(type));
    write_double(out, proportion);
    write_difference(out, static_cast<uint64_t>(difference));
    write_number(out, running_time);
    return event_message(MessageKind::qos, event, out.written());
}

EventPtr decode_qos(ByteReader& in) {
    const uint8_t type = in.u8();
    const double proportion = read_double(in);
    const auto difference = static_cast<GstClockTimeDiff>(read_difference(in));
    const GstClockTime running_time = read_number(in);
    if (!in.ok() || !in.empty() || type > GST_QOS_TYPE_THROTTLE || !std::isfinite(proportion) ||
        proportion < 0 || running_time > static_cast<GstClockTime>(INT64_MAX))
        return nullptr;
    // There is no running time before 0.
    const GstClockTimeDiff earliest = -static_cast<GstClockTimeDiff>(running_time);
    return EventPtr(gst_event_new_qos(static_cast<GstQOSType>(type), proportion,
                                      std::max(difference, earliest), running_time));
}

std::optional<OutMessage> encode_structure(GstEvent* event) {
    const auto* type = std::find(std::begin(types), std::end(types), GST_EVENT_TYPE(event));
    const GstStructure* structure = gst_event_get_structure(event);
    if (type == std::end(types) || !structure) return std::nullopt;
    std::vector<uint8_t> body;
    FieldWriter out(body);
    out.number(static_cast<uint64_t>(type - types));
    if (!write_structure(out, structure)) return std::nullopt;
    OutMessage message = event_message(MessageKind::upstream, event, {}, body);
    return message.size() <= upstream_message_max ? std::optional(std::move(message)) : std::nullopt;
}

EventPtr decode_structure(ByteReader& in, const InMessage& message) {
    const auto body = read_body(in, message);
    if (!body) return nullptr;
    FieldReader fields(bytes_of(*body));
    const uint64_t type = fields.number(std::size(types) - 1);
    StructureRead read = read_structure(fields);
    if (read.outcome != MetaRead::yes) return nullptr;
    // Such a request has a message kind of its own, in which its time is mapped.
    if (gst_structure_has_name(read.structure.get(), "GstForceKeyUnit")) return nullptr;
    if (types[type] == GST_EVENT_NAVIGATION)
        return EventPtr(gst_event_new_navigation(read.structure.release()));
    return EventPtr(gst_event_new_custom(types[type], read.structure.release()));
}

}  // namespace

std::optional<OutMessage> encode_upstream(GstEvent* event, const ToSender& to_sender) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_UPSTREAM && gst_video_event_is_force_key_unit(event))
        return encode_force_key_unit(event, to_sender);
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) return encode_qos(event, to_sender);
    return encode_structure(event);
}

EventPtr decode_upstream(const InMessage& message) {
    if (message.header.size() + message.payload_size > upstream_message_max) return nullptr;
    ByteReader in{Bytes(message.header)};
    in.u32();  // the sender's sequence number has no meaning in this process
    switch (static_cast<MessageKind>(message.kind)) {
        case MessageKind::force_key_unit:
            return decode_force_key_unit(in);
        case MessageKind::qos:
            return decode_qos(in);
        case MessageKind::upstream:
            return decode_structure(in, message);
        default:
            return nullptr;
    }
}

void UpstreamEvents::start() {
    const std::lock_guard lock(mutex_);
    limits_ = upstream_send_limits;
    waiting_.reset();
}

bool UpstreamEvents::take(GstEvent* event, const ToSender& to_sender, const Send& send) {
    std::optional<OutMessage> message = encode_upstream(event, to_sender);
    if (!message) return false;
    const bool qos = GST_EVENT_TYPE(event) == GST_EVENT_QOS;
    {
        const std::lock_guard lock(mutex_);
        if (!limits_.take(qos ? MessageKind::qos : MessageKind::upstream, RateLimit::Clock::now())) {
            if (qos) waiting_ = std::move(message);
            return qos;
        }
        if (qos) waiting_.reset();
    }
    return send(std::move(*message));
}

void UpstreamEvents::send_due(const Send& send) {
    std::optional<OutMessage> message;
    {
        const std::lock_guard lock(mutex_);
        if (!waiting_ || !limits_.take(MessageKind::qos, RateLimit::Clock::now())) return;
        message.swap(waiting_);
    }
    send(std::move(*message));
}

}  // namespace stt
