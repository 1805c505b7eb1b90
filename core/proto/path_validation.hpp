// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whether the peer is where a packet of its came from (RFC 9000, section 8.2), and what may be sent there
/// before that is known.
#pragma once

#include <array>
#include <optional>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt {

/// Of one path that is a candidate. Belongs to one session, whose thread calls it.
class PathValidation {
  public:
    static constexpr unsigned challenges_max = 5;
    /// Bytes that may go to an address for each that came from there (RFC 9000, section 8.1).
    static constexpr uint64_t amplification_max = 3;
    /// Challenges are two round trips apart, and not less than this.
    static constexpr Duration interval_min = 50ms;
    using Token = std::array<uint8_t, 8>;

    /// The first challenge is due now.
    PathValidation(Time now, Random& random);

    /// A genuine packet of `bytes` bytes came from there.
    void on_received(size_t bytes) { budget_ += amplification_max * bytes; }
    /// Counts `bytes` as sent there, if they may be.
    bool spend(size_t bytes);

    /// The token of the challenge that is due, once per call; none: none is. `round_trip`: of the present
    /// path.
    std::optional<Token> challenge_due(Time now, Duration round_trip);
    /// All challenges have gone unanswered.
    bool failed(Time now) const { return challenges_ == challenges_max && now >= next_; }
    /// Whether a response with `token` proves it.
    bool matches(const Token& token) const { return token == token_; }
    /// When the next challenge is due, or failed() becomes true.
    Time next_timeout() const { return next_; }

  private:
    Token token_{};
    uint64_t budget_ = 0;  // bytes
    unsigned challenges_ = 0;
    Time next_;
};

}  // namespace stt
