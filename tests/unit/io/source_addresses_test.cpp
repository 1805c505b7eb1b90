// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/source_addresses.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

Address remote(uint16_t port) { return Address::v4({192, 0, 2, 1}, port); }
const SourceAddresses::Ip first = Address::v4({127, 0, 0, 1}, 0).ip,
                          second = Address::v4({127, 0, 0, 2}, 0).ip;

TEST(SourceAddresses, KnowsWhatEachRemoteCalledLast) {
    SourceAddresses sources;
    EXPECT_EQ(sources.find(remote(1)), nullptr);
    sources.learn(remote(1), first);
    sources.learn(remote(2), second);
    sources.learn(remote(1), second);
    sources.learn(remote(2), first);
    ASSERT_NE(sources.find(remote(1)), nullptr);
    EXPECT_EQ(*sources.find(remote(1)), second);
    EXPECT_EQ(*sources.find(remote(2)), first);
    sources.forget(remote(2));
    EXPECT_EQ(sources.find(remote(2)), nullptr);
}

TEST(SourceAddresses, NobodyElseMovesWhoWasGenuine) {
    SourceAddresses sources;
    sources.learn(remote(1), second);
    sources.confirm(remote(1), first);
    sources.learn(remote(1), second);
    for (unsigned port = 2; port <= 20'000; port++)
        sources.learn(remote(static_cast<uint16_t>(port)), second);
    ASSERT_NE(sources.find(remote(1)), nullptr);
    EXPECT_EQ(*sources.find(remote(1)), first);
    sources.confirm(remote(1), second);
    EXPECT_EQ(*sources.find(remote(1)), second);
}

TEST(SourceAddresses, WhoAsksIsAnsweredWhereItAsked) {
    SourceAddresses sources;
    sources.learn(remote(1), first);
    sources.confirm(remote(1), first);
    sources.learn(remote(1), second);
    ASSERT_NE(sources.find(remote(1), SourceOf::asker), nullptr);
    EXPECT_EQ(*sources.find(remote(1), SourceOf::asker), second);
    EXPECT_EQ(*sources.find(remote(1), SourceOf::peer), first);
    sources.confirm_latest(remote(1));
    EXPECT_EQ(*sources.find(remote(1), SourceOf::peer), second);
    sources.learn(remote(1), first);
    EXPECT_EQ(*sources.find(remote(1), SourceOf::asker), first);
}

TEST(SourceAddresses, WhatWasForgottenIsLearntAgain) {
    SourceAddresses sources;
    sources.learn(remote(1), first);
    sources.confirm(remote(1), first);
    sources.forget(remote(1));
    EXPECT_EQ(sources.find(remote(1)), nullptr);
    sources.learn(remote(1), first);
    ASSERT_NE(sources.find(remote(1)), nullptr);
    sources.forget(remote(1));
    sources.confirm(remote(1), first);
    ASSERT_NE(sources.find(remote(1)), nullptr);
}

TEST(SourceAddresses, AFloodTakesNoMoreMemory) {
    SourceAddresses sources;
    size_t known = 0;
    for (unsigned port = 1; port <= 20'000; port++) sources.learn(remote(static_cast<uint16_t>(port)), first);
    for (unsigned port = 1; port <= 20'000; port++)
        known += sources.find(remote(static_cast<uint16_t>(port))) != nullptr;
    EXPECT_LE(known, SourceAddresses::remotes_max);
    EXPECT_NE(sources.find(remote(20'000)), nullptr);
}

}  // namespace
}  // namespace stt
