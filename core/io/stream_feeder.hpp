// SPDX-License-Identifier: LGPL-2.1-or-later
/// Feeds a session's stream from a SendQueue: how much of it, and what of it is given up. I/O thread.
#pragma once

#include <optional>
#include <vector>

#include "core/io/queues.hpp"
#include "core/proto/session.hpp"

namespace stt {

class StreamFeeder {
  public:
    /// `queue` outlives it.
    explicit StreamFeeder(SendQueue& queue) : queue_(queue) {}

    /// Lets the queue give up what its policy does not wait for, in the session too. `session` has `stream`,
    /// and `stands` or was lost; null: there is none. Returns when to call again.
    Time tend(Time now, Session* session, StreamId stream, bool stands);
    /// Gives the session as much as it should have. A gap that is returned is to be told of, with
    /// write_notice() unless there is nothing to say; more may follow.
    std::optional<MediaAccount> feed(Session& session, StreamId stream);
    void write_notice(Session& session, StreamId stream, OutMessage notice);

  private:
    SendQueue& queue_;
    bool path_flows_ = false;           // as the queue was told
    std::vector<OutMessage> outgoing_;  // both reused
    std::vector<StreamSkip> skips_;
};

}  // namespace stt
