// SPDX-License-Identifier: LGPL-2.1-or-later
/// Requests for a key unit, which a peer can send as often as it likes.
#pragma once

#include <mutex>
#include <optional>

#include "core/base/time.hpp"
#include "gst/owned.hpp"
#include "gst/rate_limit.hpp"

namespace stt {

/// Merges requests: at most one waits, and they are passed on at least `spacing` apart. Thread-safe.
class KeyUnitRequests {
  public:
    using TimePoint = RateLimit::Clock::time_point;
    /// Ten requests per second. An encoder that obeys more of them would hardly compress at all.
    static constexpr Duration spacing = 100ms;

    /// Adds a request, an event of gst_video_event_new_upstream_force_key_unit(). Returns after which time
    /// the caller must call take(), or null if a request waits already: it then stands for this one, too.
    std::optional<Duration> add(EventPtr request, TimePoint now);
    /// Returns the request to pass on now, or null if none waits.
    EventPtr take(TimePoint now);
    /// Forgets the request that waits, and when the last one was passed on.
    void clear();

  private:
    std::mutex mutex_;
    EventPtr waiting_;  // under mutex_
    TimePoint next_{};  // the earliest time of the next request; under mutex_
};

}  // namespace stt
