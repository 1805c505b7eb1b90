// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/mtu_search.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stt {
namespace {

constexpr Time start{Duration(1s)};
constexpr uint64_t unlimited = 1 << 20;

/// Probes a path that carries `path` bytes until the search rests; returns the sizes tried.
std::vector<uint64_t> search(MtuSearch& mtu, Time now, uint64_t path) {
    std::vector<uint64_t> tried;
    while (const auto size = mtu.probe_due(now, unlimited)) {
        const uint64_t number = tried.size();
        tried.push_back(*size);
        mtu.on_probe_sent(now, number, *size);
        EXPECT_FALSE(mtu.probe_due(now, unlimited)) << "one probe at a time";
        if (*size <= path)
            mtu.on_probe_acked(now, number);
        else
            mtu.on_probe_lost(now, number);
        if (tried.size() > 1000) break;
    }
    return tried;
}

TEST(MtuSearch, FindsTheCeilingAtOnce) {
    MtuSearch mtu({}, datagram_max);
    EXPECT_EQ(mtu.current(), datagram_min);
    EXPECT_EQ(search(mtu, start, 65507), (std::vector<uint64_t>{datagram_max}));
    EXPECT_EQ(mtu.current(), datagram_max);
    EXPECT_EQ(mtu.next_timeout(unlimited), time_never);
}

TEST(MtuSearch, TriesLikelySizesAfterThreeLosses) {
    MtuSearch mtu({}, datagram_max);
    const auto tried = search(mtu, start, 1472);
    ASSERT_GE(tried.size(), 4u);
    EXPECT_EQ(std::vector<uint64_t>(tried.begin(), tried.begin() + 4),
              (std::vector<uint64_t>{8972, 8972, 8972, 1472}));
    EXPECT_EQ(mtu.current(), 1472u);
}

TEST(MtuSearch, ConvergesOnAnyPath) {
    for (uint64_t path = datagram_min; path <= datagram_max; path += 7) {
        MtuSearch mtu({}, datagram_max);
        EXPECT_LE(search(mtu, start, path).size(), 45u) << path;
        EXPECT_LE(mtu.current(), path);
        EXPECT_GT(mtu.current() + 16, path);
    }
}

TEST(MtuSearch, ProbesNoMoreThanThereIsRoomFor) {
    MtuSearch mtu({}, datagram_max);
    EXPECT_FALSE(mtu.probe_due(start, 1399));
    EXPECT_EQ(mtu.next_timeout(1399), time_never);
    EXPECT_EQ(mtu.probe_due(start, 1460), 1452u);
    EXPECT_NE(mtu.next_timeout(1460), time_never);
    mtu.on_probe_sent(start, 1, 1452);
    mtu.on_probe_acked(start, 1);
    EXPECT_EQ(mtu.probe_due(start, 8000), 1472u);
    mtu.on_probe_sent(start, 2, 1472);
    mtu.on_probe_acked(start, 2);
    EXPECT_FALSE(mtu.probe_due(start, 8000)) << "the ceiling is worth waiting for";
    EXPECT_EQ(search(mtu, start, 8900).front(), datagram_max);
    EXPECT_GT(mtu.current(), 8884u);
}

TEST(MtuSearch, SearchesAgainAfterTenMinutes) {
    MtuSearch mtu({}, datagram_max);
    search(mtu, start, 1472);
    EXPECT_EQ(mtu.next_timeout(unlimited), start + 600s);
    EXPECT_FALSE(mtu.probe_due(start + 599s, unlimited));
    search(mtu, start + 600s, 5000);
    EXPECT_GT(mtu.current(), 4984u);
    EXPECT_LE(mtu.current(), 5000u);
}

TEST(MtuSearch, BelievesTheStackThatASizeIsTooBig) {
    MtuSearch mtu({}, datagram_max);
    mtu.on_probe_sent(start, 1, *mtu.probe_due(start, unlimited));
    mtu.on_too_big(start, datagram_max);
    EXPECT_EQ(mtu.probe_due(start, unlimited), 1472u);
    search(mtu, start, 1472);
    mtu.on_too_big(start, 1472);  // the interface's MTU shrank
    EXPECT_EQ(mtu.current(), datagram_min);
    EXPECT_EQ(mtu.probe_due(start, unlimited), 1452u);
}

TEST(MtuSearch, StartsOverAfterABlackHole) {
    MtuSearch mtu({}, 1472);
    mtu.on_black_hole(start);
    EXPECT_EQ(mtu.current(), datagram_min) << "nothing to fall back to";
    search(mtu, start, 1472);
    mtu.on_black_hole(start);
    EXPECT_EQ(mtu.current(), datagram_min);
    search(mtu, start, 1400);
    EXPECT_EQ(mtu.current(), 1400u);
}

TEST(MtuSearch, IgnoresStrangeNumbers) {
    MtuSearch mtu({}, 1472);
    mtu.on_probe_sent(start, 5, 1472);
    mtu.on_probe_acked(start, 4);
    mtu.on_probe_lost(start, 6);
    EXPECT_EQ(mtu.current(), datagram_min);
    mtu.on_probe_acked(start, 5);
    EXPECT_EQ(mtu.current(), 1472u);
    mtu.on_probe_lost(start, 5);
    EXPECT_EQ(mtu.current(), 1472u);
}

TEST(MtuSearch, KeepsAFixedSize) {
    MtuSearch mtu(1300, datagram_max);
    EXPECT_EQ(mtu.current(), 1300u);
    EXPECT_FALSE(mtu.probe_due(start, unlimited));
    EXPECT_EQ(mtu.next_timeout(unlimited), time_never);
    EXPECT_FALSE(mtu.probe_due(start + 1h, unlimited));
}

TEST(MtuSearch, AFixedSizeGivesWayToTheBaseInABlackHole) {
    MtuSearch mtu(1300, datagram_max);
    mtu.on_black_hole(start);
    EXPECT_EQ(mtu.current(), datagram_min);
    mtu.on_black_hole(start);
    EXPECT_EQ(search(mtu, start, 1250), (std::vector<uint64_t>{1300, 1300, 1300}))
        << "nothing is searched for";
    EXPECT_EQ(mtu.current(), datagram_min);
    EXPECT_EQ(mtu.next_timeout(unlimited), start + 600s);
    EXPECT_EQ(search(mtu, start + 600s, 1472), (std::vector<uint64_t>{1300}));
    EXPECT_EQ(mtu.current(), 1300u);
}

TEST(MtuSearch, TellsOnceOnAPathThatAFixedSizeDoesNotFit) {
    MtuSearch mtu(1300, datagram_max);
    EXPECT_FALSE(mtu.on_too_big(start, 1301)) << "of another session to the same peer";
    EXPECT_FALSE(mtu.on_too_big(start, datagram_min));
    EXPECT_TRUE(mtu.on_too_big(start, 1300));
    EXPECT_EQ(mtu.current(), datagram_min);
    EXPECT_FALSE(mtu.on_too_big(start, 1300));
    MtuSearch lossy(1280, datagram_max);
    lossy.on_black_hole(start);
    for (uint64_t probe = 1; probe <= 6; probe++) {
        lossy.on_probe_sent(start, probe, 1280);
        EXPECT_EQ(lossy.on_probe_lost(start, probe), probe == 3) << probe;
    }
    MtuSearch discovering({}, datagram_max);
    EXPECT_FALSE(discovering.on_too_big(start, 1300));
}

TEST(MtuSearch, AFixedSizeIsNoMoreThanThePeerTakes) {
    MtuSearch mtu(9000, datagram_max);
    mtu.limit(1400);
    EXPECT_EQ(mtu.current(), 1400u);
}

}  // namespace
}  // namespace stt
