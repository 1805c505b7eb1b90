// SPDX-License-Identifier: LGPL-2.1-or-later
/// Limits how often a listener reports its state while callers come and fail.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

#include "core/base/time.hpp"
#include "core/io/link.hpp"
#include "gst/rate_limit.hpp"

namespace stt {

/// Anybody with the seed can call again and again without establishing a session, and each call changes the
/// state twice. Thread-safe.
class StatusDigest {
  public:
    using TimePoint = RateLimit::Clock::time_point;
    /// At most `changes_max` changes are reported within `window` while no session is established. An attempt
    /// takes two, so that two attempts of a caller that fails are still reported one by one.
    static constexpr size_t changes_max = 5;
    static constexpr Duration window = 10s;

    struct Outcome {
        bool report = false;  ///< whether to report the status now
        uint64_t merged = 0;  ///< how many changes before it were not reported
        /// If it is not reported now: after which time take() must be called, unless that was said before.
        std::optional<Duration> later;
    };
    /// Takes a status. An established session and the end of the link are always reported, and what waited is
    /// then out of date.
    Outcome add(const LinkStatus& status, TimePoint now);

    struct Waiting {
        LinkStatus status;    ///< the newest
        uint64_t merged = 0;  ///< how many changes before it were not reported
    };
    /// Returns what waits, which is reported now.
    std::optional<Waiting> take(TimePoint now);
    /// Forgets everything.
    void clear();

  private:
    bool may_report(TimePoint now);

    std::mutex mutex_;
    std::deque<TimePoint> reported_;  // the latest reports, at most changes_max; under mutex_
    std::optional<Waiting> waiting_;  // under mutex_
};

}  // namespace stt
