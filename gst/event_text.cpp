// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/event_text.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "gst/numbers.hpp"
#include "gst/toc_codec.hpp"

namespace stt {
namespace {

/// GStreamer's parser calls itself for every list, array or nested structure it opens, and each level takes
/// some hundred bytes of stack; quoting makes the true depth hard to tell, so that the openings are counted.
/// The streamheader of caps, the richest case in use, opens a handful.
constexpr long openings_max = 1024;

struct FreeString {
    void operator()(char* text) const { g_free(text); }
};
using GString_ = std::unique_ptr<char, FreeString>;

Error unsendable(std::string text) {
    Error error;
    error.reason = "not-carried";
    error.text = std::move(text);
    return error;
}

/// `fixed` goes into the header, `body` after it, or into the payload when the header would get too long.
OutMessage with_body(MessageKind kind, Bytes fixed, Bytes body) {
    std::vector<uint8_t> header(fixed.begin(), fixed.end());
    if (fixed.size() + body.size() <= message_header_max) {
        header.insert(header.end(), body.begin(), body.end());
        return OutMessage::copy_of(static_cast<uint8_t>(kind), header);
    }
    return OutMessage::copy_of(static_cast<uint8_t>(kind), header, body);
}

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

Result<std::optional<OutMessage>> with_text(MessageKind kind, uint8_t fixed, GString_ text) {
    if (!text) return unsendable("an event could not be written as text");
    const std::string body(text.get());
    if (body.size() > event_body_max || !parseable(body))
        return unsendable("an event is too large or too deeply nested to be carried");
    return std::optional(with_body(kind, Bytes(&fixed, 1), bytes_of(body)));
}

/// What follows the fixed part: the rest of the header and the payload.
std::optional<std::string> read_body(ByteReader& in, const InMessage& message) {
    const Bytes rest = in.rest();
    if (!in.ok() || message.payload_size > event_body_max) return std::nullopt;
    std::string body(reinterpret_cast<const char*>(rest.data()), rest.size());
    for (const Chunk& chunk : message.payload)
        body.append(reinterpret_cast<const char*>(chunk.bytes().data()), chunk.size());
    return body;
}

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
    return std::optional(with_body(MessageKind::gap, out.written(), {}));
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
        return unsendable("a PROTECTION event is too large to be carried");
    std::vector<uint8_t> fixed(3 * 9 + id.size() + from.size() + 1);
    ByteWriter out(fixed);
    write_number(out, id.size());
    out.bytes(bytes_of(id));
    out.u8(origin != nullptr);
    write_number(out, from.size());
    out.bytes(bytes_of(from));
    std::vector<uint8_t> body(size);
    if (data) gst_buffer_extract(data, 0, body.data(), size);
    return std::optional(with_body(MessageKind::protection, out.written(), body));
}

EventPtr decode_protection(ByteReader& in, const InMessage& message) {
    const auto text = [&] {
        const Bytes bytes = in.bytes(read_number(in));
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    const std::string system_id = text();
    const bool has_origin = in.u8() != 0;
    const std::string origin = text();
    const auto body = read_body(in, message);
    if (!body || system_id.empty() || !valid_utf8(system_id) || !valid_utf8(origin)) return nullptr;
    GstBuffer* data = body->empty() ? gst_buffer_new() : gst_buffer_new_memdup(body->data(), body->size());
    EventPtr event(gst_event_new_protection(system_id.c_str(), data, has_origin ? origin.c_str() : nullptr));
    gst_buffer_unref(data);
    return event;
}

Result<std::optional<OutMessage>> encode_custom(GstEvent* event) {
    const GstStructure* structure = gst_event_get_structure(event);
    if (!structure) return unsendable("a custom event without a structure cannot be carried");
    GString_ text(gst_structure_to_string(structure));
    // Fields such as pointers can be printed but not read back.
    GstStructure* readable = text ? gst_structure_from_string(text.get(), nullptr) : nullptr;
    if (!readable)
        return unsendable(std::string("the custom event '") + gst_structure_get_name(structure) +
                          "' has fields that cannot be carried");
    gst_structure_free(readable);
    const uint8_t sticky = GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY;
    return with_text(MessageKind::custom, sticky, std::move(text));
}

EventPtr decode_custom(uint8_t sticky, const std::string& text) {
    GstStructure* structure = gst_structure_from_string(text.c_str(), nullptr);
    if (!structure) return nullptr;
    return EventPtr(gst_event_new_custom(
        sticky ? GST_EVENT_CUSTOM_DOWNSTREAM_STICKY : GST_EVENT_CUSTOM_DOWNSTREAM, structure));
}

EventPtr decode_tag(uint8_t scope, const std::string& text) {
    GstTagList* tags = parse_tags(text);
    if (!tags) return nullptr;
    gst_tag_list_set_scope(tags, scope ? GST_TAG_SCOPE_GLOBAL : GST_TAG_SCOPE_STREAM);
    return EventPtr(gst_event_new_tag(tags));
}

EventPtr decode_caps(const std::string& text) {
    GstCaps* caps = gst_caps_from_string(text.c_str());
    if (!caps) return nullptr;
    EventPtr event;
    if (gst_caps_is_fixed(caps)) event.reset(gst_event_new_caps(caps));
    gst_caps_unref(caps);
    return event;
}

EventPtr decode_force_key_unit(ByteReader& in) {
    const GstClockTime running_time = read_number(in);
    const uint8_t all_headers = in.u8();
    const uint32_t count = in.u32();
    if (!in.ok() || !in.empty()) return nullptr;
    return make_force_key_unit(running_time, all_headers != 0, count);
}

}  // namespace

EventPtr make_force_key_unit(GstClockTime running_time, bool all_headers, uint32_t count) {
    return EventPtr(gst_event_new_custom(
        GST_EVENT_CUSTOM_UPSTREAM,
        gst_structure_new("GstForceKeyUnit", "running-time", GST_TYPE_CLOCK_TIME, running_time, "all-headers",
                          G_TYPE_BOOLEAN, static_cast<gboolean>(all_headers), "count", G_TYPE_UINT, count,
                          nullptr)));
}

bool valid_utf8(const std::string& text) { return g_utf8_validate_len(text.data(), text.size(), nullptr); }

bool parseable(const std::string& text) {
    const long openings =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '{' || c == '[' || c == '<'; });
    // Names begin with a letter; GStreamer takes one that does not for the caller's mistake.
    return !text.empty() && g_ascii_isalpha(text.front()) && openings <= openings_max && valid_utf8(text);
}

GstTagList* parse_tags(const std::string& text) {
    // GStreamer takes any other beginning for the caller's mistake.
    if (!text.starts_with("taglist") || !parseable(text)) return nullptr;
    return gst_tag_list_new_from_string(text.c_str());
}

Result<std::optional<OutMessage>> encode_event(GstEvent* event) {
    switch (GST_EVENT_TYPE(event)) {
        case GST_EVENT_CAPS: {
            GstCaps* caps = nullptr;
            gst_event_parse_caps(event, &caps);
            return with_text(MessageKind::caps, 0, GString_(gst_caps_to_string(caps)));
        }
        case GST_EVENT_TAG: {
            GstTagList* tags = nullptr;
            gst_event_parse_tag(event, &tags);
            return with_text(MessageKind::tag, gst_tag_list_get_scope(tags) == GST_TAG_SCOPE_GLOBAL,
                             GString_(gst_tag_list_to_string(tags)));
        }
        case GST_EVENT_TOC: {
            GstToc* toc = nullptr;
            gboolean updated = FALSE;
            gst_event_parse_toc(event, &toc, &updated);
            const std::vector<uint8_t> body = encode_toc(toc);
            gst_toc_unref(toc);
            if (body.size() > event_body_max)
                return unsendable("a table of contents is too large to be carried");
            const uint8_t fixed = updated != FALSE;
            return std::optional(with_body(MessageKind::toc, Bytes(&fixed, 1), body));
        }
        case GST_EVENT_GAP:
            return encode_gap(event);
        case GST_EVENT_PROTECTION:
            return encode_protection(event);
        case GST_EVENT_CUSTOM_DOWNSTREAM:
        case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
        case GST_EVENT_CUSTOM_BOTH:
            return encode_custom(event);
        default:
            return std::optional<OutMessage>();
    }
}

std::optional<OutMessage> encode_upstream(GstEvent* event,
                                          const std::function<GstClockTime(GstClockTime)>& to_sender) {
    if (GST_EVENT_TYPE(event) != GST_EVENT_CUSTOM_UPSTREAM || !gst_event_has_name(event, "GstForceKeyUnit"))
        return std::nullopt;
    const GstStructure* structure = gst_event_get_structure(event);
    GstClockTime running_time = GST_CLOCK_TIME_NONE;
    gboolean all_headers = FALSE;
    unsigned count = 0;
    gst_structure_get_clock_time(structure, "running-time", &running_time);
    gst_structure_get_boolean(structure, "all-headers", &all_headers);
    gst_structure_get_uint(structure, "count", &count);
    if (GST_CLOCK_TIME_IS_VALID(running_time)) running_time = to_sender(running_time);
    std::array<uint8_t, 9 + 1 + 4> space;
    ByteWriter out(space);
    write_number(out, running_time);
    out.u8(all_headers != FALSE);
    out.u32(count);
    return with_body(MessageKind::force_key_unit, out.written(), {});
}

EventPtr decode_event(const InMessage& message) {
    ByteReader in{Bytes(message.header)};
    const auto kind = static_cast<MessageKind>(message.kind);
    if (kind == MessageKind::gap) return decode_gap(in);
    if (kind == MessageKind::protection) return decode_protection(in, message);
    if (kind == MessageKind::force_key_unit) return decode_force_key_unit(in);
    const uint8_t fixed = in.u8();
    const auto body = read_body(in, message);
    if (!body) return nullptr;
    if (kind == MessageKind::toc) return EventPtr(decode_toc(bytes_of(*body), fixed != 0));
    if (!parseable(*body)) return nullptr;
    switch (kind) {
        case MessageKind::caps:
            return decode_caps(*body);
        case MessageKind::tag:
            return decode_tag(fixed, *body);
        case MessageKind::custom:
            return decode_custom(fixed, *body);
        default:
            return nullptr;
    }
}

}  // namespace stt
