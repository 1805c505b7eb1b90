// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sentences for people in the language of the process, which LC_MESSAGES of its locale or LANGUAGE sets. The
/// sources hold them in English as whole sentences with % conversions for names and numbers. The translations
/// are in po/.
#pragma once

#include <string>
#include <string_view>

namespace stt {

/// Translates `format` and inserts the arguments as printf does. Any thread.
[[gnu::format(printf, 1, 2)]] std::string tr(const char* format, ...);

/// Marks a literal that is translated when it is shown: by translated(), or by tr() if it is a format.
[[gnu::format_arg(1)]] constexpr const char* tr_noop(const char* literal) { return literal; }

/// Translates `sentence`, which must be a literal that tr_noop() has marked. Any thread.
std::string translated(std::string_view sentence);

/// Sets where the translations are: `directory`/LANGUAGE/LC_MESSAGES/gst-plugin-stt.mo. It applies to the
/// whole process. Before the first call, the system's directory is used.
void find_translations(const char* directory);

}  // namespace stt
