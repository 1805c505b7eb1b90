// SPDX-License-Identifier: LGPL-2.1-or-later
// The clock of a peer, measured over loopback: both nodes have the same one, so that the offset is the error.
#include "core/io/loop.hpp"
#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

int64_t local_now() { return clock_now().time.time_since_epoch().count(); }

TEST(LinkClock, IsKnownToTheReceiverOnlyAndSharedByItsLinks) {
    End senders[2], receivers[2];
    const auto identity = std::make_shared<const Identity>(Identity::generate(system_random()));
    for (int i = 0; i < 2; i++) {
        LinkConfig config = listener_config(StreamRole::sender);
        config.identity = identity;
        ASSERT_TRUE(senders[i].open(std::move(config)));
        ASSERT_TRUE(receivers[i].open(caller_config(StreamRole::receiver, senders[i].link->local_port())));
        ASSERT_TRUE(receivers[i].seen.wait_state(LinkState::connected));
    }
    const auto clock = receivers[0].link->peer_clock();
    ASSERT_TRUE(clock);
    EXPECT_EQ(receivers[1].link->peer_clock(), clock);
    EXPECT_FALSE(senders[0].link->peer_clock());
    ASSERT_TRUE(clock->wait_line(patience, [] { return false; }));
    const ClockLine line = *clock->line();
    const int64_t now = local_now();
    std::printf("error on loopback: %.1f us, round trip %.1f us\n",
                static_cast<double>(line.peer_at(now) - now) / 1e3,
                2 * static_cast<double>(line.base_delay_ns) / 1e3);
    EXPECT_LE(std::abs(line.peer_at(now) - now), 100'000'000) << "whatever the load of the machine";

    const ClockStats stats = receivers[0].link->stats().clock;
    ASSERT_TRUE(stats.state);
    EXPECT_GT(stats.base_delay, Duration::zero());
    EXPECT_FALSE(senders[0].link->stats().clock.state);
}

}  // namespace
}  // namespace stt::test
