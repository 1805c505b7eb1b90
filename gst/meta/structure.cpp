// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/meta/structure.hpp"

#include "gst/meta/codec.hpp"
#include "gst/names.hpp"
#include "gst/text_scan.hpp"

namespace stt {
namespace {

struct BufferField {
    std::string name;
    GstBuffer* buffer;
};

bool is_buffer(const GstStructure* structure, const char* field) {
    return gst_structure_get_field_type(structure, field) == GST_TYPE_BUFFER;
}

/// Returns the fields of `structure` that are buffers.
std::vector<BufferField> buffers_of(const GstStructure* structure) {
    std::vector<BufferField> found;
    const int count = gst_structure_n_fields(structure);
    for (int i = 0; i < count; i++) {
        const char* name = gst_structure_nth_field_name(structure, static_cast<unsigned>(i));
        if (is_buffer(structure, name))
            found.push_back({name, gst_value_get_buffer(gst_structure_get_value(structure, name))});
    }
    return found;
}

std::string text_of(const GstStructure* structure) {
    char* text = gst_structure_to_string(structure);
    std::string copy(text ? text : "");
    g_free(text);
    return copy;
}

StructurePtr parsed(const std::string& text) {
    if (!TextScan(text).parseable()) return nullptr;
    char* end = nullptr;
    StructurePtr structure(gst_structure_from_string(text.c_str(), &end));
    // No text may follow the structure.
    return structure && *end == '\0' ? std::move(structure) : nullptr;
}

}  // namespace

bool write_structure(FieldWriter& out, const GstStructure* structure) {
    const std::vector<BufferField> buffers = buffers_of(structure);
    if (buffers.size() > structure_buffers_max) return false;
    const StructurePtr rest(gst_structure_copy(structure));
    for (const BufferField& field : buffers) gst_structure_remove_field(rest.get(), field.name.c_str());
    const std::string text = text_of(rest.get());
    if (text.size() > structure_text_max || has_nested_text(text)) return false;
    // Some fields, such as pointers, can be printed but not read back.
    const StructurePtr readable = parsed(text);
    if (!readable || gst_structure_n_fields(readable.get()) != gst_structure_n_fields(rest.get()))
        return false;
    out.text(text);
    out.number(buffers.size());
    for (const BufferField& field : buffers) {
        const size_t size = field.buffer ? gst_buffer_get_size(field.buffer) : 0;
        if (!field.buffer || size > metas_size_max || field.name.size() > name_length_max) return false;
        std::vector<uint8_t> bytes(size);
        if (size > 0 && gst_buffer_extract(field.buffer, 0, bytes.data(), size) != size) return false;
        out.text(field.name);
        out.bytes(bytes);
    }
    return true;
}

StructureRead read_structure(FieldReader& in) {
    StructureRead read;
    const std::string text = in.text(structure_text_max);
    if (!in.ok() || !TextScan(text).parseable()) return read;
    if (has_nested_text(text) || !may_name_all(text)) {
        read.outcome = MetaRead::refused;
        return read;
    }
    read.structure = parsed(text);
    if (!read.structure) return read;
    const uint64_t count = in.number(structure_buffers_max);
    for (uint64_t i = 0; i < count && in.ok(); i++) {
        const std::string name = in.text(name_length_max);
        const Bytes bytes = in.bytes(metas_size_max);
        if (!in.ok() || name.empty() || !g_ascii_isalpha(name.front())) return read;
        if (!may_name(name)) {
            read.outcome = MetaRead::refused;
            return read;
        }
        GstBuffer* buffer =
            bytes.empty() ? gst_buffer_new() : gst_buffer_new_memdup(bytes.data(), bytes.size());
        gst_structure_set(read.structure.get(), name.c_str(), GST_TYPE_BUFFER, buffer, nullptr);
        gst_buffer_unref(buffer);
    }
    if (in.ok()) read.outcome = MetaRead::yes;
    return read;
}

}  // namespace stt
