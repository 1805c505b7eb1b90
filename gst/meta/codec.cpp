// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/meta/codec.hpp"

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
#include "gst/meta/serialized.hpp"
#include "gst/meta/type.hpp"

namespace stt {
namespace {

struct Known {
    GType api;  // 0: custom
    const MetaType* type;
};

const std::vector<Known>& known_types() {
    static const std::vector<Known> all = [] {
        std::vector<Known> made;
        for (const auto types :
             {video_meta_types(), audio_meta_types(), ancillary_meta_types(), general_meta_types()})
            for (const MetaType& type : types) made.push_back({type.api ? type.api() : 0, &type});
        return made;
    }();
    return all;
}

const MetaType* type_of(const GstMetaInfo* info) {
    for (const Known& known : known_types()) {
        if (known.api ? known.api == info->api : gst_meta_info_is_custom(info)) return known.type;
    }
    return nullptr;
}

const MetaType* type_of(uint64_t id) {
    if (id == serialized_meta_type().id) return &serialized_meta_type();
    for (const Known& known : known_types())
        if (known.type->id == id) return known.type;
    return nullptr;
}

/// Metas that GStreamer's elements attach for their own use, and metas about the last hop. No other node
/// needs them.
constexpr std::array<std::string_view, 3> local_apis{
    "GstParentBufferMetaAPI",       // keeps the referenced memory alive
    "GstNetAddressMetaAPI",         // the source of a datagram
    "GstNetControlMessageMetaAPI",  // control messages of the socket
};

/// The payload is in planes that only this meta describes. Not all versions of GStreamer have it.
constexpr std::string_view planes_api = "GstDsdPlaneOffsetMetaAPI";

constexpr size_t refusals_told_max = 64;

template <class List>
bool holds(const List& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

Error misread_without(const char* name) {
    return make_error(ErrorCode::none, Reason::meta_needed, ErrorOrigin::local,
                      tr("a buffer's %s cannot be carried, and without it the buffer would be misread", name))
        .ending();
}

Error dropped(std::string text) {
    return make_error(ErrorCode::none, Reason::meta_dropped, ErrorOrigin::local, std::move(text));
}

bool is_local(const GstMetaInfo* info) { return holds(local_apis, g_type_name(info->api)); }

/// Whether a buffer of this format is misread without metas that have no wire form.
bool foreign_needed(const GstMetaInfo* info, const MediaFormat& format) {
    const std::string_view api = g_type_name(info->api);
    return api == planes_api || format.wants_meta(api);
}

}  // namespace

bool is_foreign(const GstMetaInfo* info) {
    return !type_of(info) && !is_local(info) && planes_api != g_type_name(info->api) &&
           !gst_meta_api_type_has_tag(info->api, _gst_meta_tag_memory) &&
           !gst_meta_api_type_has_tag(info->api, _gst_meta_tag_memory_reference);
}

void MetaEncoder::warn_of(const GstMeta* meta) {
    if (!told_.insert(meta->info->type).second) return;
    warning_(dropped(tr("metas of type %s are not carried: the receiver gets the buffers without them",
                        g_type_name(meta->info->type))));
}

Result<Bytes> MetaEncoder::encode(GstBuffer* buffer) {
    bytes_.clear();
    gpointer state = nullptr;
    size_t count = 0, serialized = 0;
    while (const GstMeta* meta = gst_buffer_iterate_meta(buffer, &state)) {
        const GstMetaInfo* info = meta->info;
        if (is_local(info)) continue;
        const MetaType* type = type_of(info);
        const bool needed = type ? type->needed(format_) : foreign_needed(info, format_);
        if (!type && peer_reads_serialized_ && is_serializable(info) && serialized++ < serialized_count_max)
            type = &serialized_meta_type();
        fields_.clear();
        FieldWriter fields(fields_);
        const MetaWritten written = type ? type->write(meta, {buffer, format_}, fields) : MetaWritten::no;
        if (written == MetaWritten::needless) continue;
        // The type and the length take 11 bytes at most.
        const bool fits = count < metas_count_max && bytes_.size() + 11 + fields_.size() <= metas_size_max;
        if (written == MetaWritten::yes && fits) {
            FieldWriter out(bytes_);
            out.number(type->id);
            out.bytes(fields_);
            count++;
        } else if (needed) {
            return misread_without(g_type_name(info->type));
        } else {
            warn_of(meta);
        }
    }
    return Bytes(bytes_);
}

bool MetaDecoder::decode(Bytes bytes, GstBuffer* buffer) {
    if (bytes.size() > metas_size_max) return false;
    const MetaContext of{buffer, format_};
    ByteReader in(bytes);
    size_t serialized = 0;
    for (size_t count = 0; !in.empty(); count++) {
        const uint64_t id = read_number(in);
        FieldReader fields(in.bytes(read_number(in)));
        if (!in.ok() || count >= metas_count_max) return false;
        const MetaType* type = type_of(id);
        if (!type) continue;
        if (type == &serialized_meta_type() && serialized++ >= serialized_count_max) return false;
        std::string what = type->name;
        switch (type->read(fields, of, what)) {
            case MetaRead::yes:
                break;
            case MetaRead::malformed:
                return false;
            case MetaRead::refused:
                // Peers choose the names, and must not be able to flood the bus.
                if (told_.size() < refusals_told_max && told_.insert(what).second)
                    warning_(
                        dropped(tr("received metas of type %s are discarded: this end cannot read them, or "
                                   "there are too many names",
                                   what.c_str())));
        }
    }
    add_default_audio_meta(of);
    return bytes.empty() || crop_is_within(of);
}

}  // namespace stt
