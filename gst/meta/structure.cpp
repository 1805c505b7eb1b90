// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/meta/structure.hpp"

#include "gst/meta/codec.hpp"
#include "gst/names.hpp"

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

/// Whether values of `type` are numbers, texts, times, bytes or lists of these only.
bool is_plain(GType type) {
    if (G_TYPE_IS_ENUM(type) || G_TYPE_IS_FLAGS(type) || g_type_is_a(type, GST_TYPE_FLAG_SET)) return true;
    for (const GType plain : {G_TYPE_BOOLEAN,
                              G_TYPE_INT,
                              G_TYPE_UINT,
                              G_TYPE_LONG,
                              G_TYPE_ULONG,
                              G_TYPE_INT64,
                              G_TYPE_UINT64,
                              G_TYPE_FLOAT,
                              G_TYPE_DOUBLE,
                              G_TYPE_STRING,
                              G_TYPE_CHAR,
                              G_TYPE_UCHAR,
                              G_TYPE_DATE,
                              GST_TYPE_DATE_TIME,
                              GST_TYPE_BUFFER,
                              GST_TYPE_FRACTION,
                              GST_TYPE_BITMASK,
                              GST_TYPE_LIST,
                              GST_TYPE_ARRAY,
                              GST_TYPE_INT_RANGE,
                              GST_TYPE_INT64_RANGE,
                              GST_TYPE_DOUBLE_RANGE,
                              GST_TYPE_FRACTION_RANGE})
        if (type == plain) return true;
    return false;
}

/// Whether every type that `text` names, in parentheses before a value, is plain. Text that only looks like a
/// type that is not plain counts as one.
bool all_plain(const std::string& text) {
    const auto of_a_type = [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '+'; };
    for (size_t at = text.find('('); at != std::string::npos; at = text.find('(', at + 1)) {
        size_t begin = at + 1;
        while (begin < text.size() && g_ascii_isspace(text[begin])) begin++;
        size_t end = begin;
        while (end < text.size() && of_a_type(text[end])) end++;
        const std::string name = text.substr(begin, end - begin);
        // GStreamer's abbreviations for these types.
        for (const char* brief : {"structure", "caps", "taglist", "sample"})
            if (name == brief) return false;
        const GType type = g_type_from_name(name.c_str());
        if (type != 0 && !is_plain(type)) return false;
    }
    // Without a type in front, a value that begins with a bracket is a structure. A range has a type.
    for (size_t at = text.find('['); at != std::string::npos; at = text.find('[', at + 1)) {
        if (at > 0 && text[at - 1] == '\\') continue;
        size_t end = at;
        while (end > 0 && g_ascii_isspace(text[end - 1])) end--;
        if (end == 0 || text[end - 1] != ')') return false;
    }
    return true;
}

StructurePtr parsed(const std::string& text) {
    if (!parseable(text)) return nullptr;
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
    if (text.size() > structure_text_max || !all_plain(text)) return false;
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
    if (!in.ok() || !parseable(text)) return read;
    if (!all_plain(text) || !may_name_all(text)) {
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
