// SPDX-License-Identifier: LGPL-2.1-or-later
/// When the window frame of each stream is due.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Belongs to one StreamTable, whose thread calls it. An operation takes O(log n) in the number of streams
/// whose window frame has a time.
class WindowSchedule {
  public:
    /// The frame of `stream` is due at `at`. A past time means now, and time_never that no frame is due.
    void set(StreamId stream, Time at);
    /// Returns the stream that has waited longest for a frame due at `now`, or none.
    std::optional<StreamId> due(Time now) const;
    /// Returns when the next frame is due, or time_never.
    Time next() const { return queue_.empty() ? time_never : queue_.begin()->first; }

  private:
    std::map<StreamId, Time> times_;
    std::set<std::pair<Time, StreamId>> queue_;  // the same pairs, the earliest first
};

}  // namespace stt
