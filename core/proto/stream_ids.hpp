// SPDX-License-Identifier: LGPL-2.1-or-later
/// The stream ids of a session: which side may open which, and which were used.
#pragma once

#include "core/proto/offset_ranges.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Each id is used once in a session. Belongs to one StreamTable, whose thread calls it.
class StreamIds {
  public:
    /// The streams of the caller have even ids, and those of the responder odd ones. `caller` says which this
    /// side is.
    explicit StreamIds(bool caller) : caller_(caller), next_(caller ? 0 : 1) {}

    bool caller() const { return caller_; }
    /// Returns whether only this side may open a stream with `id`.
    bool is_ours(StreamId id) const { return (id % 2 == 0) == caller_; }
    /// Returns whether there is a stream with `id`, or was one.
    bool is_used(StreamId id) const { return used_.contains(key(id)); }
    /// Returns the lowest id of this side that is not used.
    StreamId next() {
        while (is_used(next_)) next_ += 2;
        return next_;
    }
    /// A stream with `id` begins to exist.
    void use(StreamId id) { used_.add(key(id), key(id) + 1); }
    /// Returns how many ranges of used ids must be remembered.
    size_t ranges() const { return used_.list().size(); }

  private:
    /// Maps the ids of each side to consecutive numbers, so that ranges of them join.
    static uint64_t key(StreamId id) { return (id % 2) << 62 | id / 2; }

    bool caller_;
    StreamId next_;      // all lower ids of this side are used
    OffsetRanges used_;  // of key()
};

}  // namespace stt
