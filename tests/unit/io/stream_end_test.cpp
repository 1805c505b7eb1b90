// SPDX-License-Identifier: LGPL-2.1-or-later
// Both ends of a stream, each with a session of its own between two endpoints in virtual time.
#include "core/io/stream_end.hpp"

#include "core/io/receiving_end.hpp"
#include "core/io/sending_end.hpp"
#include "tests/unit/io/observer_log.hpp"
#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

constexpr auto patience = 20s;

OutMessage message_of(size_t size, uint8_t kind = 1) {
    return OutMessage::copy_of(kind, {}, std::vector<uint8_t>(size, kind));
}

/// What belongs to one end of a link, apart from the stream.
struct Side {
    Side(JoinedNode& joined, StreamRole role) : node(joined) { config.role = role; }

    JoinedNode& node;
    LinkConfig config;
    CurrentSession session{*node.endpoint};
    ObserverLog log;
    FixedFacts facts;
    Reporter reporter{config, log, facts};
    SendQueue outbox{1 << 20, [] {}};
    ReceiveQueue inbox{[] {}};
    std::unique_ptr<StreamEnd> end;
    size_t events_seen = 0;
    std::vector<StreamEnd::Fault> faults;

    void make() {
        const StreamEnd::Parts parts{config, session, reporter, outbox};
        if (config.role == StreamRole::sender)
            end = std::make_unique<SendingEnd>(parts);
        else
            end = std::make_unique<ReceivingEnd>(parts, inbox);
        events_seen = node.events.size();
    }
    void note(StreamEnd::Outcome outcome) {
        if (outcome) faults.push_back(std::move(*outcome));
    }
    void begin_session(Now now) {
        session.begin(node.session());
        end->on_session();
        note(end->begin(now));
    }
    void take_events(Now now) {
        for (; events_seen < node.events.size(); events_seen++) {
            const Event& event = node.events[events_seen];
            if (!session.is(event.session)) continue;
            if (const auto* opened = std::get_if<event::StreamOpened>(&event.what))
                note(end->on_opened(now, *opened));
            else if (const auto* readable = std::get_if<event::StreamReadable>(&event.what))
                end->on_readable(now.time, readable->stream);
            else if (const auto* progress = std::get_if<event::StreamProgress>(&event.what))
                end->on_progress(now.time, *progress);
            else if (const auto* skipped = std::get_if<event::StreamSkipped>(&event.what))
                end->on_skipped(*skipped);
        }
    }
    void turn(Now now) {
        take_events(now);
        end->tend(now.time);
        note(end->move(now.time));
    }
};

struct StreamEndTest : JoinedEndpoints {
    void SetUp() override {
        reading = false;
        start_listener();
        call();
        ASSERT_TRUE(establish());
        sender.emplace(caller, StreamRole::sender);
        receiver.emplace(listener, StreamRole::receiver);
        sender->config.stream_header = {1, 2, 3};
    }
    /// After the settings.
    void begin() {
        sender->make();
        receiver->make();
        receiver->begin_session(now);
        sender->begin_session(now);
        ASSERT_TRUE(sender->faults.empty());
        exchange();
    }
    /// Long enough for anything to get across, and for the answer to come back.
    void exchange() {
        for (int i = 0; i < 10; i++) {
            sender->turn(now);
            receiver->turn(now);
            run(50ms);
        }
    }
    void push(Side& side, OutMessage message) {
        ASSERT_EQ(side.outbox.push(std::move(message), Unit::key, 0, 1ns), QueueStatus::ok);
    }
    /// What the receiver's streaming thread gets, by kind, and whether the stream has ended.
    std::string pop_all() {
        std::string kinds;
        std::vector<InMessage> messages;
        for (;;) {
            const QueueStatus status = receiver->inbox.pop(messages, 64, 1ms);
            for (const InMessage& message : messages) kinds += static_cast<char>('0' + message.kind);
            if (status == QueueStatus::eos) kinds += '.';
            if (status == QueueStatus::eos) receiver->inbox.eos_passed();
            if (status != QueueStatus::ok) return kinds;
        }
    }

    std::optional<Side> sender, receiver;
};

TEST_F(StreamEndTest, a_stream_goes_from_its_opening_to_its_end) {
    begin();
    EXPECT_EQ(sender->log.calls, std::vector<std::string>{"ready"});
    EXPECT_EQ(receiver->log.calls, std::vector<std::string>{"opened"});
    EXPECT_EQ(receiver->log.headers.at(0), (std::vector<uint8_t>{1, 2, 3}));
    EXPECT_EQ(sender->end->stream(), receiver->end->stream());
    EXPECT_EQ(receiver->end->deadline(), time_never) << "it is there";

    push(*sender, message_of(100, 1));
    push(*sender, message_of(20'000, 2));
    sender->outbox.finish();
    exchange();
    EXPECT_TRUE(receiver->end->complete());
    EXPECT_FALSE(receiver->end->finished());
    EXPECT_FALSE(sender->end->finished());
    EXPECT_EQ(pop_all(), "12.");
    exchange();
    EXPECT_TRUE(receiver->end->finished());
    EXPECT_FALSE(receiver->end->satisfied()) << "the sender may not know yet";
    EXPECT_FALSE(receiver->end->takes_upstream());
    EXPECT_TRUE(sender->end->finished());
    EXPECT_TRUE(sender->end->satisfied());
    EXPECT_EQ(sender->outbox.wait_delivered(patience), QueueStatus::ok);
    EXPECT_TRUE(sender->faults.empty());
    EXPECT_TRUE(receiver->faults.empty());
}

TEST_F(StreamEndTest, messages_go_against_the_direction) {
    begin();
    EXPECT_TRUE(receiver->end->takes_upstream());
    EXPECT_FALSE(sender->end->takes_upstream());
    push(*receiver, message_of(10, 5));
    push(*receiver, message_of(3000, 6));
    exchange();
    ASSERT_EQ(sender->log.upstream.size(), 2u);
    EXPECT_EQ(sender->log.upstream[0].kind, 5);
    EXPECT_EQ(sender->log.upstream[1].payload_size, 3000u);
    receiver->end->on_session_over();
    EXPECT_FALSE(receiver->end->takes_upstream());
}

TEST_F(StreamEndTest, a_message_against_the_direction_is_bounded) {
    begin();
    push(*receiver, message_of(300'000, 5));
    exchange();
    ASSERT_EQ(sender->log.upstream.size(), 1u);
    EXPECT_TRUE(sender->faults.empty());
    push(*receiver, message_of(1'000'000, 5));
    exchange();
    EXPECT_EQ(sender->log.upstream.size(), 1u);
    ASSERT_EQ(sender->faults.size(), 1u);
    EXPECT_EQ(sender->faults[0].kind, StreamEnd::Fault::Kind::closed);
    EXPECT_EQ(sender->faults[0].error.reason, Reason::malformed_message);
}

TEST_F(StreamEndTest, another_stream_follows_one_that_was_delivered) {
    receiver->config.keep_listening = true;
    begin();
    EXPECT_FALSE(receiver->end->idle());
    push(*sender, message_of(100, 1));
    sender->outbox.finish();
    exchange();
    EXPECT_EQ(pop_all(), "1.");
    exchange();
    ASSERT_TRUE(sender->end->finished());
    EXPECT_TRUE(receiver->end->idle());
    const auto before = *sender->end->stream();

    sender->outbox.begin_next();
    push(*sender, message_of(100, 2));
    exchange();
    EXPECT_EQ(pop_all(), "") << "what is pushed belongs to the next stream";
    sender->end->set_next(now.time, {4});
    EXPECT_FALSE(sender->end->finished());
    EXPECT_EQ(sender->end->stream(), std::nullopt);
    sender->note(sender->end->begin(now));
    exchange();
    EXPECT_EQ(pop_all(), "2");
    EXPECT_NE(sender->end->stream(), before);
    EXPECT_FALSE(receiver->end->idle());
    EXPECT_EQ(sender->log.calls, (std::vector<std::string>{"ready", "ready"}));
    EXPECT_EQ(receiver->log.headers.at(1), std::vector<uint8_t>{4});
    EXPECT_TRUE(sender->faults.empty());
}

TEST_F(StreamEndTest, without_keep_listening_no_other_stream_is_taken) {
    begin();
    sender->outbox.finish();
    exchange();
    EXPECT_EQ(pop_all(), ".");
    exchange();
    sender->outbox.begin_next();
    sender->end->set_next(now.time, {4});
    sender->note(sender->end->begin(now));
    exchange();
    ASSERT_EQ(receiver->log.errors.size(), 1u);
    EXPECT_EQ(receiver->log.errors[0].error.code, ErrorCode::stream_closed);
    EXPECT_EQ(receiver->log.errors[0].error.reason, Reason::ended);
    EXPECT_EQ(receiver->log.headers.size(), 1u);
}

TEST_F(StreamEndTest, a_stream_in_parallel_is_refused_and_the_first_one_stays) {
    begin();
    const auto first = receiver->end->stream();
    ASSERT_TRUE(caller.session().open_stream({}, 0, std::nullopt).ok());
    exchange();
    ASSERT_EQ(receiver->log.errors.size(), 1u);
    EXPECT_EQ(receiver->log.errors[0].error.code, ErrorCode::too_many_streams);
    EXPECT_EQ(receiver->end->stream(), first);
    EXPECT_TRUE(receiver->faults.empty()) << "nothing is to be decided";
}

TEST_F(StreamEndTest, another_id_than_the_one_to_take_is_a_fault) {
    receiver->config.stream_id = StreamId{1000};
    begin();
    ASSERT_EQ(receiver->faults.size(), 1u);
    EXPECT_EQ(receiver->faults[0].kind, StreamEnd::Fault::Kind::misused);
    EXPECT_EQ(receiver->faults[0].error.code, ErrorCode::stream_id_conflict);
    EXPECT_EQ(receiver->end->stream(), std::nullopt);
    EXPECT_TRUE(receiver->end->ended_in(receiver->session.handle()));
    EXPECT_TRUE(receiver->log.calls.empty());
}

TEST_F(StreamEndTest, a_sender_does_not_receive) {
    receiver->config.role = StreamRole::sender;
    sender->make();
    receiver->make();
    sender->begin_session(now);
    receiver->session.begin(listener.session());
    receiver->end->on_session();
    exchange();
    ASSERT_EQ(receiver->faults.size(), 1u);
    EXPECT_EQ(receiver->faults[0].kind, StreamEnd::Fault::Kind::misused);
    EXPECT_EQ(receiver->faults[0].error.reason, Reason::both_send);
    EXPECT_TRUE(receiver->end->ended_in(receiver->session.handle()));
}

TEST_F(StreamEndTest, a_stream_that_cannot_be_opened_is_a_fault) {
    sender->config.stream_id = StreamId{1};  // the ids of a caller are even
    sender->make();
    sender->begin_session(now);
    ASSERT_EQ(sender->faults.size(), 1u);
    EXPECT_EQ(sender->faults[0].kind, StreamEnd::Fault::Kind::not_opened);
    EXPECT_EQ(sender->faults[0].error.code, ErrorCode::stream_id_conflict);
    EXPECT_EQ(sender->end->stream(), std::nullopt);
    EXPECT_TRUE(sender->log.calls.empty());
}

TEST_F(StreamEndTest, a_peer_that_opens_no_stream_is_reported_once) {
    receiver->make();
    receiver->begin_session(now);
    const Time until = now.time + receiver->config.session.handshake_timeout;
    EXPECT_EQ(receiver->end->deadline(), until);
    EXPECT_FALSE(receiver->end->expire(until - 1ns));
    EXPECT_TRUE(receiver->log.errors.empty());
    EXPECT_FALSE(receiver->end->expire(until));
    EXPECT_FALSE(receiver->end->expire(until + 1s));
    ASSERT_EQ(receiver->log.errors.size(), 1u);
    EXPECT_EQ(receiver->log.errors[0].error.reason, Reason::no_stream);
    EXPECT_TRUE(receiver->log.errors[0].warned_of);
}

TEST_F(StreamEndTest, a_caller_that_keeps_listening_expects_only_the_first) {
    receiver->config.keep_listening = receiver->config.caller = true;
    begin();
    receiver->end->leave();
    receiver->end->on_session_over();
    receiver->begin_session(now);
    EXPECT_EQ(receiver->end->deadline(), time_never);
    EXPECT_TRUE(receiver->end->idle());
}

TEST_F(StreamEndTest, a_stream_that_is_idle_for_too_long_is_ended) {
    receiver->config.stream_timeout = 5s;
    begin();
    const Time until = receiver->end->deadline();
    EXPECT_LE(until, now.time + 5s);
    EXPECT_FALSE(receiver->end->expire(until - 1ns));
    push(*sender, message_of(100));
    exchange();
    EXPECT_GT(receiver->end->deadline(), until) << "something has come";
    const auto fault = receiver->end->expire(receiver->end->deadline());
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind, StreamEnd::Fault::Kind::closed);
    EXPECT_EQ(fault->error.reason, Reason::stream_timeout);
    EXPECT_TRUE(receiver->end->ended_in(receiver->session.handle()));
}

TEST_F(StreamEndTest, what_the_streaming_thread_cannot_read_is_a_fault) {
    begin();
    // A message whose header is longer than any may be.
    const std::vector<uint8_t> bytes{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    auto owner = std::make_shared<const std::vector<uint8_t>>(bytes);
    push(*sender, OutMessage{owner, Bytes(*owner), {}});
    exchange();
    EXPECT_EQ(pop_all(), "");
    exchange();
    ASSERT_EQ(receiver->faults.size(), 1u);
    EXPECT_EQ(receiver->faults[0].kind, StreamEnd::Fault::Kind::unreadable);
}

TEST_F(StreamEndTest, the_next_session_gets_what_was_not_acknowledged_again) {
    begin();
    push(*sender, message_of(100, 1));
    sender->turn(now);
    // It is lost before anything of it has left.
    EXPECT_EQ(sender->end->leave(), receiver->end->stream());
    sender->end->on_session_over();
    sender->session.end();
    receiver->end->leave();
    receiver->end->on_session_over();
    receiver->session.end();
    const SessionHandle handle = call();
    ASSERT_TRUE(run(5s, [&] { return caller.endpoint->find(handle)->state() == SessionState::established; }));
    run(1s);
    receiver->begin_session(now);
    sender->begin_session(now);
    exchange();
    EXPECT_EQ(sender->log.calls, (std::vector<std::string>{"ready", "late start", "ready again"}));
    EXPECT_EQ(pop_all(), "1");
    EXPECT_EQ(receiver->log.headers.size(), 2u);
}

TEST_F(StreamEndTest, what_was_not_delivered_is_reported_at_the_end) {
    sender->make();
    push(*sender, message_of(100));
    push(*sender, message_of(100));
    sender->end->report_undelivered();
    ASSERT_EQ(sender->log.gaps.size(), 1u);
    EXPECT_EQ(sender->log.gaps[0].buffers, 2u);
    sender->end->report_undelivered();
    EXPECT_EQ(sender->log.calls, std::vector<std::string>{"gap"}) << "once";
}

TEST_F(StreamEndTest, a_link_that_is_closed_in_a_report_moves_nothing_more) {
    begin();
    push(*receiver, message_of(10, 5));
    push(*receiver, message_of(10, 6));
    sender->log.hook = [&] { sender->reporter.close(); };
    push(*sender, message_of(100, 1));
    exchange();
    EXPECT_EQ(sender->log.upstream.size(), 1u);
    sender->log.hook = nullptr;
}

}  // namespace
}  // namespace stt
