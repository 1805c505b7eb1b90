// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/followed_clock.hpp"

#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

constexpr Time begin{1000s};

NodeId node(uint8_t number) {
    NodeId id{};
    id[7] = number;
    return id;
}

/// An exchange over a perfect path; the peer is a second ahead.
ClockSample sample_at(Time time) {
    const int64_t sent = time.time_since_epoch().count();
    return {sent, sent + 1'000'500'000, sent + 1'000'500'000, sent + 1'000'000};
}

struct FollowedClockTest : JoinedEndpoints {
    FollowedClock clock;
};

TEST_F(FollowedClockTest, is_that_of_the_node_which_all_links_share) {
    EXPECT_FALSE(clock.get());
    EXPECT_FALSE(clock.stats(begin).state);
    clock.follow(node(1), begin);
    const auto first = clock.get();
    EXPECT_EQ(first, PeerClocks::process().get(node(1), begin));
    clock.follow(node(2), begin);
    EXPECT_NE(clock.get(), first);
}

TEST_F(FollowedClockTest, has_statistics_once_it_was_measured) {
    start_listener();
    call();
    ASSERT_TRUE(establish());
    clock.on_measured(begin, caller.session(), sample_at(begin));  // of a node that is not known yet
    clock.follow(node(3), begin);
    for (int i = 0; i < 3; i++) {
        EXPECT_FALSE(clock.stats(begin).state);
        clock.on_measured(begin + i * 20ms, caller.session(), sample_at(begin + i * 20ms));
    }
    const ClockStats stats = clock.stats(begin + 60ms);
    ASSERT_TRUE(stats.state);
    EXPECT_NEAR(static_cast<double>(stats.offset.count()), 1e9, 1e6);
    EXPECT_EQ(stats.base_delay, 500us);
}

}  // namespace
}  // namespace stt
