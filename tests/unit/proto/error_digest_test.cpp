// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/error_digest.hpp"

#include <gtest/gtest.h>

#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

constexpr Time begin{100s};
constexpr Duration period = ErrorDigest::period;

Error error_of(ErrorCode code, Reason reason = Reason::none, uint8_t sub_code = 0) {
    Error error;
    error.code = code;
    error.sub_code = sub_code;
    error.reason = reason;
    return error;
}
const Error wrong_seed = error_of(ErrorCode::authentication_failed, Reason::wrong_seed, 3);

TEST(ErrorDigest, StrangersAreKeptApartAndNamed) {
    ErrorDigest digest;
    for (unsigned i = 0; i < 2 * ErrorDigest::burst; i++) (void)digest.admit(begin, wrong_seed, "a:1");
    EXPECT_TRUE(digest.admit(begin, wrong_seed)) << "of the peer's none was told yet";
    const auto summary = digest.take_any();
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->stranger, "a:1");
    EXPECT_EQ(summary->repeated, uint64_t{ErrorDigest::burst});
}

TEST(ErrorDigest, TellsTheFirstFewAtOnce) {
    ErrorDigest digest;
    for (unsigned i = 0; i < ErrorDigest::burst; i++) EXPECT_TRUE(digest.admit(begin, wrong_seed));
    EXPECT_EQ(digest.deadline(), time_never);
    EXPECT_FALSE(digest.admit(begin + 1s, wrong_seed));
    EXPECT_EQ(digest.deadline(), begin + period);
}

TEST(ErrorDigest, SumsUpOnceAPeriod) {
    ErrorDigest digest;
    for (int i = 0; i < 1000; i++) (void)digest.admit(begin, wrong_seed);
    EXPECT_FALSE(digest.take_due(begin + period - 1ns));
    const auto summary = digest.take_due(begin + period);
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->repeated, 1000 - ErrorDigest::burst);
    EXPECT_EQ(summary->last.reason, Reason::wrong_seed);
    EXPECT_FALSE(digest.take_due(begin + period));
    // The storm goes on.
    EXPECT_FALSE(digest.admit(begin + period, wrong_seed));
    EXPECT_EQ(digest.deadline(), begin + 2 * period);
    EXPECT_EQ(digest.take_due(begin + 2 * period)->repeated, 1u);
}

TEST(ErrorDigest, AfterAQuietPeriodErrorsAreNewsAgain) {
    ErrorDigest digest;
    for (int i = 0; i < 10; i++) (void)digest.admit(begin, wrong_seed);
    ASSERT_TRUE(digest.take_due(begin + period));
    EXPECT_FALSE(digest.admit(begin + period + 1s, wrong_seed));
    ASSERT_TRUE(digest.take_due(begin + 2 * period));
    EXPECT_TRUE(digest.admit(begin + 3 * period, wrong_seed));
}

TEST(ErrorDigest, RareErrorsAreAlwaysTold) {
    ErrorDigest digest;
    for (int i = 0; i < 100; i++) EXPECT_TRUE(digest.admit(begin + i * 3s, wrong_seed)) << i;
}

TEST(ErrorDigest, CodesSubCodesAndReasonsAreCountedApart) {
    ErrorDigest digest;
    for (unsigned i = 0; i < ErrorDigest::burst; i++) (void)digest.admit(begin, wrong_seed);
    EXPECT_FALSE(digest.admit(begin, wrong_seed));
    EXPECT_TRUE(digest.admit(begin, error_of(ErrorCode::authentication_failed, Reason::wrong_seed, 0)));
    EXPECT_TRUE(digest.admit(begin, error_of(ErrorCode::authentication_failed, Reason::unexpected_peer, 3)));
    EXPECT_TRUE(digest.admit(begin, error_of(ErrorCode::handshake_failure, Reason::wrong_seed, 3)));
}

TEST(ErrorDigest, InventedCodesNeitherPassNorTakeMemory) {
    ErrorDigest digest;
    uint64_t told = 0, counted = 0;
    constexpr uint64_t total = 10'000;
    for (uint64_t i = 0; i < total; i++)
        told += digest.admit(begin, error_of(static_cast<ErrorCode>(0x1000 + i)));
    EXPECT_LE(told, ErrorDigest::kinds_max * ErrorDigest::burst);
    while (const auto summary = digest.take_any()) counted += summary->repeated;
    EXPECT_EQ(told + counted, total);
}

// Whatever comes when: every error is told or counted once, and messages are few.
TEST(ErrorDigest, NothingIsLostAndMessagesAreBounded) {
    for (uint64_t seed = 0; seed < 500; seed++) {
        SeededRandom random(seed);
        ErrorDigest digest;
        const int kinds = 1 + static_cast<int>(random.u64() % 4);
        const auto step_max = static_cast<int64_t>(1 + random.u64() % 5000);
        uint64_t made = 0, told = 0, counted = 0, messages = 0;
        Time now = begin;
        const auto note = [&](const ErrorDigest::Summary& summary) {
            ASSERT_GT(summary.repeated, 0u);
            counted += summary.repeated;
            messages++;
        };
        for (int i = 0; i < 1000; i++) {
            now += std::chrono::milliseconds(static_cast<int64_t>(random.u64()) & 0x7fffffff) % step_max;
            if (digest.deadline() <= now)
                while (const auto summary = digest.take_due(now)) note(*summary);
            const uint8_t kind = static_cast<uint8_t>(random.u64() % static_cast<uint64_t>(kinds));
            const bool at_once = digest.admit(now, error_of(ErrorCode::invalid_frame, Reason::none, kind));
            made++;
            told += at_once;
            messages += at_once;
        }
        while (const auto summary = digest.take_any()) note(*summary);
        ASSERT_EQ(told + counted, made) << seed;
        const auto periods = static_cast<uint64_t>((now - begin) / period) + 2;
        ASSERT_LE(messages, periods * kinds * (ErrorDigest::burst + 1)) << seed;
    }
}

}  // namespace
}  // namespace stt
