// SPDX-License-Identifier: LGPL-2.1-or-later
/// Maps the numbers and names of a sender's run to those of this process.
#pragma once

#include <array>
#include <string>

#include "gst/message_kind.hpp"
#include "gst/owned.hpp"

namespace stt {

/// Used on the streaming thread.
class LocalIds {
  public:
    /// Announces that all further events belong to the sender's run `instance`.
    void begin(uint64_t instance);

    /// Returns `event`, which came from the sender, with local ids: the stream ids in STREAM_START and
    /// STREAM_COLLECTION, the group id and the sequence number.
    EventPtr local(EventPtr event);
    /// Returns a STREAM_START for a run in which the sender sends none.
    EventPtr stream_start();
    /// Returns the local sequence number for the sender's number `sent`. It is the same for each use of
    /// `sent`, as long as fewer than 16 other numbers came in between.
    uint32_t seqnum(uint32_t sent);

  private:
    /// Returns an id that differs for every run of every sender, and stays the same when a run resumes.
    std::string stream_id(const char* sent) const;
    unsigned group(unsigned sent);
    EventPtr stream_start(GstEvent* sent);
    EventPtr stream_collection(GstEvent* sent);
    GstStream* stream(GstStream* sent) const;

    struct Number {
        uint32_t sent = 0, here = 0;  // 0: none
    };
    uint64_t instance_ = 0;
    Number group_;
    std::array<Number, 16> seqnums_{};
    size_t next_seqnum_ = 0;  // index in seqnums_ for the next new number
};

}  // namespace stt
