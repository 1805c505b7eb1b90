// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sentences for people, in the language of the process (its locale's LC_MESSAGES, or LANGUAGE). The sources
/// hold them in English, each whole, with % for what it names; po/ holds the translations.
#pragma once

#include <string>
#include <string_view>

namespace stt {

/// `format` in the language of the process, with the arguments put in as by printf. On any thread.
[[gnu::format(printf, 1, 2)]] std::string tr(const char* format, ...);

/// Marks a literal that is translated when it is shown: by translated(), or, when it is a format, by tr().
[[gnu::format_arg(1)]] constexpr const char* tr_noop(const char* literal) { return literal; }

/// `sentence`, a literal that tr_noop() has marked, in the language of the process. On any thread.
std::string translated(std::string_view sentence);

/// Where the translations are: `directory`/LANGUAGE/LC_MESSAGES/gst-plugin-stt.mo. Of the whole process;
/// until it is called, that is the system's directory.
void find_translations(const char* directory);

}  // namespace stt
