// SPDX-License-Identifier: LGPL-2.1-or-later
/// The clock of the node that a receiver's media come from.
#pragma once

#include <memory>
#include <mutex>

#include "core/io/link.hpp"
#include "core/proto/session.hpp"

namespace stt {

class FollowedClock {
  public:
    /// Any thread: null until a node is known. Another peer may have another.
    std::shared_ptr<PeerClock> get() const;

    // I/O thread.

    /// From now on the clock of `node` is followed.
    void follow(const NodeId& node, Time now);
    /// `from` has measured it. If it has jumped, or is measured with much noise, the session asks more often.
    void on_measured(Time now, Session& from, const ClockSample& sample);
    ClockStats stats(Time now) const;

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<PeerClock> clock_;  // under mutex_; changed on the I/O thread only
};

}  // namespace stt
