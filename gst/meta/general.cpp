// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <mutex>

#include "gst/meta/codec.hpp"
#include "gst/meta/structure.hpp"
#include "gst/meta/type.hpp"
#include "gst/names.hpp"

namespace stt {
namespace {

/// The number of types of custom metas that all peers together may register in one process. They cannot be
/// unregistered.
constexpr size_t registered_max = 64;
constexpr size_t custom_tags_max = 8;

MetaWritten write_protection(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& protection = *reinterpret_cast<const GstProtectionMeta*>(meta);
    return protection.info && write_structure(out, protection.info) ? MetaWritten::yes : MetaWritten::no;
}

MetaRead read_protection(FieldReader& in, const MetaContext& of, std::string&) {
    StructureRead read = read_structure(in);
    if (read.outcome == MetaRead::yes) gst_buffer_add_protection_meta(of.buffer, read.structure.release());
    return read.outcome;
}

MetaWritten write_timestamp(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    const auto& timestamp = *reinterpret_cast<const GstReferenceTimestampMeta*>(meta);
    if (!timestamp.reference || !GST_CLOCK_TIME_IS_VALID(timestamp.timestamp) ||
        gst_caps_is_any(timestamp.reference) || gst_caps_is_empty(timestamp.reference))
        return MetaWritten::no;
    if (gst_structure_has_name(gst_caps_get_structure(timestamp.reference, 0), sender_time_media_type))
        return MetaWritten::needless;
    // No clock in use needs more than one structure.
    if (gst_caps_get_size(timestamp.reference) != 1 ||
        !write_structure(out, gst_caps_get_structure(timestamp.reference, 0)))
        return MetaWritten::no;
    out.number(timestamp.timestamp);
    out.number(timestamp.duration);
    return MetaWritten::yes;
}

MetaRead read_timestamp(FieldReader& in, const MetaContext& of, std::string&) {
    StructureRead read = read_structure(in);
    if (read.outcome != MetaRead::yes) return read.outcome;
    const GstClockTime timestamp = in.number(), duration = in.number();
    if (!in.ok() || !GST_CLOCK_TIME_IS_VALID(timestamp)) return MetaRead::malformed;
    GstCaps* caps = gst_caps_new_full(read.structure.release(), nullptr);
    gst_buffer_add_reference_timestamp_meta(of.buffer, caps, timestamp, duration);
    gst_caps_unref(caps);
    return MetaRead::yes;
}

/// Returns the type of custom meta named `name`, and registers it if there is none. Null: it is not
/// available.
const GstMetaInfo* custom_type(const std::string& name, const std::vector<std::string>& tags) {
    static std::mutex mutex;
    static size_t registered = 0;  // under mutex
    // Two streams may bring the same name at the same time.
    const std::lock_guard lock(mutex);
    if (const GstMetaInfo* known = gst_meta_get_info(name.c_str()))
        return gst_meta_info_is_custom(known) ? known : nullptr;
    // Plugins that are not loaded yet may also register types, and a peer must not occupy their names.
    const bool taken = name.starts_with("Gst") || g_type_from_name(name.c_str()) != 0 ||
                       g_type_from_name((name + "-api").c_str()) != 0;
    if (taken || registered >= registered_max) return nullptr;
    std::vector<const char*> list;
    for (const std::string& tag : tags) {
        if (!may_name(tag)) return nullptr;
        list.push_back(tag.c_str());
    }
    list.push_back(nullptr);
    registered++;
    return gst_meta_register_custom(name.c_str(), list.data(), nullptr, nullptr, nullptr);
}

MetaWritten write_custom(const GstMeta* meta, const MetaContext&, FieldWriter& out) {
    // GStreamer's function takes a pointer to non-const.
    const auto* custom = reinterpret_cast<const GstCustomMeta*>(meta);
    const std::string name = g_type_name(meta->info->type);
    if (name.size() > name_length_max) return MetaWritten::no;
    out.text(name);
    const gchar* const* tags = gst_meta_api_type_get_tags(meta->info->api);
    const size_t count = tags ? g_strv_length(const_cast<gchar**>(tags)) : 0;
    if (count > custom_tags_max) return MetaWritten::no;
    out.number(count);
    for (size_t i = 0; i < count; i++) {
        if (std::string_view(tags[i]).size() > name_length_max) return MetaWritten::no;
        out.text(tags[i]);
    }
    const GstStructure* fields = gst_custom_meta_get_structure(const_cast<GstCustomMeta*>(custom));
    return write_structure(out, fields) ? MetaWritten::yes : MetaWritten::no;
}

MetaRead read_custom(FieldReader& in, const MetaContext& of, std::string& what) {
    const std::string name = in.text(name_length_max);
    const uint64_t count = in.number(custom_tags_max);
    std::vector<std::string> tags;
    for (uint64_t i = 0; i < count; i++) tags.push_back(in.text(name_length_max));
    StructureRead read = read_structure(in);
    if (!in.ok() || !is_type_name(name)) return MetaRead::malformed;
    what = name;
    if (read.outcome != MetaRead::yes) return read.outcome;
    const GstMetaInfo* type = custom_type(name, tags);
    if (!type) return MetaRead::refused;
    auto* custom = reinterpret_cast<GstCustomMeta*>(gst_buffer_add_meta(of.buffer, type, nullptr));
    if (!custom) return MetaRead::malformed;
    GstStructure* to = gst_custom_meta_get_structure(custom);
    const int fields = gst_structure_n_fields(read.structure.get());
    for (int i = 0; i < fields; i++) {
        const char* field = gst_structure_nth_field_name(read.structure.get(), static_cast<unsigned>(i));
        gst_structure_set_value(to, field, gst_structure_get_value(read.structure.get(), field));
    }
    return MetaRead::yes;
}

constexpr std::array types{
    MetaType{12, "GstProtectionMeta", gst_protection_meta_api_get_type,
             [](const MediaFormat& format) { return format.encrypted(); }, write_protection, read_protection},
    MetaType{13, "GstReferenceTimestampMeta", gst_reference_timestamp_meta_api_get_type, never_needed,
             write_timestamp, read_timestamp},
    MetaType{14, "GstCustomMeta", nullptr, never_needed, write_custom, read_custom},
};

}  // namespace

std::span<const MetaType> general_meta_types() { return types; }

}  // namespace stt
