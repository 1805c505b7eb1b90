// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/hello_guard.hpp"

#include <sodium.h>

#include <algorithm>

namespace stt {
namespace {

constexpr size_t cookie_secret_size = 32;

Cookie cookie_for(const SecretBytes& secret, const Address& from, const AttemptId& attempt) {
    std::array<uint8_t, 16 + 2 + 1 + 4 + 16> input;
    ByteWriter out(input);
    out.bytes(from.ip);
    out.u16(from.port);
    out.u8(static_cast<uint8_t>(from.transport));
    out.u32(from.scope_id);
    out.bytes(attempt);
    Cookie cookie;
    crypto_generichash(cookie.data(), cookie.size(), input.data(), input.size(), secret.bytes().data(),
                       secret.size());
    return cookie;
}

}  // namespace

void CookieJar::rotate(Time now) {
    if (!current_.empty() && now < next_rotation_) return;
    // If more than one more rotation has passed without a call, the current secret is too old even as the
    // previous one.
    const bool rested = current_.empty() || now >= next_rotation_ + rotation;
    previous_ = rested ? SecretBytes() : std::move(current_);
    current_ = SecretBytes(cookie_secret_size);
    random_.fill(current_.writable());
    next_rotation_ = now + rotation;
}

Cookie CookieJar::make(Time now, const Address& from, const AttemptId& attempt) {
    rotate(now);
    return cookie_for(current_, from, attempt);
}

bool CookieJar::valid(Time now, const Address& from, const AttemptId& attempt, const Cookie& cookie) {
    rotate(now);
    for (const SecretBytes* secret : {&current_, &previous_}) {
        if (secret->empty()) continue;
        const Cookie expected = cookie_for(*secret, from, attempt);
        if (sodium_memcmp(expected.data(), cookie.data(), expected.size()) == 0) return true;
    }
    return false;
}

NonceCache::Verdict NonceCache::check(Now now, const HelloPayload& hello, bool cookie_valid) {
    expire(now.time);
    // The peer chose its time, so a calculation with it could overflow; only this node's time is safe to
    // calculate with.
    constexpr auto tolerance = std::chrono::duration_cast<WallTime>(timestamp_tolerance);
    const bool timely = hello.time >= now.wall - tolerance && hello.time <= now.wall + tolerance;
    if (!timely && !cookie_valid) return Verdict::expired;
    return seen_.contains(hello.nonce) ? Verdict::reused : Verdict::fresh;
}

void NonceCache::record(Time now, const HandshakeNonce& nonce) {
    expire(now);
    if (!seen_.insert(nonce).second) return;
    order_.emplace_back(now, nonce);
    if (order_.size() <= capacity) return;
    seen_.erase(order_.front().second);
    order_.pop_front();
}

void NonceCache::expire(Time now) {
    while (!order_.empty() && now - order_.front().first > retention) {
        seen_.erase(order_.front().second);
        order_.pop_front();
    }
}

bool RateLimit::allow(Time now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(0.0, seconds) * rate_);
    last_ = std::max(last_, now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

}  // namespace stt
