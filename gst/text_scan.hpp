// SPDX-License-Identifier: LGPL-2.1-or-later
/// What GStreamer's parser would do with a text, found out without it. The parser trusts its input: it calls
/// itself for each list, its time grows with the square of the number of fields, and GLib keeps every name
/// in it (a GQuark) as long as the process runs.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace stt {

/// Why a text is not given to the parser.
enum class TextFault {
    none,
    malformed,     // the parser would refuse it, or would read it in another way than TextScan does
    many_fields,   // more than fields_max or elements_max
    deep_nesting,  // more than openings_max or depth_max
    many_names,    // more than NameBudget::bytes_max
};

/// The content of a text of caps, tags or a structure. Used by one thread.
class TextScan {
  public:
    /// Scans `text`, including texts that are values in it, however they are quoted or encoded. The scan
    /// stops at the first fault, so its memory is bounded like the text.
    explicit TextScan(const std::string& text);

    /// Whether the text is safe for the parser.
    bool parseable() const { return fault_ == TextFault::none; }
    TextFault fault() const { return fault_; }
    /// Every name that the parser may make a GQuark of, if the text is parseable. Some others may be among
    /// them.
    const std::set<std::string>& names() const { return names_; }

    /// The largest number of lists, arrays and nested structures in a text. GStreamer's parser calls itself
    /// for each one that it opens, and each level takes some hundred bytes of stack. The streamheader of
    /// caps, the richest case in use, has a handful.
    static constexpr size_t openings_max = 1024;
    /// The largest number of commas and semicolons between fields, structures and features of caps. GStreamer
    /// compares the name of each field that it reads with all fields before: 5,000 fields took 5 ms, and
    /// 20,000 fields 74 ms. Caps and tags in use have less than a hundred fields.
    static constexpr size_t fields_max = 4096;
    /// The largest number of commas between elements of lists, arrays and ranges. The parser's work is
    /// proportional to it: 160,000 elements took 70 ms.
    static constexpr size_t elements_max = 1 << 17;
    /// How deep texts may be values of each other.
    static constexpr unsigned depth_max = 8;

  private:
    TextFault fault_ = TextFault::none;
    std::set<std::string> names_;
};

/// Whether the parser would read text that is a value of `text` as a structure, caps or tags. Text that only
/// looks like such a type counts as one.
bool has_nested_text(const std::string& text);

/// Whether GStreamer accepts `name` as the name of a structure.
bool is_structure_name(const std::string& name);

/// Whether `text` is UTF-8 without a NUL.
bool valid_utf8(const std::string& text);

}  // namespace stt
