// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/current_session.hpp"

#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

struct CurrentSessionTest : JoinedEndpoints {
    void SetUp() override {
        start_listener();
        call();
        ASSERT_TRUE(establish());
        run(1s);
        current.emplace(*caller.endpoint);
    }
    /// Another session of the same two nodes.
    Session& next() {
        const SessionHandle handle = call();
        const auto is_up = [&] {
            return caller.endpoint->find(handle)->state() == SessionState::established;
        };
        EXPECT_TRUE(run(5s, is_up));
        return *caller.endpoint->find(handle);
    }
    std::optional<CurrentSession> current;
};

TEST_F(CurrentSessionTest, there_is_none_at_first) {
    EXPECT_FALSE(current->exists());
    EXPECT_FALSE(current->established());
    EXPECT_FALSE(current->lost());
    EXPECT_EQ(current->get(), nullptr);
    EXPECT_FALSE(current->is(0)) << "no session is not the one there is not";
    EXPECT_EQ(current->count(), 0u);
    EXPECT_EQ(current->stats().packets_sent, 0u);
}

TEST_F(CurrentSessionTest, one_is_established_or_lost) {
    Session& session = caller.session();
    current->begin(session);
    EXPECT_TRUE(current->exists());
    EXPECT_TRUE(current->established());
    EXPECT_TRUE(current->is(session.handle()));
    EXPECT_EQ(current->get(), &session);
    EXPECT_EQ(current->info().peer, listener.address);
    current->lose(now.time);
    EXPECT_TRUE(current->exists());
    EXPECT_FALSE(current->established());
    EXPECT_TRUE(current->lost());
    EXPECT_EQ(current->lost_at(), now.time);
    current->end();
    EXPECT_FALSE(current->exists());
    EXPECT_FALSE(current->lost());
    EXPECT_EQ(current->info().peer, listener.address) << "of the last one";
}

TEST_F(CurrentSessionTest, what_earlier_ones_counted_is_added_up) {
    Session& first = caller.session();
    current->begin(first);
    const uint64_t sent = current->stats().packets_sent;
    EXPECT_GT(sent, 0u);
    current->lose(now.time);
    EXPECT_EQ(current->stats().packets_sent, sent);

    Session& second = next();
    const uint64_t before = first.stats().packets_sent;
    current->resume(second);
    EXPECT_EQ(current->stats().packets_sent, before + second.stats().packets_sent);
    EXPECT_EQ(current->stats().congestion_window, second.stats().congestion_window) << "no counter";
    EXPECT_EQ(current->count(), 2u);
    EXPECT_EQ(current->resumptions(), 1u);
    current->end();
    EXPECT_EQ(current->stats().packets_sent, before + second.stats().packets_sent);
    EXPECT_EQ(current->stats().congestion_window, 0u);
}

TEST_F(CurrentSessionTest, without_one_the_caller_says_what_it_calls) {
    SessionInfo info;
    info.peer = Address::v4({192, 0, 2, 9}, 7600);
    current->call(info);
    current->renew_info();
    EXPECT_EQ(current->info().peer, info.peer);
}

}  // namespace
}  // namespace stt
