// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/name_budget.hpp"

#include <glib.h>

#include <vector>

namespace stt {

std::atomic<size_t> NameBudget::in_this_process_ = 0;

void NameBudget::start() { *this = NameBudget(*in_process_); }

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
    if (!take_from_process(size)) {
        exceeded_ = true;
        return false;
    }
    for (const std::string* name : fresh) counted_.insert(*name);
    used_ += size;
    return true;
}

bool NameBudget::take_from_process(size_t size) {
    size_t used = *in_process_;
    do {
        if (size > process_bytes_max - used) return false;
    } while (!in_process_->compare_exchange_weak(used, used + size));
    return true;
}

}  // namespace stt
