// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/held_events.hpp"

#include <iterator>
#include <utility>

#include "gst/sticky.hpp"
#include "gst/stream_start.hpp"

namespace stt {

void HeldEvents::add(EventPtr event) {
    spare_replaced(ended_, event.get());
    held_.push_back(std::move(event));
}

void HeldEvents::begin_push() {
    held_.insert(held_.begin(), std::make_move_iterator(ended_.begin()),
                 std::make_move_iterator(ended_.end()));
    ended_.clear();
}

GstFlowReturn HeldEvents::push(const std::function<GstFlowReturn(EventPtr)>& push) {
    GstFlowReturn flow = GST_FLOW_OK;
    size_t done = 0;
    for (; flow == GST_FLOW_OK && done < held_.size(); done++)
        flow = push(EventPtr(gst_event_ref(held_[done].get())));
    if (flow != GST_FLOW_OK && is_sticky(held_[done - 1].get())) done--;
    held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(done));
    return flow;
}

}  // namespace stt
