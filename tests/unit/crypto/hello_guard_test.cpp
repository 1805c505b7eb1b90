// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/hello_guard.hpp"

#include <gtest/gtest.h>

#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

constexpr Time start{1h};
constexpr WallTime wall = std::chrono::hours(500000);
constexpr WallTime tolerance = std::chrono::duration_cast<WallTime>(NonceCache::timestamp_tolerance);

class CookieTest : public testing::Test {
  protected:
    SeededRandom random_{3};
    CookieJar jar_{random_};
    const Address here_ = Address::v4({192, 0, 2, 1}, 7600);
    const AttemptId attempt_{1, 2, 3};
};

TEST_F(CookieTest, is_valid_for_its_maker_only) {
    const Cookie cookie = jar_.make(start, here_, attempt_);
    EXPECT_TRUE(jar_.valid(start, here_, attempt_, cookie));
    EXPECT_FALSE(jar_.valid(start, Address::v4({192, 0, 2, 2}, 7600), attempt_, cookie));
    EXPECT_FALSE(jar_.valid(start, Address::v4({192, 0, 2, 1}, 7601), attempt_, cookie));
    Address other_link = here_;
    other_link.scope_id = 2;
    EXPECT_FALSE(jar_.valid(start, other_link, attempt_, cookie));
    Address other_transport = here_;
    other_transport.transport = TransportKind::websocket;
    EXPECT_FALSE(jar_.valid(start, other_transport, attempt_, cookie));
    EXPECT_FALSE(jar_.valid(start, here_, AttemptId{1, 2, 4}, cookie));
    EXPECT_FALSE(jar_.valid(start, here_, attempt_, Cookie{}));
    CookieJar other(random_);
    EXPECT_FALSE(other.valid(start, here_, attempt_, cookie));
}

TEST_F(CookieTest, lives_one_to_two_rotations) {
    jar_.make(start, here_, attempt_);
    const Time late = start + CookieJar::rotation - 1ns;
    const Cookie cookie = jar_.make(late, here_, attempt_);
    EXPECT_TRUE(jar_.valid(start + CookieJar::rotation, here_, attempt_, cookie));
    const Time end = start + 2 * CookieJar::rotation;
    EXPECT_TRUE(jar_.valid(end - 1ns, here_, attempt_, cookie));
    EXPECT_FALSE(jar_.valid(end, here_, attempt_, cookie));
}

TEST_F(CookieTest, expires_while_nobody_asks) {
    const Cookie cookie = jar_.make(start, here_, attempt_);
    EXPECT_FALSE(jar_.valid(start + 2 * CookieJar::rotation, here_, attempt_, cookie));
    EXPECT_FALSE(jar_.valid(start + 24h, here_, attempt_, cookie));
}

HelloPayload hello_at(WallTime time, uint8_t nonce = 1) {
    HelloPayload hello;
    hello.time = time;
    hello.nonce[0] = nonce;
    return hello;
}

TEST(NonceCache, replayed_hello_is_reused) {
    NonceCache cache;
    const HelloPayload hello = hello_at(wall);
    EXPECT_EQ(cache.check({start, wall}, hello, false), NonceCache::Verdict::fresh);
    EXPECT_EQ(cache.check({start, wall}, hello, false), NonceCache::Verdict::fresh);  // not recorded yet
    cache.record(start, hello.nonce);
    EXPECT_EQ(cache.check({start, wall}, hello, false), NonceCache::Verdict::reused);
    EXPECT_EQ(cache.check({start, wall}, hello, true), NonceCache::Verdict::reused);
    EXPECT_EQ(cache.check({start, wall}, hello_at(wall, 2), false), NonceCache::Verdict::fresh);
}

TEST(NonceCache, tolerates_clocks_off_by_two_minutes) {
    NonceCache cache;
    const Now now{start, wall};
    EXPECT_EQ(cache.check(now, hello_at(wall - tolerance), false), NonceCache::Verdict::fresh);
    EXPECT_EQ(cache.check(now, hello_at(wall + tolerance), false), NonceCache::Verdict::fresh);
    EXPECT_EQ(cache.check(now, hello_at(wall - tolerance - WallTime(1)), false),
              NonceCache::Verdict::expired);
    EXPECT_EQ(cache.check(now, hello_at(wall + tolerance + WallTime(1)), false),
              NonceCache::Verdict::expired);
    EXPECT_EQ(cache.check(now, hello_at(WallTime::max()), false), NonceCache::Verdict::expired);
    EXPECT_EQ(cache.check(now, hello_at(WallTime::zero()), false), NonceCache::Verdict::expired);
}

TEST(NonceCache, a_cookie_stands_in_for_the_time) {
    NonceCache cache;
    const Now now{start, wall};
    EXPECT_EQ(cache.check(now, hello_at(wall + 24h), false), NonceCache::Verdict::expired);
    EXPECT_EQ(cache.check(now, hello_at(wall + 24h), true), NonceCache::Verdict::fresh);
    EXPECT_EQ(cache.check(now, hello_at(wall - 24h), true), NonceCache::Verdict::fresh);
}

// At no moment may a recorded HELLO be acceptable again.
TEST(NonceCache, remembers_as_long_as_the_timestamp_is_acceptable) {
    NonceCache cache;
    const HelloPayload hello = hello_at(wall + tolerance);
    cache.record(start, hello.nonce);
    for (Duration passed = 0s; passed < 10min; passed += 1s) {
        const Now now{start + passed, wall + std::chrono::duration_cast<WallTime>(passed)};
        EXPECT_NE(cache.check(now, hello, false), NonceCache::Verdict::fresh) << passed.count();
    }
}

TEST(NonceCache, is_bounded_and_says_when_it_is_full) {
    NonceCache cache;
    const auto nonce = [](size_t i) {
        HandshakeNonce result{};
        ByteWriter(result).u64(i);
        return result;
    };
    const auto verdict = [&](size_t i, Time at) {
        HelloPayload hello = hello_at(wall);
        hello.nonce = nonce(i);
        return cache.check({at, wall}, hello, false);
    };
    for (size_t i = 0; i < NonceCache::capacity; i++) {
        EXPECT_FALSE(cache.full());
        cache.record(start, nonce(i));
    }
    EXPECT_TRUE(cache.full());
    EXPECT_EQ(verdict(0, start), NonceCache::Verdict::reused);
    cache.record(start, nonce(0));  // known: pushes nobody out
    EXPECT_EQ(verdict(0, start), NonceCache::Verdict::reused);
    cache.record(start, nonce(NonceCache::capacity));
    EXPECT_TRUE(cache.full());
    EXPECT_EQ(verdict(0, start), NonceCache::Verdict::fresh);
    EXPECT_EQ(verdict(1, start), NonceCache::Verdict::reused);
    verdict(1, start + NonceCache::retention + 1s);
    EXPECT_FALSE(cache.full());
}

TEST(RateLimit, allows_a_burst_and_then_the_rate) {
    RateLimit limit(10, 3);
    for (int i = 0; i < 3; i++) EXPECT_TRUE(limit.allow(start));
    EXPECT_FALSE(limit.allow(start));
    EXPECT_FALSE(limit.allow(start + 99ms));
    EXPECT_TRUE(limit.allow(start + 101ms));
    EXPECT_FALSE(limit.allow(start + 101ms));
    for (int i = 0; i < 3; i++) EXPECT_TRUE(limit.allow(start + 1h));
    EXPECT_FALSE(limit.allow(start + 1h));
    EXPECT_FALSE(limit.allow(start));  // time that runs backwards earns nothing
}

}  // namespace
}  // namespace stt
