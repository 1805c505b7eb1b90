// SPDX-License-Identifier: LGPL-2.1-or-later
/// Keeps a storm of equal errors from becoming a storm of messages.
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace stt {

/// Errors are equal when code, sub-code and reason are. The first few are told at once; what follows within
/// the period is counted, and told as one summary at its end, and so on for as long as more come.
class ErrorDigest {
  public:
    /// How many equal errors are reported at once per period: enough for each attempt of a caller to be seen
    /// until its circuit opens.
    static constexpr unsigned burst = 5;
    static constexpr Duration period = 10s;
    /// How many kinds of errors are kept apart. Codes can come from peers, so there has to be a limit; all
    /// kinds beyond it are counted as one.
    static constexpr size_t kinds_max = 32;

    /// True: `error` is to be told now. False: it was counted, and a summary will tell it. `stranger`: the
    /// address of whom the error is about; empty: the peer. An error about a stranger is not equal to one
    /// about the peer; those about several strangers are equal.
    bool admit(Time now, const Error& error, const std::string& stranger = {});

    struct Summary {
        Error last;            ///< the last of the errors that were counted
        std::string stranger;  ///< whom that one was about; empty: the peer
        uint64_t repeated;     ///< how many were counted
    };
    /// The next summary that is due at `now`; null: none is. There may be several: call it until it is null.
    std::optional<Summary> take_due(Time now);
    /// The next summary of what has been counted so far, whether it is due or not; null: none is left.
    std::optional<Summary> take_any();
    /// When the next summary is due; time_never: nothing has been counted.
    Time deadline() const;

  private:
    using Key = std::tuple<ErrorCode, uint8_t, Reason, bool>;
    struct Kind {
        Time period_end;
        unsigned told = 0;     // at once, in this period
        uint64_t counted = 0;  // since the last summary
        Error last;            // of those counted
        std::string stranger;  // whom `last` is about
    };
    static Summary take(Kind& kind);
    std::map<Key, Kind> kinds_;
};

}  // namespace stt
