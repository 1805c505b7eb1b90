// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/pacer.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

constexpr Time start{Duration(1s)};

uint64_t send_all(Pacer& pacer, Time now, uint64_t size) {
    uint64_t sent = 0;
    while (pacer.ready(now) && sent < 100'000'000) {
        pacer.on_sent(now, size);
        sent += size;
    }
    return sent;
}

TEST(Pacer, IsUnlimitedWithoutARate) {
    Pacer pacer;
    for (int i = 0; i < 10000; i++) {
        ASSERT_TRUE(pacer.ready(start));
        pacer.on_sent(start, 1500);
    }
}

TEST(Pacer, KeepsTheRateOverTime) {
    for (const double rate : {125e3, 25e6, 600e6}) {
        Pacer pacer;
        pacer.set_rate(start, rate, 0);
        Time now = start;
        uint64_t sent = send_all(pacer, now, 1200);
        while (now < start + 2s) {
            const Time next = pacer.next_ready(now);
            ASSERT_GT(next, now);
            now = next;
            ASSERT_TRUE(pacer.ready(now)) << "woken in vain";
            sent += send_all(pacer, now, 1200);
        }
        const double burst = std::max<double>(Pacer::burst_min, rate * 0.002);
        EXPECT_NEAR(static_cast<double>(sent), 2 * rate, burst + rate * 0.001 + 2400);
    }
}

TEST(Pacer, BoundsTheBurstAfterAPause) {
    Pacer pacer;
    pacer.set_rate(start, 1e6, 0);
    EXPECT_LE(send_all(pacer, start + 1h, 1500), Pacer::burst_min + 1500);
    pacer.set_rate(start + 1h, 500e6, 0);
    const auto sent = static_cast<double>(send_all(pacer, start + 2h, 1500));
    EXPECT_NEAR(sent, 500e6 * 0.002, 1501);
}

TEST(Pacer, SendsInBatchesOnceExhausted) {
    Pacer pacer;
    pacer.set_rate(start, 100e6, 0);
    send_all(pacer, start, 1500);
    EXPECT_FALSE(pacer.ready(start + 100us));
    const Time next = pacer.next_ready(start + 100us);
    EXPECT_GE(next, start + Pacer::batch_time);
    EXPECT_GE(static_cast<double>(send_all(pacer, next, 1500)), 100e6 * 0.0005);
}

TEST(Pacer, ObeysTheCeiling) {
    Pacer limited, unpaced;
    limited.set_rate(start, 50e6, 1e6);
    unpaced.set_rate(start, 0, 1e6);
    for (Pacer* pacer : {&limited, &unpaced}) {
        uint64_t sent = 0;
        for (Time now = start; now < start + 10s; now += 1ms) sent += send_all(*pacer, now, 1500);
        EXPECT_NEAR(static_cast<double>(sent), 10e6, 50e3);
    }
}

TEST(Pacer, ARateOfAlmostNothingStillNamesATime) {
    Pacer pacer;
    pacer.set_rate(start, 1e-9, 0);
    send_all(pacer, start, 1400);  // no divisor of the burst, so that the bucket is in debt
    for (const Time now : {start, start + 1h}) {
        EXPECT_GT(pacer.next_ready(now), now);
        EXPECT_LE(pacer.next_ready(now), now + Pacer::wait_max + 1us);
    }
}

}  // namespace
}  // namespace stt
