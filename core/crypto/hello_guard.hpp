// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a responder checks before it spends memory or X25519 on a HELLO: cookies under load, time, nonces,
/// and how often it may say no.
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

/// Cookies bound to the caller's address and attempt, under a secret that changes every two minutes (the idea
/// is WireGuard's). Stateless towards callers.
class CookieJar {
  public:
    static constexpr Duration rotation = 120s;

    /// `random` outlives the object.
    explicit CookieJar(Random& random) : random_(random) {}
    Cookie make(Time now, const Address& from, const AttemptId& attempt);
    /// True for one to two rotations after make() with the same arguments.
    bool valid(Time now, const Address& from, const AttemptId& attempt, const Cookie& cookie);

  private:
    void rotate(Time now);
    Random& random_;
    SecretBytes current_, previous_;
    Time next_rotation_{};
};

/// Remembers the nonces of HELLOs that opened, for as long as their timestamps are acceptable.
class NonceCache {
  public:
    /// Longest acceptable difference between a HELLO's time and ours, either way.
    static constexpr Duration timestamp_tolerance = 120s;
    /// Beyond this many nonces the oldest go and a cookie is asked of everybody.
    static constexpr size_t capacity = 65536;
    /// A HELLO dated `timestamp_tolerance` ahead stays acceptable for twice that; a cookie lives no longer.
    static constexpr Duration retention = 2 * timestamp_tolerance;
    static_assert(retention >= 2 * CookieJar::rotation);

    enum class Verdict { fresh, reused, expired };
    /// `cookie_valid`: a cookie round trip has proved freshness, so that the time may be anything.
    Verdict check(Now now, const HelloPayload& hello, bool cookie_valid);
    /// Records the nonce of a HELLO that `check` found fresh.
    void record(Time now, const HandshakeNonce& nonce);
    bool full() const { return seen_.size() >= capacity; }

  private:
    void expire(Time now);
    std::set<HandshakeNonce>
        seen_;  // a tree: a peer chooses the nonces, and could aim at a hash table's buckets
    std::deque<std::pair<Time, HandshakeNonce>> order_;  // oldest first
};

/// A token bucket in virtual time.
class RateLimit {
  public:
    RateLimit(double per_second, double burst) : rate_(per_second), burst_(burst), tokens_(burst) {}
    /// Takes a token if there is one.
    bool allow(Time now);

  private:
    double rate_, burst_, tokens_;
    Time last_{};
};

}  // namespace stt
