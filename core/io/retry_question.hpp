// SPDX-License-Identifier: LGPL-2.1-or-later
/// The question to the observer what follows an error, until it is answered.
#pragma once

#include <optional>

#include "core/io/link.hpp"

namespace stt {

/// I/O thread. There is one question at a time.
class RetryQuestion {
  public:
    struct Subject {
        Error error;
        bool retried;    ///< by default
        Duration delay;  ///< before the next attempt
        Time retry_at;   ///< when that is

        /// Whether the link ends by `decision`.
        bool ended_by(RetryDecision decision) const {
            return decision == RetryDecision::stop || (decision == RetryDecision::standard && !retried);
        }
    };

    bool open() const { return subject_.has_value(); }
    /// Takes the place of the question there was. Returns the number by which it is answered.
    uint64_t ask(Subject subject) {
        subject_ = std::move(subject);
        return ++number_;
    }
    /// The question with that number has its answer, or none: another one was asked, it was withdrawn, or
    /// answered before.
    std::optional<Subject> answer(uint64_t number) { return number == number_ ? withdraw() : std::nullopt; }
    /// There is no question any more; returns the one there was.
    std::optional<Subject> withdraw() { return std::exchange(subject_, std::nullopt); }

  private:
    std::optional<Subject> subject_;
    uint64_t number_ = 0;  // of the last one
};

}  // namespace stt
