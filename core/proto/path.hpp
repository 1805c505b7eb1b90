// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where the peer is, and whether it may be believed that it moved (RFC 9000, sections 8.2 and 9).
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "core/base/address.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt {

class Path {
  public:
    static constexpr unsigned challenges_max = 5;
    using Token = std::array<uint8_t, 8>;

    explicit Path(const Address& remote) : remote_(remote) {}

    const Address& remote() const { return remote_; }

    /// A genuine packet, the newest so far, came from `from`, which is not remote(): its claim to be the
    /// peer's new address must be checked before anything of weight goes there.
    /// `bytes`: the packet's size.
    void suspect(Time now, const Address& from, size_t bytes, Random& random);
    /// What may be sent to candidate() before it is validated: three times what came from there (RFC 9000,
    /// section 8.1). Counts `bytes` as sent if they fit.
    bool spend(size_t bytes);
    /// The challenge that is due, once per call; it goes to candidate().
    std::optional<Token> challenge_due(Time now, Duration round_trip);
    const Address& candidate() const { return *candidate_; }
    /// A PATH_RESPONSE came from `from`. True: remote() is `from` now.
    bool on_response(const Address& from, const Token& token);

    /// A PATH_CHALLENGE came; its answer is due to where it came from.
    void owe_response(const Address& to, const Token& token) { response_ = {to, token}; }
    struct Response {
        Address to;
        Token token;
    };
    std::optional<Response> take_response() { return std::exchange(response_, std::nullopt); }

    Time next_timeout() const { return candidate_ ? next_challenge_ : time_never; }

  private:
    Address remote_;
    std::optional<Address> candidate_;
    Token token_{};
    uint64_t budget_ = 0;  // bytes that may go to candidate_
    unsigned challenges_ = 0;
    Time next_challenge_ = time_never;
    std::optional<Response> response_;
};

}  // namespace stt
