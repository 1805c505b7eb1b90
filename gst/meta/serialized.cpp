// SPDX-License-Identifier: LGPL-2.1-or-later
// gst_meta_serialize() and gst_meta_deserialize() are not used. They add a header of their own to the bytes
// of the same functions. In GStreamer 1.24 to 1.26 they compute its length in too few bits. A long name of a
// type, or a length chosen by a peer, then makes them access memory out of bounds.
#include "gst/meta/serialized.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "gst/names.hpp"

namespace stt {
#if GST_CHECK_VERSION(1, 24, 0)
namespace {

/// The array that a type's function writes to. It can refuse to grow.
struct BoundedArray : GstByteArrayInterface {
    std::vector<uint8_t> bytes;
};

gboolean resize(GstByteArrayInterface* self, gsize length) {
    if (length > serialized_size_max) return FALSE;
    auto& array = *static_cast<BoundedArray*>(self);
    array.bytes.resize(length);
    array.data = array.bytes.data();
    return TRUE;
}

MetaWritten write_serialized(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const std::string_view name = g_type_name(meta->info->type);
    BoundedArray array;
    gst_byte_array_interface_init(&array);
    array.resize = resize;
    guint8 version = 0;
    if (name.size() > name_length_max || !meta->info->serialize_func(meta, &array, &version) ||
        array.len > array.bytes.size())
        return MetaWritten::no;
    out.text(name);
    out.number(version);
    out.bytes({array.bytes.data(), array.len});
    return MetaWritten::yes;
}

std::vector<GstMeta*> metas_of(GstBuffer* buffer) {
    std::vector<GstMeta*> found;
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta(buffer, &state)) found.push_back(meta);
    return found;
}

/// Adds the meta. Returns false, with nothing added, if the type's function adds no meta or more than one.
bool add(const GstMetaInfo* info, GstBuffer* buffer, Bytes bytes, uint8_t version) {
    const std::vector<GstMeta*> before = metas_of(buffer);
    const GstMeta* result = info->deserialize_func(info, buffer, bytes.data(), bytes.size(), version);
    std::vector<GstMeta*> added = metas_of(buffer);
    std::erase_if(
        added, [&](GstMeta* meta) { return std::find(before.begin(), before.end(), meta) != before.end(); });
    if (added.size() == 1 && added[0] == result && result->info == info) return true;
    for (GstMeta* meta : added) {
        meta->flags = GST_META_FLAG_NONE;  // a locked meta could not be removed
        gst_buffer_remove_meta(buffer, meta);
    }
    return false;
}

}  // namespace

bool has_serialization() {
    unsigned major = 0, minor = 0, micro = 0, nano = 0;
    gst_version(&major, &minor, &micro, &nano);
    return major > 1 || (major == 1 && minor >= 24);
}

bool is_serializable(const GstMetaInfo* info) {
    // In earlier versions GstMetaInfo ends before these members.
    return has_serialization() && info->serialize_func && info->deserialize_func && is_foreign(info);
}

#else
namespace {

MetaWritten write_serialized(const GstMeta*, const MetaContext&, FieldWriter&) { return MetaWritten::no; }
bool add(const GstMetaInfo*, GstBuffer*, Bytes, uint8_t) { return false; }

}  // namespace

bool has_serialization() { return false; }
bool is_serializable(const GstMetaInfo*) { return false; }

#endif
namespace {

MetaRead read_serialized(FieldReader& in, const MetaContext& of, std::string& what) {
    const std::string name = in.text(name_length_max);
    const auto version = static_cast<uint8_t>(in.number(std::numeric_limits<uint8_t>::max()));
    const Bytes bytes = in.bytes(serialized_size_max);
    if (!in.ok() || !is_type_name(name)) return MetaRead::malformed;
    what = name;
    // This registers no type: a peer cannot create types or their functions.
    const GstMetaInfo* info = gst_meta_get_info(name.c_str());
    return info && is_serializable(info) && add(info, of.buffer, bytes, version) ? MetaRead::yes
                                                                                 : MetaRead::refused;
}

constexpr MetaType serialized{15, "serialized", nullptr, never_needed, write_serialized, read_serialized};

}  // namespace

bool has_serializable_meta(GstBuffer* buffer) {
    if (!has_serialization()) return false;
    gpointer state = nullptr;
    while (const GstMeta* meta = gst_buffer_iterate_meta(buffer, &state))
        if (is_serializable(meta->info)) return true;
    return false;
}

const MetaType& serialized_meta_type() { return serialized; }

}  // namespace stt
