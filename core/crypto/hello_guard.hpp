// SPDX-License-Identifier: LGPL-2.1-or-later
/// The checks that a responder makes before it spends memory or X25519 on a HELLO: cookies under load, time
/// and nonces. It also limits how often a responder rejects.
#pragma once

#include <deque>
#include <set>
#include <utility>

#include "core/base/address.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "core/crypto/secret.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// Makes and checks cookies, which are bound to the caller's address, transport and attempt by a secret that
/// changes every two minutes, as in WireGuard. No state is kept per caller.
class CookieJar {
  public:
    static constexpr Duration rotation = 120s;

    /// `random` must outlive the object.
    explicit CookieJar(Random& random) : random_(random) {}
    Cookie make(Time now, const Address& from, const AttemptId& attempt);
    /// Whether `cookie` is what make() returned for the same arguments at most one to two rotations ago.
    bool valid(Time now, const Address& from, const AttemptId& attempt, const Cookie& cookie);

  private:
    void rotate(Time now);
    Random& random_;
    SecretBytes current_, previous_;
    Time next_rotation_{};
};

/// Remembers the nonces of HELLOs that were opened, for as long as their timestamps are acceptable.
class NonceCache {
  public:
    /// The largest acceptable difference between a HELLO's time and this node's, in either direction.
    static constexpr Duration timestamp_tolerance = 120s;
    /// Beyond this many nonces the oldest are forgotten, and every caller must present a cookie.
    static constexpr size_t capacity = 65536;
    /// A HELLO dated `timestamp_tolerance` in the future stays acceptable for twice that time. A cookie does
    /// not live longer.
    static constexpr Duration retention = 2 * timestamp_tolerance;
    static_assert(retention >= 2 * CookieJar::rotation);

    enum class Verdict { fresh, reused, expired };
    /// `cookie_valid` means that a cookie round trip has proved freshness, so that the HELLO may have any
    /// time.
    Verdict check(Now now, const HelloPayload& hello, bool cookie_valid);
    /// Records the nonce of a HELLO for which check() returned `fresh`.
    void record(Time now, const HandshakeNonce& nonce);
    bool full() const { return seen_.size() >= capacity; }

  private:
    void expire(Time now);
    // A tree, because a peer chooses the nonces and could aim at the buckets of a hash table.
    std::set<HandshakeNonce> seen_;
    std::deque<std::pair<Time, HandshakeNonce>> order_;  // oldest first
};

/// A token bucket, driven by the time that is passed in.
class RateLimit {
  public:
    RateLimit(double per_second, double burst) : rate_(per_second), burst_(burst), tokens_(burst) {}
    /// Takes a token if there is one, and returns whether there was.
    bool allow(Time now);

  private:
    double rate_, burst_, tokens_;
    Time last_{};
};

}  // namespace stt
