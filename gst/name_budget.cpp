// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/name_budget.hpp"

#include <glib.h>

#include <vector>

namespace stt {

void NameBudget::start() { *this = {}; }

bool NameBudget::take(const std::set<std::string>& names) {
    std::vector<const std::string*> fresh;
    size_t size = 0;
    for (const std::string& name : names) {
        if (g_quark_try_string(name.c_str()) != 0 || counted_.contains(name)) continue;
        fresh.push_back(&name);
        size += name.size() + overhead;
        if (used_ + size > bytes_max) {
            exceeded_ = true;
            return false;
        }
    }
    for (const std::string* name : fresh) counted_.insert(*name);
    used_ += size;
    return true;
}

}  // namespace stt
