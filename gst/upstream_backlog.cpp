// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/upstream_backlog.hpp"

#include <utility>

namespace stt {

UpstreamBacklog::Added UpstreamBacklog::add(EventPtr event) {
    EventPtr replaced;  // released after the lock
    const std::lock_guard lock(mutex_);
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_QOS)
        for (EventPtr& waiting : waiting_)
            if (GST_EVENT_TYPE(waiting.get()) == GST_EVENT_QOS) {
                replaced = std::exchange(waiting, std::move(event));
                return Added::another;
            }
    if (waiting_.size() >= events_max) {
        replaced = std::move(event);
        return Added::refused;
    }
    waiting_.push_back(std::move(event));
    return waiting_.size() == 1 ? Added::first : Added::another;
}

std::vector<EventPtr> UpstreamBacklog::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

}  // namespace stt
