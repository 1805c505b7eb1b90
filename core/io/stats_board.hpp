// SPDX-License-Identifier: LGPL-2.1-or-later
/// A link's statistics on their way from the I/O thread to any other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "core/io/link.hpp"

namespace stt {

class StatsBoard {
  public:
    /// How long ask() waits for the I/O thread.
    static constexpr auto timeout = 50ms;

    /// Any thread but the I/O thread: asks that one for the statistics as they are now. `wake` makes it look
    /// at wanted(). If it does not answer in time, the result is what it posted last: it may be in a callback
    /// that waits for a lock which the caller of ask() holds.
    LinkStats ask(const std::function<void()>& wake);
    /// Any thread: the statistics that were posted last.
    LinkStats latest() const;

    // I/O thread.

    /// Whether a thread has asked since the last call.
    bool wanted() { return wanted_.exchange(false); }
    /// `last`: no others will follow.
    void post(const LinkStats& fresh, bool last);

  private:
    std::atomic<bool> wanted_{false};  // any thread
    mutable std::mutex mutex_;
    std::condition_variable posted_;  // with mutex_
    LinkStats stats_;                 // under mutex_
    uint64_t serial_ = 0;             // under mutex_: how often they were posted
    bool final_ = false;              // under mutex_: none will follow
};

}  // namespace stt
