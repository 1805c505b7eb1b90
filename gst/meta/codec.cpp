// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/meta/codec.hpp"

#include <algorithm>
#include <array>

#include "core/base/text.hpp"
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

const MetaType* type_of(const GstMeta* meta) {
    for (const Known& known : known_types()) {
        if (known.api ? known.api == meta->info->api : gst_meta_info_is_custom(meta->info)) return known.type;
    }
    return nullptr;
}

const MetaType* type_of(uint64_t id) {
    for (const Known& known : known_types())
        if (known.type->id == id) return known.type;
    return nullptr;
}

/// What GStreamer's elements keep with a buffer for their own use, and what is about the last hop: nobody
/// misses it elsewhere.
constexpr std::array<std::string_view, 3> local_apis{
    "GstParentBufferMetaAPI",       // keeps memory alive that is referred to
    "GstNetAddressMetaAPI",         // where a datagram came from
    "GstNetControlMessageMetaAPI",  // what the socket said of it
};

/// The payload is in planes that only the meta tells; not in all versions of GStreamer.
constexpr std::string_view planes_api = "GstDsdPlaneOffsetsMetaAPI";

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

}  // namespace

void MetaEncoder::warn_of(const GstMeta* meta) {
    if (!told_.insert(meta->info->type).second) return;
    warning_(dropped(tr("metas of the type %s are not carried: the receiver gets the buffers without",
                        g_type_name(meta->info->type))));
}

Result<Bytes> MetaEncoder::encode(GstBuffer* buffer) {
    bytes_.clear();
    gpointer state = nullptr;
    size_t count = 0;
    while (const GstMeta* meta = gst_buffer_iterate_meta(buffer, &state)) {
        const MetaType* type = type_of(meta);
        if (!type) {
            const std::string_view api = g_type_name(meta->info->api);
            if (holds(local_apis, api)) continue;
            if (api == planes_api || format_.wants_meta(api))
                return misread_without(g_type_name(meta->info->type));
            warn_of(meta);
            continue;
        }
        fields_.clear();
        FieldWriter fields(fields_);
        const MetaWritten written = type->write(meta, {buffer, format_}, fields);
        if (written == MetaWritten::needless) continue;
        // Its type and its length take 11 bytes at most.
        const bool fits = count < metas_count_max && bytes_.size() + 11 + fields_.size() <= metas_size_max;
        if (written == MetaWritten::yes && fits) {
            FieldWriter out(bytes_);
            out.number(type->id);
            out.bytes(fields_);
            count++;
        } else if (type->needed(format_)) {
            return misread_without(type->name);
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
    for (size_t count = 0; !in.empty(); count++) {
        const uint64_t id = read_number(in);
        FieldReader fields(in.bytes(read_number(in)));
        if (!in.ok() || count >= metas_count_max) return false;
        const MetaType* type = type_of(id);
        if (!type) continue;
        std::string what = type->name;
        switch (type->read(fields, of, what)) {
            case MetaRead::yes:
                break;
            case MetaRead::malformed:
                return false;
            case MetaRead::refused:
                // Peers choose names: they shall not fill the bus.
                if (told_.size() < refusals_told_max && told_.insert(what).second)
                    warning_(
                        dropped(tr("metas of the type %s that arrive are not taken: too many names, or not "
                                   "one for a meta",
                                   what.c_str())));
        }
    }
    add_default_audio_meta(of);
    return bytes.empty() || crop_is_within(of);
}

}  // namespace stt
