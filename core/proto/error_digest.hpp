// SPDX-License-Identifier: LGPL-2.1-or-later
/// Prevents a storm of equal errors from becoming a storm of messages.
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace stt {

/// Errors are equal if their code, sub-code and reason are equal. The first few are reported at once. Those
/// that follow within the period are counted and reported as one summary at its end. This repeats as long as
/// more errors come.
class ErrorDigest {
  public:
    /// The number of equal errors that are reported at once per period. It is enough to show each attempt of
    /// a caller until its circuit breaker opens.
    static constexpr unsigned burst = 5;
    static constexpr Duration period = 10s;
    /// The number of kinds of errors that are kept apart. Codes can come from peers, so there must be a
    /// limit. All kinds beyond it are counted as one.
    static constexpr size_t kinds_max = 32;

    /// Returns true if `error` must be reported now, or false if it was counted for a summary. `stranger` is
    /// the address of the node that the error concerns; empty means the peer. An error about another node is
    /// not equal to one about the peer. Errors about several other nodes are equal.
    bool admit(Time now, const Error& error, const std::string& stranger = {});

    struct Summary {
        Error last;            ///< the latest of the counted errors
        std::string stranger;  ///< address of the node that `last` concerns; empty: the peer
        uint64_t repeated;     ///< number of counted errors
    };
    /// Returns the next summary that is due at `now`, or null if none is. There may be several, so it must be
    /// called until it returns null.
    std::optional<Summary> take_due(Time now);
    /// Returns the next summary of what has been counted so far, even if it is not due yet, or null if none
    /// is left.
    std::optional<Summary> take_any();
    /// Returns when the next summary is due, or time_never if nothing has been counted.
    Time deadline() const;

  private:
    using Key = std::tuple<ErrorCode, uint8_t, Reason, bool>;
    struct Kind {
        Time period_end;
        unsigned told = 0;     // reported at once in this period
        uint64_t counted = 0;  // since the latest summary
        Error last;            // latest of the counted errors
        std::string stranger;  // address of the node that `last` concerns
    };
    static Summary take(Kind& kind);
    std::map<Key, Kind> kinds_;
};

}  // namespace stt
