// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the observer was asked about an error, until it answers.
#pragma once

#include <optional>
#include <utility>

#include "core/io/link.hpp"

namespace stt {

/// All of it belongs to the I/O thread. There is one question at a time.
class RetryQuestion {
  public:
    struct Subject {
        Error error;
        bool retried;    ///< by default
        Duration delay;  ///< before the next attempt

        /// Whether the link ends if the answer is `decision`.
        bool ended_by(RetryDecision decision) const {
            return decision == RetryDecision::stop || (decision == RetryDecision::standard && !retried);
        }
    };

    bool open() const { return subject_.has_value(); }
    /// Replaces the question there was. Returns the number by which the new one is answered.
    uint64_t ask(Subject subject) {
        subject_ = std::move(subject);
        return ++number_;
    }
    /// Question `number` is answered. None: it was answered or withdrawn before, or another one was asked.
    std::optional<Subject> answer(uint64_t number) { return number == number_ ? withdraw() : std::nullopt; }
    /// The question does not matter any more. Returns it, if there was one.
    std::optional<Subject> withdraw() { return std::exchange(subject_, std::nullopt); }

  private:
    std::optional<Subject> subject_;
    uint64_t number_ = 0;  // of the last one
};

}  // namespace stt
