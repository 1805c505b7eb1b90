// SPDX-License-Identifier: LGPL-2.1-or-later
/// Path validation (RFC 9000, section 8.2): proves that the peer receives at a new address, and limits what
/// may be sent there before.
#pragma once

#include <array>
#include <optional>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt {

/// Belongs to one candidate path of one session, whose thread calls it.
class PathValidation {
  public:
    static constexpr unsigned challenges_max = 5;
    /// Bytes that may be sent to an address per byte received from it (RFC 9000, section 8.1).
    static constexpr uint64_t amplification_max = 3;
    /// Challenges are two round trips apart, and at least this long.
    static constexpr Duration interval_min = 50ms;
    using Token = std::array<uint8_t, 8>;

    /// The first challenge is due now.
    PathValidation(Time now, Random& random);

    /// A genuine packet of `bytes` bytes came from the address.
    void on_received(size_t bytes) { budget_ += amplification_max * bytes; }
    /// Returns whether `bytes` may be sent to the address, and if so counts them as sent.
    bool spend(size_t bytes);

    /// Returns the token of the challenge that is due, once per challenge, or none. `round_trip` is that of
    /// the present path.
    std::optional<Token> take_challenge(Time now, Duration round_trip);
    /// Returns whether all challenges have remained unanswered.
    bool failed(Time now) const { return challenges_ == challenges_max && now >= next_; }
    /// Returns whether a response with `token` validates the address.
    bool matches(const Token& token) const { return token == token_; }
    /// Returns when the next challenge is due, or when failed() becomes true.
    Time next_timeout() const { return next_; }

  private:
    Token token_{};
    uint64_t budget_ = 0;  // bytes
    unsigned challenges_ = 0;
    Time next_;
};

}  // namespace stt
