// SPDX-License-Identifier: LGPL-2.1-or-later
/// Estimates of other nodes' clocks. There is one estimate per node in this process, whichever session
/// measured it, so that everything played from that node agrees.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/crypto/identity.hpp"
#include "core/proto/clock_estimator.hpp"

namespace stt {

/// The estimate of one node's clock. Thread-safe.
class PeerClock {
  public:
    /// The current line; none before the third exchange with that node. It is cheap: it copies some hundred
    /// bytes under a mutex that is never held for longer than that.
    std::optional<ClockLine> line() const;

    /// Waits for the first line, for `limit` at most. `interrupted` is called at the beginning and after each
    /// interrupt(), with a mutex held, so that it must not call this object. Returns whether there is a line.
    bool wait_line(Duration limit, const std::function<bool()>& interrupted);
    /// Makes every thread in wait_line() call its `interrupted` again.
    void interrupt();

    /// When a session last measured the clock; Time{} if none did.
    Time measured() const;
    /// Adds a measurement of a session. Returns true when a clock has jumped, and the line with it; more
    /// exchanges should then follow at once.
    bool add(const ClockSample& sample);

  private:
    std::mutex estimator_mutex_;  // locked before line_mutex_
    ClockEstimator estimator_;    // under estimator_mutex_
    mutable std::mutex line_mutex_;
    std::condition_variable changed_;  // there is a first line, or interrupt() was called
    std::optional<ClockLine> line_;    // under line_mutex_
    Time measured_{};                  // under line_mutex_
};

/// The clocks of peers by node. A clock outlives the sessions that measured it. It is kept as long as it is
/// held, and until it has been neither requested nor measured for ten minutes, as its drift is then outdated.
/// Thread-safe.
class PeerClocks {
  public:
    /// The instance for this process.
    static PeerClocks& process();

    /// The clock of `node`, the same for every caller of this function.
    std::shared_ptr<PeerClock> get(const NodeId& node, Time now);
    size_t size() const;

    static constexpr Duration kept_for = 10min;
    /// At this limit, the unheld clock that was requested or measured longest ago is dropped. If all clocks
    /// are held, the next one is not shared.
    static constexpr size_t clocks_max = 256;

  private:
    struct Entry {
        std::shared_ptr<PeerClock> clock;
        Time asked_for{};
    };
    void drop_unused(Time now);

    mutable std::mutex mutex_;
    std::map<NodeId, Entry> clocks_;  // under mutex_
};

}  // namespace stt
