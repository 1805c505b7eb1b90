// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decides which stream of a session sends its data next.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>

#include "core/proto/send_stream.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// The streams that have data to send. The highest priority is served first, and the streams of one priority
/// take turns in the cyclic order of their ids.
///
/// Belongs to one StreamTable, whose thread calls it. An operation takes O(log n) in the number of streams
/// that have data to send. Serving a stream allocates nothing, and neither does set() if it changes nothing.
class SendScheduler {
  public:
    /// `stream` has `pending` to send from now on. Its `priority` is the same in every call, and higher ones
    /// are served first.
    void set(StreamId stream, uint8_t priority, SendStream::Pending pending);

    /// Returns whether a stream has data to send. `credit` says whether the session's window permits new
    /// data; lost data has been counted against it before.
    bool pending(bool credit) const { return !turns(credit).empty(); }
    /// Returns the stream whose turn it is, or none if pending(credit) is false.
    std::optional<StreamId> next(bool credit) const;
    /// `stream` has had its turn. It is the result of next(), and its `priority` that of set().
    void on_served(StreamId stream, uint8_t priority) { last_served_[priority] = stream; }

  private:
    struct Turn {
        uint8_t priority;
        StreamId stream;
        /// The highest priority comes first, and then the lowest id.
        auto operator<=>(const Turn& other) const {
            const auto order = other.priority <=> priority;
            return order != 0 ? order : stream <=> other.stream;
        }
        bool operator==(const Turn&) const = default;
    };
    using Turns = std::set<Turn>;

    const Turns& turns(bool credit) const { return credit ? pending_ : lost_; }

    Turns pending_;                            // streams with any data to send
    Turns lost_;                               // those of them with lost data
    std::map<uint8_t, StreamId> last_served_;  // by priority; of each priority that was ever served
};

}  // namespace stt
