// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/names.hpp"

#include <glib.h>

#include <algorithm>
#include <mutex>
#include <set>

namespace stt {
namespace {

std::mutex mutex;
std::set<std::string> counted;  // under mutex

bool of_a_name(char c) {
    return g_ascii_isalnum(c) || std::string_view("_-.:/+").find(c) != std::string::npos;
}

}  // namespace

bool is_type_name(const std::string& name) {
    return name.size() >= 3 && name.size() <= name_length_max &&
           (g_ascii_isalpha(name[0]) || name[0] == '_') && std::all_of(name.begin(), name.end(), [](char c) {
               return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '+';
           });
}

bool may_name(std::string_view name) {
    if (name.empty() || name.size() > name_length_max) return false;
    std::string text(name);
    if (g_quark_try_string(text.c_str()) != 0) return true;
    // A name that is counted need not be a quark yet: its text is parsed later, or may turn out to be
    // malformed.
    const std::lock_guard lock(mutex);
    if (counted.contains(text)) return true;
    if (counted.size() >= peer_names_max) return false;
    counted.insert(std::move(text));
    return true;
}

bool may_name_all(const std::string& text) {
    const auto first_end = std::find_if_not(text.begin(), text.end(), of_a_name);
    if (!may_name(std::string_view(text).substr(0, static_cast<size_t>(first_end - text.begin()))))
        return false;
    for (size_t equals = text.find('='); equals != std::string::npos; equals = text.find('=', equals + 1)) {
        size_t end = equals;
        while (end > 0 && text[end - 1] == ' ') end--;
        size_t begin = end;
        while (begin > 0 && of_a_name(text[begin - 1])) begin--;
        if (begin < end && !may_name(std::string_view(text).substr(begin, end - begin))) return false;
    }
    return true;
}

}  // namespace stt
