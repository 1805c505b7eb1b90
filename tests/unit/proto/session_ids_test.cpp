// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_ids.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

TEST(SessionIds, AnOfferedIdComesIntoUseWithTheFirstPacketThatBearsIt) {
    SessionIds ids(1);
    EXPECT_FALSE(ids.take_frame());
    ids.offer(2);
    const auto frame = ids.take_frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->sequence, 1u);
    EXPECT_EQ(frame->id, 2u);
    EXPECT_FALSE(ids.take_frame()) << "once";
    SessionId retired = 9;
    EXPECT_FALSE(ids.on_received(1, retired));
    EXPECT_TRUE(ids.on_received(2, retired));
    EXPECT_EQ(retired, 0u) << "the one before still counts, for packets that are late";
    EXPECT_EQ(ids.local(), 2u);
    EXPECT_EQ(ids.all_local(), (std::vector<SessionId>{2, 1}));
    ids.offer(3);
    EXPECT_EQ(ids.take_frame()->sequence, 2u);
    EXPECT_FALSE(ids.on_received(1, retired)) << "late";
    EXPECT_TRUE(ids.on_received(3, retired));
    EXPECT_EQ(retired, 1u);
    EXPECT_EQ(ids.all_local(), (std::vector<SessionId>{3, 2}));
}

TEST(SessionIds, ALostOfferIsMadeAgainUnlessItIsOld) {
    SessionIds ids(1);
    ids.offer(2);
    EXPECT_TRUE(ids.take_frame());
    ids.on_frame_lost(1);
    EXPECT_TRUE(ids.due());
    ids.offer(3);
    EXPECT_EQ(ids.take_frame()->id, 3u);
    ids.on_frame_lost(1);
    EXPECT_FALSE(ids.due());
}

TEST(SessionIds, AnotherAddressGetsTheSpareOnce) {
    SessionIds ids(1);
    ids.set_remote(10);
    EXPECT_EQ(ids.remote_elsewhere(), 10u) << "there is none yet";
    ids.on_offered({2, 12});
    ids.on_offered({1, 11});  // reordered
    EXPECT_EQ(ids.remote_elsewhere(), 12u);
    EXPECT_EQ(ids.remote(), 10u);
    ids.change_remote();
    EXPECT_EQ(ids.remote(), 12u);
    ids.change_remote();
    EXPECT_EQ(ids.remote(), 12u) << "rather that than none";
}

}  // namespace
}  // namespace stt
