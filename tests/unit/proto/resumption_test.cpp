// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/resumption.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

ResumeTicket ticket(uint8_t name) {
    ResumeTicket made;
    made.session.fill(name);
    made.secret = SecretBytes::copy_of(std::vector<uint8_t>(32, name));
    return made;
}

TEST(Resumption, finds_the_ticket_of_its_own_handshake) {
    Resumption resumption;
    EXPECT_EQ(resumption.ticket(), nullptr);
    EXPECT_EQ(resumption.ticket(ticket(1).session), nullptr);
    resumption.set_ticket(ticket(1));
    ASSERT_NE(resumption.ticket(ticket(1).session), nullptr);
    EXPECT_EQ(resumption.ticket(ticket(2).session), nullptr);
}

TEST(Resumption, knows_the_ticket_that_was_used_until_the_peer_has_heard_of_it) {
    Resumption resumption;
    resumption.set_ticket(ticket(2));
    resumption.take_over(7, ticket(1));
    EXPECT_EQ(resumption.taken_over(), 7u);
    EXPECT_NE(resumption.ticket(ticket(1).session), nullptr) << "the caller may come back with it";
    EXPECT_NE(resumption.ticket(ticket(2).session), nullptr);
    resumption.on_heard();
    EXPECT_EQ(resumption.ticket(ticket(1).session), nullptr);
    EXPECT_NE(resumption.ticket(ticket(2).session), nullptr);
}

TEST(Resumption, waits_until_it_is_abandoned) {
    Resumption resumption;
    resumption.set_ticket(ticket(1));
    EXPECT_FALSE(resumption.waiting());
    EXPECT_EQ(resumption.waits_until(), time_never);
    resumption.wait(Time{} + 5s);
    EXPECT_TRUE(resumption.waiting());
    EXPECT_EQ(resumption.waits_until(), Time{} + 5s);
    resumption.abandon();
    EXPECT_FALSE(resumption.waiting());
    EXPECT_EQ(resumption.ticket(), nullptr);
}

TEST(Resumption, only_a_lost_path_is_worth_it) {
    const auto error = [](ErrorCode code, Reason reason) {
        return make_error(code, reason, ErrorOrigin::peer, {});
    };
    EXPECT_TRUE(is_path_lost(error(ErrorCode::session_timeout, Reason::keepalive_timeout)));
    EXPECT_TRUE(is_path_lost(error(ErrorCode::session_closed, Reason::timeout)));
    EXPECT_FALSE(is_path_lost(error(ErrorCode::session_closed, Reason::graceful)));
}

}  // namespace
}  // namespace stt
