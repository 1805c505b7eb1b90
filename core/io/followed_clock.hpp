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
    /// Any thread. Null until a node is known; another one after another node has come.
    std::shared_ptr<PeerClock> get() const;

    // I/O thread.

    /// From now on the clock of `node` is followed.
    void follow(const NodeId& node, Time now);
    /// `from` has measured it. The session then asks again at once if the clock has jumped, and more often if
    /// the measurements are noisy.
    void on_measured(Time now, Session& from, const ClockSample& sample);
    ClockStats stats(Time now) const;

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<PeerClock> clock_;  // under mutex_; changed on the I/O thread only
};

}  // namespace stt
