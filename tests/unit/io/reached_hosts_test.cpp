// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/reached_hosts.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

const Address host = Address::v4({192, 0, 2, 7}, 7600);

TEST(ReachedHosts, EachWatcherHearsOfEachHost) {
    ReachedHosts hosts;
    std::vector<Address> first, second;
    const auto watch_first = hosts.watch([&](const Address& peer) { first.push_back(peer); });
    const auto watch_second = hosts.watch([&](const Address& peer) { second.push_back(peer); });
    hosts.announce(host);
    EXPECT_EQ(first, std::vector{host});
    EXPECT_EQ(second, std::vector{host});
}

TEST(ReachedHosts, AWatcherThatIsGoneHearsNothing) {
    ReachedHosts hosts;
    int calls = 0;
    auto watch = hosts.watch([&](const Address&) { calls++; });
    watch.reset();
    hosts.announce(host);
    EXPECT_EQ(calls, 0);
}

TEST(ReachedHosts, AWatcherMayWatchAndLeaveWhenItIsCalled) {
    ReachedHosts hosts;
    int first_calls = 0, second_calls = 0;
    std::shared_ptr<const void> first, second;
    first = hosts.watch([&](const Address&) {
        first_calls++;
        first.reset();
        second = hosts.watch([&](const Address&) { second_calls++; });
    });
    hosts.announce(host);
    hosts.announce(host);
    EXPECT_EQ(first_calls, 1);
    EXPECT_EQ(second_calls, 1);
}

}  // namespace
}  // namespace stt
