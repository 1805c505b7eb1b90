// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/key_unit_requests.hpp"

#include <gst/video/video.h>

#include <algorithm>

namespace stt {
namespace {

struct Request {
    GstClockTime running_time = GST_CLOCK_TIME_NONE;  // none: at once
    gboolean all_headers = FALSE;
    unsigned count = 0;
};

Request parse(GstEvent* event) {
    Request request;
    gst_video_event_parse_upstream_force_key_unit(event, &request.running_time, &request.all_headers,
                                                  &request.count);
    return request;
}

/// Returns a request that is early enough for both and has all that either wants.
EventPtr merged(GstEvent* first, GstEvent* second) {
    const Request one = parse(first), other = parse(second);
    const bool at_once =
        !GST_CLOCK_TIME_IS_VALID(one.running_time) || !GST_CLOCK_TIME_IS_VALID(other.running_time);
    return EventPtr(gst_video_event_new_upstream_force_key_unit(
        at_once ? GST_CLOCK_TIME_NONE : std::min(one.running_time, other.running_time),
        one.all_headers || other.all_headers, std::max(one.count, other.count)));
}

}  // namespace

std::optional<Duration> KeyUnitRequests::add(EventPtr request, TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (waiting_) {
        waiting_ = merged(waiting_.get(), request.get());
        return std::nullopt;
    }
    waiting_ = std::move(request);
    return std::max<Duration>(next_ - now, Duration::zero());
}

EventPtr KeyUnitRequests::take(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (waiting_) next_ = now + spacing;
    return std::move(waiting_);
}

void KeyUnitRequests::clear() {
    const std::lock_guard lock(mutex_);
    waiting_.reset();
    next_ = {};
}

}  // namespace stt
