// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/injected_events.hpp"

#include <utility>

namespace stt {

void InjectedEvents::add(EventPtr event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    any_ = true;
}

std::vector<EventPtr> InjectedEvents::take() {
    if (!any_) return {};
    const std::lock_guard lock(mutex_);
    any_ = false;
    return std::exchange(events_, {});
}

void InjectedEvents::clear() {
    const std::lock_guard lock(mutex_);
    events_.clear();
    any_ = false;
}

}  // namespace stt
