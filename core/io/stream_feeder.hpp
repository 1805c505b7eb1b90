// SPDX-License-Identifier: LGPL-2.1-or-later
/// Moves messages from a SendQueue to a session's stream. It decides how much the session gets, and has the
/// queue drop or skip what is too old. Used only on the I/O thread.
#pragma once

#include <optional>
#include <vector>

#include "core/io/queues.hpp"
#include "core/proto/session.hpp"

namespace stt {

class StreamFeeder {
  public:
    /// `queue` must outlive the object.
    explicit StreamFeeder(SendQueue& queue) : queue_(queue) {}

    /// Makes the queue drop or skip what its policy does not wait for, in the session too. `session`, if it
    /// is not null, has `stream`. `stands` is set while the session is established, not after it was lost.
    /// Returns when to call it again.
    Time tend(Time now, Session* session, StreamId stream, bool stands);
    /// Gives the session as much data as it should have. A gap that is returned must be reported with
    /// write_notice(), unless there is nothing to report. More gaps may follow.
    std::optional<MediaAccount> feed(Session& session, StreamId stream);
    void write_notice(Session& session, StreamId stream, OutMessage notice);

  private:
    SendQueue& queue_;
    bool path_flows_ = false;           // as last reported to the queue
    std::vector<OutMessage> outgoing_;  // reused for each call, as is skips_
    std::vector<StreamSkip> skips_;
};

}  // namespace stt
