// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/event_codec.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/text.hpp"
#include "gst/event_message.hpp"
#include "gst/numbers.hpp"
#include "gst/stream_events.hpp"
#include "gst/text_scan.hpp"
#include "gst/toc_codec.hpp"

namespace stt {
namespace {

Result<std::optional<OutMessage>> encode_gap(GstEvent* event) {
    GstClockTime timestamp, duration;
    GstGapFlags flags;
    gst_event_parse_gap(event, &timestamp, &duration);
    gst_event_parse_gap_flags(event, &flags);
    std::array<uint8_t, 3 * 9> space;
    ByteWriter out(space);
    write_number(out, timestamp);
    write_number(out, duration);
    write_number(out, flags);
    return std::optional(event_message(MessageKind::gap, event, out.written()));
}

EventPtr decode_gap(ByteReader& in) {
    const GstClockTime timestamp = read_number(in), duration = read_number(in);
    const uint64_t flags = read_number(in);
    if (!in.ok() || !in.empty() || !GST_CLOCK_TIME_IS_VALID(timestamp)) return nullptr;
    EventPtr event(gst_event_new_gap(timestamp, duration));
    if (flags & GST_GAP_FLAG_MISSING_DATA) gst_event_set_gap_flags(event.get(), GST_GAP_FLAG_MISSING_DATA);
    return event;
}

Result<std::optional<OutMessage>> encode_protection(GstEvent* event) {
    const char *system_id = nullptr, *origin = nullptr;
    GstBuffer* data = nullptr;
    gst_event_parse_protection(event, &system_id, &data, &origin);
    const std::string_view id(system_id ? system_id : ""), from(origin ? origin : "");
    const size_t size = data ? gst_buffer_get_size(data) : 0;
    if (id.size() > 1024 || from.size() > 1024 || size > event_body_max)
        return event_unsendable(tr("a PROTECTION event is too large to be carried"));
    std::vector<uint8_t> fixed(3 * 9 + id.size() + from.size() + 1);
    ByteWriter out(fixed);
    write_number(out, id.size());
    out.bytes(bytes_of(id));
    out.u8(origin != nullptr);
    write_number(out, from.size());
    out.bytes(bytes_of(from));
    std::vector<uint8_t> body(size);
    if (data) gst_buffer_extract(data, 0, body.data(), size);
    return std::optional(event_message(MessageKind::protection, event, out.written(), body));
}

EventPtr decode_protection(ByteReader& in, const InMessage& message, TextParser& parser) {
    const auto text = [&] {
        const Bytes bytes = in.bytes(read_number(in));
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    const std::string system_id = text();
    const bool has_origin = in.u8() != 0;
    const std::string origin = text();
    const auto body = read_body(in, message);
    if (!body || system_id.empty() || !valid_utf8(system_id) || !valid_utf8(origin)) return nullptr;
    // gst_event_new_protection() names the event's structure so.
    if (!parser.accepts_name("GstProtectionEvent-" + (has_origin ? origin + '-' : "") + system_id))
        return nullptr;
    GstBuffer* data = body->empty() ? gst_buffer_new() : gst_buffer_new_memdup(body->data(), body->size());
    EventPtr event(gst_event_new_protection(system_id.c_str(), data, has_origin ? origin.c_str() : nullptr));
    gst_buffer_unref(data);
    return event;
}

/// A type's index is its number on the wire.
constexpr GstEventType custom_types[] = {GST_EVENT_CUSTOM_DOWNSTREAM, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY,
                                         GST_EVENT_CUSTOM_BOTH, GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                                         GST_EVENT_CUSTOM_BOTH_OOB};

Result<std::optional<OutMessage>> encode_custom(GstEvent* event) {
    const GstStructure* structure = gst_event_get_structure(event);
    if (!structure) return event_unsendable(tr("a custom event without a structure cannot be carried"));
    char* text = gst_structure_to_string(structure);
    // Some fields, such as pointers, can be printed but not read back.
    GstStructure* readable = text ? gst_structure_from_string(text, nullptr) : nullptr;
    if (!readable) {
        g_free(text);
        return event_unsendable(
            tr("the custom event '%s' has fields that cannot be carried", gst_structure_get_name(structure)));
    }
    gst_structure_free(readable);
    const auto type =
        std::find(std::begin(custom_types), std::end(custom_types), GST_EVENT_TYPE(event)) - custom_types;
    return text_message(MessageKind::custom, event, static_cast<uint8_t>(type), text);
}

EventPtr decode_custom(uint8_t type, const std::string& text, TextParser& parser) {
    if (type >= std::size(custom_types)) return nullptr;
    StructurePtr structure = parser.structure(text);
    return structure ? EventPtr(gst_event_new_custom(custom_types[type], structure.release())) : nullptr;
}

Result<std::optional<OutMessage>> encode_segment_done(GstEvent* event) {
    GstFormat format = GST_FORMAT_UNDEFINED;
    gint64 position = -1;
    gst_event_parse_segment_done(event, &format, &position);
    std::array<uint8_t, 2 * 9> space;
    ByteWriter out(space);
    write_number(out, format);
    write_number(out, static_cast<uint64_t>(position));
    return std::optional(event_message(MessageKind::segment_done, event, out.written()));
}

EventPtr decode_segment_done(ByteReader& in) {
    const uint64_t format = read_number(in), position = read_number(in);
    if (!in.ok() || !in.empty() || format == GST_FORMAT_UNDEFINED || format > GST_FORMAT_PERCENT)
        return nullptr;
    return EventPtr(
        gst_event_new_segment_done(static_cast<GstFormat>(format), static_cast<gint64>(position)));
}

Result<std::optional<OutMessage>> encode_instant_rate_change(GstEvent* event) {
    double multiplier = 1;
    GstSegmentFlags flags = GST_SEGMENT_FLAG_NONE;
    gst_event_parse_instant_rate_change(event, &multiplier, &flags);
    std::array<uint8_t, 8 + 4> space;
    ByteWriter out(space);
    write_double(out, multiplier);
    out.u32(flags);
    return std::optional(event_message(MessageKind::instant_rate_change, event, out.written()));
}

EventPtr decode_instant_rate_change(ByteReader& in) {
    const double multiplier = read_double(in);
    const uint32_t flags = in.u32() & GST_SEGMENT_INSTANT_FLAGS;
    if (!in.ok() || !in.empty() || !std::isfinite(multiplier) || multiplier == 0) return nullptr;
    return EventPtr(gst_event_new_instant_rate_change(multiplier, static_cast<GstSegmentFlags>(flags)));
}

EventPtr decode_tag(uint8_t scope, const std::string& text, TextParser& parser) {
    TagsPtr tags = parser.tags(text);
    if (!tags) return nullptr;
    gst_tag_list_set_scope(tags.get(), scope ? GST_TAG_SCOPE_GLOBAL : GST_TAG_SCOPE_STREAM);
    return EventPtr(gst_event_new_tag(tags.release()));
}

EventPtr decode_caps(const std::string& text, TextParser& parser) {
    const CapsPtr caps = parser.caps(text);
    if (!caps || !gst_caps_is_fixed(caps.get())) return nullptr;
    return EventPtr(gst_event_new_caps(caps.get()));
}

}  // namespace

Result<std::optional<OutMessage>> encode_event(GstEvent* event) {
    switch (GST_EVENT_TYPE(event)) {
        case GST_EVENT_CAPS: {
            GstCaps* caps = nullptr;
            gst_event_parse_caps(event, &caps);
            return text_message(MessageKind::caps, event, 0, gst_caps_to_string(caps));
        }
        case GST_EVENT_TAG: {
            GstTagList* tags = nullptr;
            gst_event_parse_tag(event, &tags);
            return text_message(MessageKind::tag, event, gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_GLOBAL,
                                gst_tag_list_to_string(tags));
        }
        case GST_EVENT_TOC: {
            GstToc* toc = nullptr;
            gboolean updated = FALSE;
            gst_event_parse_toc(event, &toc, &updated);
            const std::vector<uint8_t> body = encode_toc(toc);
            gst_toc_unref(toc);
            if (body.size() > event_body_max)
                return event_unsendable(tr("a table of contents is too large to be carried"));
            const uint8_t fixed = updated != FALSE;
            return std::optional(event_message(MessageKind::toc, event, Bytes(&fixed, 1), body));
        }
        case GST_EVENT_GAP:
            return encode_gap(event);
        case GST_EVENT_PROTECTION:
            return encode_protection(event);
        case GST_EVENT_CUSTOM_DOWNSTREAM:
        case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
        case GST_EVENT_CUSTOM_BOTH:
        case GST_EVENT_CUSTOM_DOWNSTREAM_OOB:
        case GST_EVENT_CUSTOM_BOTH_OOB:
            return encode_custom(event);
        case GST_EVENT_STREAM_START:
            return encode_stream_start(event);
        case GST_EVENT_STREAM_COLLECTION:
            return encode_stream_collection(event);
        case GST_EVENT_SEGMENT_DONE:
            return encode_segment_done(event);
        case GST_EVENT_INSTANT_RATE_CHANGE:
            return encode_instant_rate_change(event);
        default:
            return std::optional<OutMessage>();
    }
}

namespace {

EventPtr decode_body(MessageKind kind, ByteReader& in, const InMessage& message, TextParser& parser) {
    switch (kind) {
        case MessageKind::gap:
            return decode_gap(in);
        case MessageKind::protection:
            return decode_protection(in, message, parser);
        case MessageKind::stream_start:
            return decode_stream_start(in, message, parser);
        case MessageKind::stream_collection:
            return decode_stream_collection(in, message, parser);
        case MessageKind::segment_done:
            return decode_segment_done(in);
        case MessageKind::instant_rate_change:
            return decode_instant_rate_change(in);
        default:
            break;
    }
    const uint8_t fixed = in.u8();
    const auto body = read_body(in, message);
    if (!body) return nullptr;
    switch (kind) {
        case MessageKind::caps:
            return decode_caps(*body, parser);
        case MessageKind::tag:
            return decode_tag(fixed, *body, parser);
        case MessageKind::toc:
            return EventPtr(decode_toc(bytes_of(*body), fixed != 0, parser));
        case MessageKind::custom:
            return decode_custom(fixed, *body, parser);
        default:
            return nullptr;
    }
}

}  // namespace

EventPtr decode_event(const InMessage& message, TextParser& parser) {
    ByteReader in{Bytes(message.header)};
    const uint32_t seqnum = in.u32();
    if (!in.ok()) return nullptr;
    EventPtr event = decode_body(static_cast<MessageKind>(message.kind), in, message, parser);
    if (event && seqnum != GST_SEQNUM_INVALID) gst_event_set_seqnum(event.get(), seqnum);
    return event;
}

}  // namespace stt
