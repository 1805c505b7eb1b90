// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/text.hpp"

#include <libintl.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace stt {
namespace {

constexpr const char* domain = "gst-plugin-stt";

}  // namespace

std::string tr(const char* format, ...) {
    const char* const local = dgettext(domain, format);
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = std::vsnprintf(nullptr, 0, local, arguments);
    va_end(arguments);
    std::string text(static_cast<size_t>(std::max(size, 0)), '\0');
    std::vsnprintf(text.data(), text.size() + 1, local, again);
    va_end(again);
    return text;
}

// The translation of an empty text would be the header of the catalogue.
std::string translated(std::string_view sentence) {
    return sentence.empty() ? std::string() : dgettext(domain, std::string(sentence).c_str());
}

void find_translations(const char* directory) {
    bindtextdomain(domain, directory);
    bind_textdomain_codeset(domain, "UTF-8");
}

}  // namespace stt
