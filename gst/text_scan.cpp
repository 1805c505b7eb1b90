// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/text_scan.hpp"

#include <gst/gst.h>

#include <algorithm>

namespace stt {
namespace {

/// The characters of names, types and unquoted values.
bool of_a_word(char c) {
    return g_ascii_isalnum(c) || std::string_view("_-.:/+").find(c) != std::string::npos;
}

size_t word_end(const std::string& text, size_t begin) {
    while (begin < text.size() && of_a_word(text[begin])) begin++;
    return begin;
}

size_t after_spaces(const std::string& text, size_t at) {
    while (at < text.size() && g_ascii_isspace(text[at])) at++;
    return at;
}

/// Returns the position of the quote that ends the string which begins behind `begin`, or the text's end.
size_t closing_quote(const std::string& text, size_t begin) {
    size_t at = begin;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    return std::min(at, text.size());
}

/// Undoes gst_string_wrap(): a backslash precedes a character or the three octal digits of one.
std::string unescaped(std::string_view quoted) {
    const auto octal = [&](size_t at, char highest) {
        return at < quoted.size() && quoted[at] >= '0' && quoted[at] <= highest;
    };
    std::string text;
    for (size_t at = 0; at < quoted.size(); at++) {
        if (quoted[at] != '\\' || at + 1 == quoted.size()) {
            text += quoted[at];
        } else if (octal(at + 1, '3') && octal(at + 2, '7') && octal(at + 3, '7')) {
            text += static_cast<char>((quoted[at + 1] - '0') * 64 + (quoted[at + 2] - '0') * 8 +
                                      (quoted[at + 3] - '0'));
            at += 3;
        } else {
            text += quoted[++at];
        }
    }
    return text;
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

bool is_sample(const std::string& type) { return type == "sample" || type == "GstSample"; }

bool is_nesting(const std::string& type) {
    // GStreamer's abbreviations for these types.
    for (const char* brief : {"structure", "caps", "taglist", "sample"})
        if (type == brief) return true;
    const GType known = g_type_from_name(type.c_str());
    return known != 0 && !is_plain(known);
}

/// The types in front of values, which stand in parentheses.
struct Types {
    bool texts = false;    // at least one of structures, caps or tags
    bool samples = false;  // their caps and their structure are encoded as base64
};
Types types_in(const std::string& text) {
    Types types;
    for (size_t at = text.find('('); at != std::string::npos; at = text.find('(', at + 1)) {
        const size_t begin = after_spaces(text, at + 1);
        const std::string type = text.substr(begin, word_end(text, begin) - begin);
        if (is_sample(type))
            types.samples = true;
        else if (is_nesting(type))
            types.texts = true;
    }
    return types;
}

}  // namespace

TextScan::TextScan(const std::string& text) {
    // Names begin with a letter. GStreamer treats any other beginning as a programming error of the caller.
    if (text.empty() || !g_ascii_isalpha(text.front()) || !valid_utf8(text)) return;
    scan(text, 0);
    parseable_ = !too_deep_ && openings_ <= openings_max && separators_ <= separators_max;
}

/// Reads `text` as the parser does, up to the first error, where the parser stops.
void TextScan::scan(const std::string& text, unsigned depth) {
    if (depth > depth_max) {
        too_deep_ = true;
        return;
    }
    const Types types = types_in(text);
    bool begins = true;      // a structure's name comes next
    bool in_parens = false;  // a type, or the features of caps
    for (size_t at = 0; at < text.size() && !too_deep_; at++) {
        const char c = text[at];
        if (c == '"') {
            const size_t end = closing_quote(text, at + 1);
            const std::string value = unescaped(std::string_view(text).substr(at + 1, end - at - 1));
            const size_t next = after_spaces(text, end + 1);
            const bool is_field = next < text.size() && text[next] == '=';
            if (is_field || begins || types.texts) scan(value, depth + 1);
            if (types.samples) scan_sample(value, depth);
            begins = false;
            at = end;
        } else if (of_a_word(c)) {
            const size_t end = word_end(text, at), next = after_spaces(text, end);
            const std::string word = text.substr(at, end - at);
            const bool is_field = next < text.size() && text[next] == '=';
            if (is_field || begins || in_parens || types.texts) names_.insert(word);
            if (types.samples) scan_sample(word, depth);
            begins = false;
            at = end - 1;
        } else {
            openings_ += c == '{' || c == '[' || c == '<';
            separators_ += c == ',' || c == ';';
            // Caps features that are a value are separated by commas, as list elements and fields are.
            if (c == '[' || c == ';' || (c == ',' && depth > 0)) begins = true;
            if (c == '(' || c == ')') in_parens = c == '(';
        }
    }
}

/// Scans the parts of a sample: the buffer, then caps, segment and structure, separated by colons. Other
/// values have no such parts, or parts that decode to nothing of interest.
void TextScan::scan_sample(const std::string& value, unsigned depth) {
    for (size_t colon = value.find(':'); colon != std::string::npos;) {
        const size_t next = value.find(':', colon + 1);
        std::string part = value.substr(colon + 1, next - colon - 1);
        std::replace(part.begin(), part.end(), '_', '=');  // as the equals sign separates fields
        gsize size = 0;
        guchar* decoded = g_base64_decode(part.c_str(), &size);
        const std::string text(reinterpret_cast<const char*>(decoded), size);
        g_free(decoded);
        if (!text.empty()) scan(text, depth + 1);
        colon = next;
    }
}

bool has_nested_text(const std::string& text) {
    const Types types = types_in(text);
    if (types.texts || types.samples) return true;
    // Without a type in front, a value that begins with a bracket is a structure. A range has a type.
    for (size_t at = text.find('['); at != std::string::npos; at = text.find('[', at + 1)) {
        if (at > 0 && text[at - 1] == '\\') continue;
        size_t end = at;
        while (end > 0 && g_ascii_isspace(text[end - 1])) end--;
        if (end == 0 || text[end - 1] != ')') return true;
    }
    return false;
}

bool is_structure_name(const std::string& name) {
    return !name.empty() && g_ascii_isalpha(name.front()) && std::all_of(name.begin(), name.end(), of_a_word);
}

bool valid_utf8(const std::string& text) { return g_utf8_validate_len(text.data(), text.size(), nullptr); }

}  // namespace stt
