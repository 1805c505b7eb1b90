// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/text_scan.hpp"

#include <gst/gst.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gst/name_budget.hpp"

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
                              G_TYPE_STRV,
                              G_TYPE_BYTES,
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

/// What the parser reads a value as, according to the type in front of it.
enum class Content {
    untyped,
    plain,
    text,      // a structure, tags or caps
    features,  // of caps
    sample,    // its caps and structures are encoded as base64
};

Content content_of(const std::string& type) {
    // GStreamer's abbreviations are among the names.
    if (type == "sample" || type == "GstSample") return Content::sample;
    if (type == "GstCapsFeatures") return Content::features;
    if (type == "structure" || type == "taglist" || type == "caps") return Content::text;
    const GType known = g_type_from_name(type.c_str());
    return known != 0 && !is_plain(known) ? Content::text : Content::plain;
}

/// Whether each bracket in `quoted` has its counterpart there.
bool has_balanced_brackets(std::string_view quoted) {
    size_t open = 0;
    for (const char c : quoted) {
        if (c == ']' && open == 0) return false;
        if (c == '[') open++;
        if (c == ']') open--;
    }
    return open == 0;
}

std::string trimmed(const std::string& text) {
    const size_t begin = text.find_first_not_of(' ');
    return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// What the texts of one scan have together.
struct Tally {
    TextFault fault = TextFault::none;
    std::set<std::string> names;
    size_t names_size = 0;  // as NameBudget counts
    size_t openings = 0, fields = 0, elements = 0;

    /// Keeps the first fault.
    void fail(TextFault found) {
        if (fault == TextFault::none) fault = found;
    }
    void add_name(const std::string& name) {
        if (!names.insert(name).second) return;
        names_size += name.size() + NameBudget::overhead;
        if (names_size > NameBudget::bytes_max) fail(TextFault::many_names);
    }
    void add_opening() {
        if (++openings > TextScan::openings_max) fail(TextFault::deep_nesting);
    }
    void add_field() {
        if (++fields > TextScan::fields_max) fail(TextFault::many_fields);
    }
    void add_element() {
        if (++elements > TextScan::elements_max) fail(TextFault::many_fields);
    }
};

/// Reads one text as the parser does, and the texts in it.
class Reader {
  public:
    Reader(Tally& tally, const std::string& text, unsigned depth)
        : tally_(tally), text_(text), depth_(depth) {}

    void read();

  private:
    /// A list, array, range, or structure in brackets that has not ended.
    struct Opening {
        char closing;
        Content content;   // of its elements, or of the whole
        bool of_elements;  // not of fields
    };

    /// What the next word or text in quotes is.
    enum class Place { structure_name, field_name, value };

    void read_quoted();
    void read_word();
    void read_parentheses();
    void open(char closing);
    void close(char closing);
    void read_comma();
    void read_semicolon();
    void read_nested(const std::string& value);
    void read_features(const std::string& value);
    void read_sample(const std::string& value);

    Tally& tally_;
    const std::string& text_;
    const unsigned depth_;
    size_t at_ = 0;
    Place place_ = Place::structure_name;
    Content content_ = Content::untyped;
    std::vector<Opening> openings_;
    size_t brackets_ = 0;  // those of openings_ that end with ']'
};

void Reader::read() {
    if (depth_ > TextScan::depth_max) return tally_.fail(TextFault::deep_nesting);
    while (at_ < text_.size() && tally_.fault == TextFault::none) {
        const char c = text_[at_];
        if (of_a_word(c)) {
            read_word();
            continue;
        }
        at_++;
        if (c == '"') read_quoted();
        if (c == '(') read_parentheses();
        if (c == '{') open('}');
        if (c == '<') open('>');
        if (c == '[') open(']');
        if (c == '}' || c == '>' || c == ']') close(c);
        if (c == ',') read_comma();
        if (c == ';') read_semicolon();
    }
    if (!openings_.empty()) tally_.fail(TextFault::malformed);
}

void Reader::read_quoted() {
    const size_t end = closing_quote(text_, at_);
    if (end == text_.size()) return tally_.fail(TextFault::malformed);
    const std::string_view quoted = std::string_view(text_).substr(at_, end - at_);
    // To find the end of a structure in brackets, the parser counts those in quotes too. What stands between
    // a structure's semicolon and this end it skips, even a quote.
    if (brackets_ > 0 && !has_balanced_brackets(quoted)) return tally_.fail(TextFault::malformed);
    // A structure in brackets that begins with a quote is unescaped as a whole.
    if (brackets_ > 0 && place_ == Place::structure_name) return tally_.fail(TextFault::malformed);
    if (place_ == Place::value)
        read_nested(unescaped(quoted));
    else
        tally_.add_name(unescaped(quoted));
    place_ = Place::value;
    at_ = end + 1;
}

void Reader::read_word() {
    const size_t end = word_end(text_, at_);
    const std::string word = text_.substr(at_, end - at_);
    at_ = end;
    const bool of_structure = place_ == Place::structure_name || content_ == Content::text;
    // The parser keeps the name of a field before it looks for its '=', and that of a structure if it is
    // valid.
    if (place_ == Place::field_name || content_ == Content::features ||
        (of_structure && g_ascii_isalpha(word.front())))
        tally_.add_name(word);
    if (content_ == Content::sample) read_sample(word);
    place_ = Place::value;
}

/// Reads a type, or the features of caps. The parser ends these at the first ')', whatever stands before it.
void Reader::read_parentheses() {
    const size_t end = std::min(text_.find(')', at_), text_.size());
    if (end == text_.size()) return tally_.fail(TextFault::malformed);
    const std::string inside = text_.substr(at_, end - at_);
    read_features(inside);
    content_ = content_of(trimmed(inside));
    at_ = end + 1;
}

void Reader::open(char closing) {
    tally_.add_opening();
    // The parser would not stop here in every case.
    if (place_ != Place::value) return tally_.fail(TextFault::malformed);
    const bool bracket = closing == ']';
    // The parser reads these types otherwise: up to the ']', whatever stands before it.
    if (bracket && (content_ == Content::features || content_ == Content::sample))
        return tally_.fail(TextFault::malformed);
    openings_.push_back({closing, content_, !bracket || content_ == Content::plain});
    place_ = Place::value;
    if (!bracket) return;
    brackets_++;
    if (content_ == Content::plain) return;  // a range
    place_ = Place::structure_name;
    content_ = Content::untyped;
}

void Reader::close(char closing) {
    if (openings_.empty() || openings_.back().closing != closing) return tally_.fail(TextFault::malformed);
    if (closing == ']') brackets_--;
    openings_.pop_back();
    content_ = Content::untyped;
    place_ = Place::value;
}

void Reader::read_comma() {
    const bool of_elements = !openings_.empty() && openings_.back().of_elements;
    content_ = of_elements ? openings_.back().content : Content::untyped;
    place_ = of_elements ? Place::value : Place::field_name;
    if (of_elements)
        tally_.add_element();
    else
        tally_.add_field();
}

void Reader::read_semicolon() {
    tally_.add_field();
    content_ = Content::untyped;
    place_ = Place::structure_name;
}

/// Reads a value in quotes.
void Reader::read_nested(const std::string& value) {
    switch (content_) {
        case Content::untyped:
        case Content::plain:
            break;
        case Content::text:
            Reader(tally_, value, depth_ + 1).read();
            break;
        case Content::features:
            read_features(value);
            break;
        case Content::sample:
            read_sample(value);
            break;
    }
}

/// The parser makes a name of all that stands between two commas.
void Reader::read_features(const std::string& value) {
    const auto allowed = [](char c) { return of_a_word(c) || c == ' ' || c == ','; };
    if (!std::all_of(value.begin(), value.end(), allowed)) return tally_.fail(TextFault::malformed);
    for (size_t begin = 0; tally_.fault == TextFault::none;) {
        const size_t comma = value.find(',', begin);
        tally_.add_name(trimmed(value.substr(begin, comma - begin)));
        if (comma == std::string::npos) return;
        tally_.add_field();
        begin = comma + 1;
    }
}

/// Reads the parts of a sample: the buffer, then caps, segment and structure, separated by colons.
void Reader::read_sample(const std::string& value) {
    for (size_t colon = value.find(':'); colon != std::string::npos && tally_.fault == TextFault::none;) {
        const size_t next = value.find(':', colon + 1);
        std::string part = value.substr(colon + 1, next - colon - 1);
        colon = next;
        if (part == "None") continue;
        std::replace(part.begin(), part.end(), '_', '=');  // as the equals sign separates fields
        gsize size = 0;
        guchar* decoded = g_base64_decode(part.c_str(), &size);
        const std::string text(reinterpret_cast<const char*>(decoded), size);
        g_free(decoded);
        Reader(tally_, text, depth_ + 1).read();
    }
}

/// Whether a type that stands in front of a value makes its text a nested one.
bool has_nesting_type(const std::string& text) {
    for (size_t at = text.find('('); at != std::string::npos; at = text.find('(', at + 1)) {
        const size_t begin = after_spaces(text, at + 1);
        if (content_of(text.substr(begin, word_end(text, begin) - begin)) != Content::plain) return true;
    }
    return false;
}

}  // namespace

TextScan::TextScan(const std::string& text) {
    // Names begin with a letter. GStreamer treats any other beginning as a programming error of the caller.
    if (text.empty() || !g_ascii_isalpha(text.front()) || !valid_utf8(text)) {
        fault_ = TextFault::malformed;
        return;
    }
    Tally tally;
    Reader(tally, text, 0).read();
    fault_ = tally.fault;
    names_ = std::move(tally.names);
}

bool has_nested_text(const std::string& text) {
    if (has_nesting_type(text)) return true;
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
