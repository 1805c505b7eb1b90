// SPDX-License-Identifier: LGPL-2.1-or-later
/// The numbers and names of a sender's run as they are in this process.
#pragma once

#include <array>
#include <string>

#include "gst/metadata.hpp"

namespace stt {

/// Streaming thread.
class LocalIds {
  public:
    /// What comes next is of the sender's run `instance`.
    void begin(uint64_t instance);

    /// `event`, which came from the sender, with ids of this process: the stream ids in STREAM_START and
    /// STREAM_COLLECTION, the group id, the sequence number.
    EventPtr local(EventPtr event);
    /// A STREAM_START of the run where the sender sends none.
    EventPtr stream_start();
    /// The same for all that has the sequence number `sent` there; as long as 16 others did not come between.
    uint32_t seqnum(uint32_t sent);

  private:
    /// Another for every run of every sender, and the same whenever that goes on.
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
    size_t next_seqnum_ = 0;  // the place in seqnums_ for the next new one
};

}  // namespace stt
