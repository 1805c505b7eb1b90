// SPDX-License-Identifier: LGPL-2.1-or-later
/// One stream after another, in one session and in several.
#include <algorithm>

#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

LinkConfig keeping(LinkConfig config) {
    config.keep_listening = true;
    return config;
}

using Payloads = std::vector<std::vector<uint8_t>>;

/// Takes a stream to its end, and says so.
Payloads take_stream(End& receiver) {
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(receiver.link->inbox(), all), QueueStatus::eos);
    receiver.link->inbox().eos_passed();
    Payloads payloads;
    for (const InMessage& message : all) payloads.push_back(payload_of(message));
    return payloads;
}

void push(End& sender, std::vector<uint8_t> payload) {
    ASSERT_EQ(sender.link->outbox().push(message_of(payload), Unit::key, 0, patience), QueueStatus::ok);
}

/// Ends the sender's stream once the receiver has it all.
void end_stream(End& sender) {
    sender.link->outbox().finish();
    ASSERT_EQ(sender.link->outbox().wait_delivered(patience), QueueStatus::ok);
}

/// Streams of one message each, of which the last byte tells which it is.
void send_streams(End& sender, End& receiver, int count) {
    for (int i = 0; i < count; i++) {
        const std::vector<uint8_t> payload{7, static_cast<uint8_t>(i)};
        push(sender, payload);
        sender.link->outbox().finish();
        ASSERT_EQ(take_stream(receiver), Payloads{payload}) << i;
        ASSERT_EQ(sender.link->outbox().wait_delivered(patience), QueueStatus::ok) << i;
        sender.link->begin_stream({4, static_cast<uint8_t>(i)});
    }
}

class NextDirection : public testing::TestWithParam<bool> {
  protected:
    void open() {
        End& listener = GetParam() ? receiver : sender;
        End& caller = GetParam() ? sender : receiver;
        const auto roles = GetParam() ? std::pair(StreamRole::receiver, StreamRole::sender)
                                      : std::pair(StreamRole::sender, StreamRole::receiver);
        LinkConfig listening = keeping(listener_config(roles.first));
        listening.session.max_streams = max_streams;
        ASSERT_TRUE(listener.open(std::move(listening)));
        LinkConfig calling = keeping(caller_config(roles.second, listener.link->local_port()));
        calling.session.max_streams = max_streams;
        ASSERT_TRUE(caller.open(std::move(calling)));
    }
    static constexpr uint64_t max_streams = 64;
    End sender, receiver;
};
INSTANTIATE_TEST_SUITE_P(Caller, NextDirection, testing::Values(true, false),
                         [](const auto& param) { return param.param ? "Sender" : "Receiver"; });

TEST_P(NextDirection, AnotherStreamOpensInTheStandingSession) {
    open();
    send_streams(sender, receiver, 3);
    ASSERT_TRUE(receiver.seen.wait([&] { return receiver.seen.headers.size() == 4; }));
    EXPECT_EQ(receiver.link->stats().sessions, 1u);
    const std::lock_guard lock(receiver.seen.mutex);
    EXPECT_EQ(receiver.seen.headers[0], (std::vector<uint8_t>{1, 2, 3}));
    EXPECT_EQ(receiver.seen.headers[2], (std::vector<uint8_t>{4, 1}));
    EXPECT_TRUE(receiver.seen.errors.empty());
    EXPECT_TRUE(sender.seen.errors.empty());
}

// A sender's session holds max_streams at most, and a receiver's answers no more than 2 × max_streams + 64.
TEST_P(NextDirection, ThousandStreamsLeaveNothingBehind) {
    open();
    for (int i = 0; i < 1000; i++) {
        ASSERT_TRUE(
            receiver.seen.wait([&] { return receiver.seen.headers.size() > static_cast<size_t>(i); }));
        // What goes against the direction ends with the stream, too.
        if (i % 2) {
            EXPECT_TRUE(receiver.link->send_upstream(message_of({1})));
        }
        push(sender, {static_cast<uint8_t>(i)});
        sender.link->outbox().finish();
        ASSERT_EQ(take_stream(receiver).size(), 1u) << i;
        ASSERT_EQ(sender.link->outbox().wait_delivered(patience), QueueStatus::ok) << i;
        sender.link->begin_stream({4});
    }
    ASSERT_TRUE(receiver.seen.wait([&] { return receiver.seen.headers.size() == 1001; }));
    EXPECT_EQ(receiver.link->stats().sessions, 1u);
    EXPECT_EQ(sender.link->outbox().queued_bytes(), 0u);
    EXPECT_EQ(receiver.link->inbox().held_bytes(), 0u);
    EXPECT_TRUE(receiver.seen.errors.empty());
    EXPECT_TRUE(sender.seen.errors.empty());
}

TEST(LinkNext, AReceiverThatHasEndedTellsTheCallerSo) {
    End sender, receiver;
    ASSERT_TRUE(receiver.open(listener_config(StreamRole::receiver)));
    ASSERT_TRUE(sender.open(caller_config(StreamRole::sender, receiver.link->local_port())));
    sender.link->outbox().finish();
    EXPECT_TRUE(take_stream(receiver).empty());
    end_stream(sender);
    sender.link->begin_stream({4});
    ASSERT_TRUE(sender.seen.wait_state(LinkState::closed));
    const std::lock_guard lock(sender.seen.mutex);
    ASSERT_EQ(sender.seen.errors.size(), 1u);
    EXPECT_EQ(sender.seen.errors[0].error.code, ErrorCode::stream_closed);
    EXPECT_EQ(sender.seen.errors[0].error.reason, Reason::ended);
    EXPECT_TRUE(sender.seen.errors[0].error.terminal);
    EXPECT_EQ(receiver.seen.terminal_errors(), 0u);
}

TEST(LinkNext, AReceiverThatHasEndedMakesRoomForTheNextAtAListener) {
    End sender, first, second;
    ASSERT_TRUE(sender.open(listener_config(StreamRole::sender)));
    ASSERT_TRUE(first.open(caller_config(StreamRole::receiver, sender.link->local_port())));
    sender.link->outbox().finish();
    EXPECT_TRUE(take_stream(first).empty());
    end_stream(sender);
    sender.link->begin_stream({4});
    push(sender, {5});
    ASSERT_TRUE(sender.seen.wait([&] { return sender.seen.find(ErrorCode::stream_closed); }));
    ASSERT_TRUE(second.open(caller_config(StreamRole::receiver, sender.link->local_port())));
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(second.link->inbox(), all, 1), QueueStatus::ok);
    EXPECT_EQ(payload_of(all.at(0)), (std::vector<uint8_t>{5}));
    EXPECT_EQ(sender.seen.terminal_errors(), 0u);
}

TEST(LinkNext, ASecondCallerComesAfterTheFirstOnesEnd) {
    End receiver;
    ASSERT_TRUE(receiver.open(keeping(listener_config(StreamRole::receiver))));
    for (uint8_t i = 0; i < 3; i++) {
        End sender;
        ASSERT_TRUE(sender.open(caller_config(StreamRole::sender, receiver.link->local_port())));
        push(sender, {i});
        sender.link->outbox().finish();
        EXPECT_EQ(take_stream(receiver), (Payloads{{i}}));
        end_stream(sender);
    }
    receiver.link->close();
    EXPECT_TRUE(receiver.seen.errors.empty());
}

TEST(LinkNext, AnIdleCallerMakesWayAndComesBackWithItsNextStream) {
    End receiver, first;
    ASSERT_TRUE(receiver.open(keeping(listener_config(StreamRole::receiver))));
    ASSERT_TRUE(first.open(caller_config(StreamRole::sender, receiver.link->local_port())));
    send_streams(first, receiver, 0);
    push(first, {1});
    first.link->outbox().finish();
    EXPECT_EQ(take_stream(receiver).size(), 1u);
    end_stream(first);
    {
        End second;
        ASSERT_TRUE(second.open(caller_config(StreamRole::sender, receiver.link->local_port())));
        push(second, {2});
        second.link->outbox().finish();
        EXPECT_EQ(take_stream(receiver), (Payloads{{2}}));
        end_stream(second);
    }
    ASSERT_TRUE(first.seen.wait_state(LinkState::closed));
    first.link->begin_stream({4});
    push(first, {3});
    first.link->outbox().finish();
    EXPECT_EQ(take_stream(receiver), (Payloads{{3}}));
    end_stream(first);
    EXPECT_TRUE(first.seen.errors.empty());
    EXPECT_TRUE(receiver.seen.errors.empty());
}

TEST(LinkNext, ACallerWithoutAStreamIsToldAndMakesWay) {
    End receiver;
    LinkConfig config = keeping(listener_config(StreamRole::receiver));
    config.session.handshake_timeout = 100ms;
    ASSERT_TRUE(receiver.open(std::move(config)));
    const auto told = [&] {
        return std::count_if(receiver.seen.errors.begin(), receiver.seen.errors.end(),
                             [](const auto& seen) { return seen.error.reason == Reason::no_stream; });
    };
    // The first is reported before any stream, the second after one. Neither calls again after its session
    // was closed for the sender's.
    for (uint8_t i = 1; i <= 2; i++) {
        End another, sender;
        LinkConfig calling = keeping(caller_config(StreamRole::receiver, receiver.link->local_port()));
        calling.auto_reconnect = false;
        ASSERT_TRUE(another.open(std::move(calling)));
        ASSERT_TRUE(receiver.seen.wait([&] { return told() >= i; }));
        ASSERT_TRUE(sender.open(caller_config(StreamRole::sender, receiver.link->local_port())));
        push(sender, {i});
        sender.link->outbox().finish();
        EXPECT_EQ(take_stream(receiver), (Payloads{{i}}));
        end_stream(sender);
    }
}

TEST(LinkNext, ACallingReceiverCallsForTheNextListenersStream) {
    End receiver;
    for (uint8_t i = 0; i < 3; i++) {
        End sender;
        ASSERT_TRUE(sender.open(own_listener_config(StreamRole::sender)));
        if (!receiver.link) {
            ASSERT_TRUE(
                receiver.open(keeping(caller_config(StreamRole::receiver, own_port, own_loopback()))));
        }
        push(sender, {i});
        sender.link->outbox().finish();
        EXPECT_EQ(take_stream(receiver), (Payloads{{i}}));
        end_stream(sender);
    }
    EXPECT_EQ(receiver.seen.terminal_errors(), 0u);
}

TEST(LinkNext, ACallerThatMayNotCallAgainSaysThatNothingMoreComes) {
    End sender, receiver;
    ASSERT_TRUE(sender.open(listener_config(StreamRole::sender)));
    LinkConfig config = keeping(caller_config(StreamRole::receiver, sender.link->local_port()));
    config.auto_reconnect = false;
    ASSERT_TRUE(receiver.open(std::move(config)));
    sender.link->outbox().finish();
    EXPECT_TRUE(take_stream(receiver).empty());
    end_stream(sender);
    sender.link->close();
    std::vector<InMessage> none;
    EXPECT_EQ(receiver.link->inbox().pop(none, 1, patience), QueueStatus::failed);
    EXPECT_EQ(receiver.seen.terminal_errors(), 1u);
}

}  // namespace
}  // namespace stt::test
