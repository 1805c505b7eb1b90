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
    /// Told at once: enough for the attempts of a caller until its circuit opens to be seen one by one.
    static constexpr unsigned burst = 5;
    static constexpr Duration period = 10s;
    /// Kinds of errors kept apart. Reasons and codes can come from peers, so there has to be a limit; what
    /// finds no place shares one.
    static constexpr size_t kinds_max = 32;

    /// Whether to tell of `error` now. Otherwise it was counted. `stranger`: whom it is about, when that is
    /// not the peer; such errors are kept apart.
    bool admit(Time now, const Error& error, const std::string& stranger = {});

    struct Summary {
        Error last;            ///< of those counted
        std::string stranger;  ///< whom that was about; empty: the peer
        uint64_t repeated;     ///< how many were counted
    };
    /// The next summary that is due; null: none. Called until then.
    std::optional<Summary> take_due(Time now);
    /// The same for what has been counted by now, due or not.
    std::optional<Summary> take_any();
    /// When take_due has something, at the earliest.
    Time deadline() const;

  private:
    using Key = std::tuple<ErrorCode, uint8_t, Reason, bool>;
    struct Kind {
        Time period_end;
        unsigned told = 0;  // at once, in this period
        uint64_t counted = 0;
        Error last;
        std::string stranger;
    };
    static Summary take(Kind& kind);
    std::map<Key, Kind> kinds_;
};

}  // namespace stt
