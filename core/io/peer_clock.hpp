// SPDX-License-Identifier: LGPL-2.1-or-later
/// What this process knows of a peer node's clock: one estimate, whichever session measured it, so that
/// everything played from that node agrees.
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

/// Any thread may call anything.
class PeerClock {
  public:
    /// The line as it is now; none before the third exchange with that node. Cheap: it copies some hundred
    /// bytes under a mutex that nobody holds for longer than that.
    std::optional<ClockLine> line() const;

    /// Waits for the first line. `limit`: how long at most. `interrupted` is asked at the beginning and after
    /// each interrupt(), with a mutex held: it must not call this object. Whether there is a line.
    bool wait_line(Duration limit, const std::function<bool()>& interrupted);
    /// Has everybody who waits look whether it was interrupted.
    void interrupt();

    /// When a session measured it last; Time{} if none did.
    Time measured() const;
    /// Takes in what a session has measured. True: a clock has jumped, and the line with it; more exchanges
    /// are wanted at once.
    bool add(const ClockSample& sample);

  private:
    std::mutex estimator_mutex_;  // taken before line_mutex_
    ClockEstimator estimator_;    // under estimator_mutex_
    mutable std::mutex line_mutex_;
    std::condition_variable changed_;  // there is a first line, or somebody is interrupted
    std::optional<ClockLine> line_;    // under line_mutex_
    Time measured_{};                  // under line_mutex_
};

/// Peers' clocks by node. One outlives the sessions that measured it: for as long as anybody holds it, and
/// ten minutes longer, after which its drift would not be what it was. Any thread.
class PeerClocks {
  public:
    /// Those of this process.
    static PeerClocks& process();

    /// The one of `node`, the same for everybody who asks.
    std::shared_ptr<PeerClock> get(const NodeId& node, Time now);
    size_t size() const;

    static constexpr Duration kept_for = 10min;
    /// Beyond this many the one that nobody holds, and was asked for longest ago, goes. If all are held the
    /// next is not shared: who has so many peers at once has other worries.
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
