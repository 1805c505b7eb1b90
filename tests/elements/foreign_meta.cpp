// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/foreign_meta.hpp"

#include <cstring>

namespace stt::test {
namespace {

struct LyingMeta {
    GstMeta meta;
    Lie lie;
};

gboolean clear_foreign(GstMeta* meta, gpointer, GstBuffer*) {
    reinterpret_cast<ForeignMeta*>(meta)->number = 0;
    reinterpret_cast<ForeignMeta*>(meta)->size = 0;
    return TRUE;
}

gboolean clear_lying(GstMeta* meta, gpointer, GstBuffer*) {
    reinterpret_cast<LyingMeta*>(meta)->lie = Lie::none;
    return TRUE;
}

#if GST_CHECK_VERSION(1, 24, 0)

constexpr guint8 filling = 0x55;
constexpr guint8 foreign_version = 3;

gboolean write_foreign(const GstMeta* meta, GstByteArrayInterface* data, guint8* version) {
    const auto& foreign = *reinterpret_cast<const ForeignMeta*>(meta);
    guint8 number[4];
    GST_WRITE_UINT32_LE(number, foreign.number);
    if (!gst_byte_array_interface_append_data(data, number, sizeof number)) return FALSE;
    guint8* rest = gst_byte_array_interface_append(data, foreign.size);
    if (!rest) return FALSE;
    if (foreign.size > 0) memset(rest, filling, foreign.size);
    *version = foreign_version;
    return TRUE;
}

GstMeta* read_foreign(const GstMetaInfo* info, GstBuffer* buffer, const guint8* data, gsize size,
                      guint8 version) {
    if (version != foreign_version || size < 4) return nullptr;
    for (gsize i = 4; i < size; i++)
        if (data[i] != filling) return nullptr;
    GstMeta* meta = gst_buffer_add_meta(buffer, info, nullptr);
    reinterpret_cast<ForeignMeta*>(meta)->number = GST_READ_UINT32_LE(data);
    reinterpret_cast<ForeignMeta*>(meta)->size = size - 4;
    return meta;
}

gboolean write_lying(const GstMeta* meta, GstByteArrayInterface* data, guint8*) {
    const auto lie = static_cast<guint8>(reinterpret_cast<const LyingMeta*>(meta)->lie);
    return gst_byte_array_interface_append_data(data, &lie, 1);
}

GstMeta* read_lying(const GstMetaInfo* info, GstBuffer* buffer, const guint8* data, gsize size, guint8) {
    if (size != 1) return nullptr;
    const auto lie = static_cast<Lie>(data[0]);
    if (lie == Lie::says_without_adding) {
        static GstMeta never_added;
        never_added.info = info;
        return &never_added;
    }
    GstMeta* meta =
        gst_buffer_add_meta(buffer, lie == Lie::adds_another ? foreign_meta_info() : info, nullptr);
    meta->flags = GST_META_FLAG_LOCKED;
    if (lie == Lie::adds_two) gst_buffer_add_meta(buffer, foreign_meta_info(), nullptr);
    return lie == Lie::adds_without_saying ? nullptr : meta;
}

const GstMetaInfo* make_type(GType api, const char* name, gsize size, GstMetaInitFunction init,
                             GstMetaSerializeFunction write, GstMetaDeserializeFunction read) {
    GstMetaInfo* info = gst_meta_info_new(api, name, size);
    info->init_func = init;
    info->serialize_func = write;
    info->deserialize_func = read;
    return gst_meta_info_register(info);
}

#else

constexpr int write_foreign = 0, read_foreign = 0, write_lying = 0, read_lying = 0;

const GstMetaInfo* make_type(GType api, const char* name, gsize size, GstMetaInitFunction init, int, int) {
    return gst_meta_register(api, name, size, init, nullptr, nullptr);
}

#endif

const char* no_tags[] = {nullptr};
const char* memory_tags[] = {"memory", nullptr};

}  // namespace

bool gstreamer_serializes() { return GST_CHECK_VERSION(1, 24, 0); }

const GstMetaInfo* foreign_meta_info() {
    static const GstMetaInfo* info =
        make_type(gst_meta_api_type_register("SttForeignMetaAPI", no_tags), "SttForeignMeta",
                  sizeof(ForeignMeta), clear_foreign, write_foreign, read_foreign);
    return info;
}

const GstMetaInfo* memory_meta_info() {
    static const GstMetaInfo* info =
        make_type(gst_meta_api_type_register("SttMemoryMetaAPI", memory_tags), "SttMemoryMeta",
                  sizeof(ForeignMeta), clear_foreign, write_foreign, read_foreign);
    return info;
}

const GstMetaInfo* lying_meta_info() {
    static const GstMetaInfo* info =
        make_type(gst_meta_api_type_register("SttLyingMetaAPI", no_tags), "SttLyingMeta", sizeof(LyingMeta),
                  clear_lying, write_lying, read_lying);
    return info;
}

void add_foreign_meta(GstBuffer* buffer, guint32 number, gsize size) {
    auto* meta = reinterpret_cast<ForeignMeta*>(gst_buffer_add_meta(buffer, foreign_meta_info(), nullptr));
    meta->number = number;
    meta->size = size;
}

const ForeignMeta* foreign_meta_of(GstBuffer* buffer) {
    return reinterpret_cast<const ForeignMeta*>(gst_buffer_get_meta(buffer, foreign_meta_info()->api));
}

void add_lying_meta(GstBuffer* buffer, Lie lie) {
    reinterpret_cast<LyingMeta*>(gst_buffer_add_meta(buffer, lying_meta_info(), nullptr))->lie = lie;
}

}  // namespace stt::test
