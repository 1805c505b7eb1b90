// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/trace.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace stt {

std::string formatted(const char* format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char brief[192];
    const int size = std::vsnprintf(brief, sizeof brief, format, arguments);
    va_end(arguments);
    std::string text(static_cast<size_t>(std::max(size, 0)), '\0');
    if (text.size() < sizeof brief)
        std::copy_n(brief, text.size(), text.begin());
    else
        std::vsnprintf(text.data(), text.size() + 1, format, again);
    va_end(again);
    return text;
}

}  // namespace stt
