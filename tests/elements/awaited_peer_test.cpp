// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/awaited_peer.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace stt {
namespace {

constexpr auto patience = 20s;

SteadyTime now() { return std::chrono::steady_clock::now(); }

class AwaitedPeerTest : public testing::Test {
  protected:
    AwaitedPeerTest() { peer.open(); }
    ~AwaitedPeerTest() override {  // lets a wait go that a failed test has left
        peer.interrupt(true);
        peer.close();
    }
    std::future<Waited> waits_until_ready() {
        return std::async(std::launch::async, [this] { return peer.wait_ready(); });
    }

    AwaitedPeer peer;
};

TEST_F(AwaitedPeerTest, AStreamEndsTheWaitForIt) {
    auto waited = waits_until_ready();
    peer.note_reached(Reached::session);
    EXPECT_EQ(waited.wait_for(0s), std::future_status::timeout);
    peer.set_ready(true);
    EXPECT_EQ(waited.get(), Waited::ready);
    EXPECT_EQ(peer.wait_ready(), Waited::ready) << "it does not wait";
    EXPECT_TRUE(peer.ready());
}

TEST_F(AwaitedPeerTest, AnInterruptionEndsEachWaitWhileItLasts) {
    auto waited = waits_until_ready();
    peer.interrupt(true);
    EXPECT_EQ(waited.get(), Waited::interrupted);
    EXPECT_EQ(peer.wait_ready(), Waited::interrupted);
    peer.wait_error();
    peer.interrupt(false);
    EXPECT_FALSE(peer.interrupted());
    auto again = waits_until_ready();
    peer.set_ready(true);
    EXPECT_EQ(again.get(), Waited::ready);
}

TEST_F(AwaitedPeerTest, OfSeveralLimitsTheFirstApplies) {
    EXPECT_FALSE(peer.waits_expired());
    peer.limit_waits(now() + patience);
    peer.limit_waits(now() - 1s);
    EXPECT_FALSE(peer.waits_expired());
    peer.limit_waits(std::nullopt);
    auto waited = waits_until_ready();
    peer.limit_waits(now() - 1s);
    EXPECT_EQ(waited.get(), Waited::expired);
    EXPECT_TRUE(peer.waits_expired());
    peer.open();
    EXPECT_FALSE(peer.waits_expired());
}

TEST_F(AwaitedPeerTest, OnlyOneErrorIsAnnounced) {
    auto waited = waits_until_ready();
    EXPECT_FALSE(peer.failed());
    EXPECT_TRUE(peer.fail());
    EXPECT_FALSE(peer.fail());
    EXPECT_TRUE(peer.failed());
    EXPECT_EQ(waited.get(), Waited::failed);
    peer.open();
    EXPECT_FALSE(peer.failed());
    EXPECT_TRUE(peer.fail());
}

TEST_F(AwaitedPeerTest, TheWaitForAnErrorEndsWhenItIsOnTheBus) {
    peer.note_error_posted();  // of a connection that is over
    ASSERT_TRUE(peer.fail());
    auto waited = std::async(std::launch::async, [this] { peer.wait_error(); });
    EXPECT_EQ(waited.wait_for(0s), std::future_status::timeout);
    peer.note_error_posted();
    EXPECT_EQ(waited.wait_for(patience), std::future_status::ready);
}

TEST_F(AwaitedPeerTest, AClosedConnectionHasNoErrorToWaitFor) {
    auto waited = std::async(std::launch::async, [this] { peer.wait_error(); });
    peer.set_ready(true);
    peer.close();
    EXPECT_EQ(waited.wait_for(patience), std::future_status::ready);
    EXPECT_FALSE(peer.ready());
}

TEST_F(AwaitedPeerTest, HowFarAPeerGotStays) {
    EXPECT_EQ(peer.reached(), Reached::nothing);
    peer.note_reached(Reached::session);
    peer.note_reached(Reached::call);
    EXPECT_EQ(peer.reached(), Reached::session);
    peer.set_ready(true);
    peer.set_ready(false);
    EXPECT_EQ(peer.reached(), Reached::stream);
    peer.open();
    EXPECT_EQ(peer.reached(), Reached::nothing);
}

TEST_F(AwaitedPeerTest, AnAnswerIsTheStreams) {
    peer.set_ready(true);
    auto waited = std::async(std::launch::async, [this] { return peer.wait_reads_serialized(); });
    peer.set_reads_serialized(true);
    EXPECT_EQ(waited.get(), Waited::ready);
    EXPECT_EQ(peer.reads_serialized(), true);
    peer.set_ready(true);
    EXPECT_FALSE(peer.reads_serialized()) << "the next receiver has not answered";
    peer.set_ready(false);
    EXPECT_EQ(peer.wait_reads_serialized(), Waited::ready) << "nobody is there";
    EXPECT_FALSE(peer.reads_serialized());
}

TEST_F(AwaitedPeerTest, ReceiversWithoutAnAnswerReadNone) {
    peer.set_ready(true);
    EXPECT_EQ(peer.wait_reads_serialized(), Waited::ready);
    EXPECT_EQ(peer.reads_serialized(), false);
}

}  // namespace
}  // namespace stt
