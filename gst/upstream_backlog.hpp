// SPDX-License-Identifier: LGPL-2.1-or-later
/// Upstream events of a peer that wait to be passed to the pipeline, whose event functions may take as long
/// as they like.
#pragma once

#include <mutex>
#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// Thread-safe.
class UpstreamBacklog {
  public:
    /// How many events wait at most. With upstream_message_max each they take 8 MiB.
    static constexpr size_t events_max = 64;

    enum class Added : uint8_t {
        first,    ///< the caller must schedule a call of take()
        another,  ///< that was said for an event before
        refused,  ///< too many events wait; the event is dropped
    };
    /// Adds an event. A QOS event replaces one that waits, as it is only the newest that matters.
    Added add(EventPtr event);
    /// Returns the events that wait, in order.
    std::vector<EventPtr> take();

  private:
    std::mutex mutex_;
    std::vector<EventPtr> waiting_;  // under mutex_
};

}  // namespace stt
