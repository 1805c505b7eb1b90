// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports to the callers of this process that a session with a host is established. The others that call the
/// same host need not wait out their delay. Elements whose streams belong together, such as sound and
/// picture, thus connect soon after each other, however far apart their delays had come.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/base/address.hpp"

namespace stt {

/// Any thread may call its functions.
class ReachedHosts {
  public:
    /// Receives the peer's address. It is called on the thread of announce(), without a lock.
    using Watcher = std::function<void(const Address& peer)>;

    /// The one of this process.
    static ReachedHosts& process();

    /// Calls `watcher` at each announcement until the result is destroyed. A call that is under way then on
    /// another thread is still completed, so that `watcher` must only use what it keeps alive itself.
    [[nodiscard]] std::shared_ptr<const void> watch(Watcher watcher);
    /// `peer` is authenticated: a session with it is established.
    void announce(const Address& peer);

  private:
    std::mutex mutex_;
    std::vector<std::weak_ptr<const Watcher>> watchers_;  // under mutex_
};

}  // namespace stt
