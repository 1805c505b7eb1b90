// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/text_parser.hpp"

#include "gst/text_scan.hpp"

namespace stt {

bool TextParser::accepts(const std::string& text) {
    const TextScan scan(text);
    return scan.parseable() && names_.take(scan.names());
}

bool TextParser::accepts_name(const std::string& name) {
    return is_structure_name(name) && names_.take({name});
}

CapsPtr TextParser::caps(const std::string& text) {
    return CapsPtr(accepts(text) ? gst_caps_from_string(text.c_str()) : nullptr);
}

TagsPtr TextParser::tags(const std::string& text) {
    // GStreamer treats any other beginning as a programming error of the caller.
    if (!text.starts_with("taglist") || !accepts(text)) return nullptr;
    return TagsPtr(gst_tag_list_new_from_string(text.c_str()));
}

StructurePtr TextParser::structure(const std::string& text) {
    return StructurePtr(accepts(text) ? gst_structure_from_string(text.c_str(), nullptr) : nullptr);
}

}  // namespace stt
