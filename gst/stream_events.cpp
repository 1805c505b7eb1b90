// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/stream_events.hpp"

#include "core/base/text.hpp"
#include "gst/event_message.hpp"
#include "gst/meta/fields.hpp"
#include "gst/text_scan.hpp"

namespace stt {
namespace {

std::string id_text(const char* id) {
    const std::string text(id ? id : "");
    return text.size() <= stream_id_max ? text : sha256(text);
}

/// Writes `text` and frees it. A text that a receiver would refuse is omitted, as it is optional.
void write_text(FieldWriter& out, char* text) {
    const std::string written(text ? text : "");
    g_free(text);
    out.text(written.size() <= stream_text_max && TextScan(written).parseable() ? written : std::string());
}

void write_stream(FieldWriter& out, GstStream* stream) {
    out.text(id_text(gst_stream_get_stream_id(stream)));
    out.number(gst_stream_get_stream_type(stream));
    out.number(gst_stream_get_stream_flags(stream));
    GstCaps* caps = gst_stream_get_caps(stream);
    write_text(out, caps ? gst_caps_to_string(caps) : nullptr);
    if (caps) gst_caps_unref(caps);
    GstTagList* tags = gst_stream_get_tags(stream);
    write_text(out, tags ? gst_tag_list_to_string(tags) : nullptr);
    if (tags) gst_tag_list_unref(tags);
}

/// Returns null if malformed, or if `parser` refuses a text.
StreamPtr read_stream(FieldReader& in, TextParser& parser) {
    const std::string id = in.text(stream_id_max);
    const auto type = static_cast<GstStreamType>(in.number32());
    const auto flags = static_cast<GstStreamFlags>(in.number32());
    const std::string caps_text = in.text(stream_text_max), tags_text = in.text(stream_text_max);
    if (!in.ok() || id.empty()) return nullptr;
    const CapsPtr caps = caps_text.empty() ? nullptr : parser.caps(caps_text);
    const TagsPtr tags = tags_text.empty() ? nullptr : parser.tags(tags_text);
    if ((!caps && !caps_text.empty()) || (!tags && !tags_text.empty())) return nullptr;
    StreamPtr stream(gst_stream_new(id.c_str(), caps.get(), type, flags));
    gst_stream_set_tags(stream.get(), tags.get());
    return stream;
}

}  // namespace

std::string sha256(const std::string& text) {
    char* digits = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.c_str(), -1);
    std::string hash(digits);
    g_free(digits);
    return hash;
}

StreamStart parse_stream_start(GstEvent* event) {
    StreamStart start;
    GstStream* stream = nullptr;
    gst_event_parse_stream_start(event, &start.id);
    gst_event_parse_stream_flags(event, &start.flags);
    if (!gst_event_parse_group_id(event, &start.group)) start.group = GST_GROUP_ID_INVALID;
    gst_event_parse_stream(event, &stream);
    start.stream.reset(stream);
    return start;
}

Result<std::optional<OutMessage>> encode_stream_start(GstEvent* event) {
    const StreamStart start = parse_stream_start(event);
    std::vector<uint8_t> body;
    FieldWriter out(body);
    out.text(id_text(start.id));
    out.number(start.flags);
    out.number(start.group);
    out.number(start.stream != nullptr);
    if (start.stream) write_stream(out, start.stream.get());
    return std::optional(event_message(MessageKind::stream_start, event, {}, body));
}

EventPtr decode_stream_start(ByteReader& in, const InMessage& message, TextParser& parser) {
    const auto body = read_body(in, message);
    if (!body) return nullptr;
    FieldReader fields(bytes_of(*body));
    const std::string id = fields.text(stream_id_max);
    const uint32_t flags = fields.number32(), group = fields.number32();
    const bool has_stream = fields.boolean();
    if (!fields.ok() || id.empty()) return nullptr;
    EventPtr event(gst_event_new_stream_start(id.c_str()));
    gst_event_set_stream_flags(event.get(), static_cast<GstStreamFlags>(flags));
    if (group != GST_GROUP_ID_INVALID) gst_event_set_group_id(event.get(), group);
    if (has_stream) {
        const StreamPtr stream = read_stream(fields, parser);
        if (!stream) return nullptr;
        gst_event_set_stream(event.get(), stream.get());
    }
    return event;
}

Result<std::optional<OutMessage>> encode_stream_collection(GstEvent* event) {
    GstStreamCollection* parsed = nullptr;
    gst_event_parse_stream_collection(event, &parsed);
    const CollectionPtr collection(parsed);
    const unsigned count = gst_stream_collection_get_size(parsed);
    if (count > streams_max) return event_unsendable(tr("a STREAM_COLLECTION has too many streams"));
    std::vector<uint8_t> body;
    FieldWriter out(body);
    out.text(id_text(gst_stream_collection_get_upstream_id(parsed)));
    out.number(count);
    for (unsigned i = 0; i < count; i++) write_stream(out, gst_stream_collection_get_stream(parsed, i));
    if (body.size() > event_body_max) return event_unsendable(tr("a STREAM_COLLECTION is too large"));
    return std::optional(event_message(MessageKind::stream_collection, event, {}, body));
}

EventPtr decode_stream_collection(ByteReader& in, const InMessage& message, TextParser& parser) {
    const auto body = read_body(in, message);
    if (!body) return nullptr;
    FieldReader fields(bytes_of(*body));
    const std::string upstream_id = fields.text(stream_id_max);
    const uint64_t count = fields.number(streams_max);
    if (!fields.ok()) return nullptr;
    const CollectionPtr collection(
        gst_stream_collection_new(upstream_id.empty() ? nullptr : upstream_id.c_str()));
    for (uint64_t i = 0; i < count; i++) {
        StreamPtr stream = read_stream(fields, parser);
        if (!stream) return nullptr;
        gst_stream_collection_add_stream(collection.get(), stream.release());
    }
    return EventPtr(gst_event_new_stream_collection(collection.get()));
}

}  // namespace stt
