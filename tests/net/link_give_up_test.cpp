// SPDX-License-Identifier: LGPL-2.1-or-later
// What a link's sender gives up, and how both ends hear of it.
#include <thread>

#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

constexpr uint8_t gap_kind = 99;

/// Tells the peer of gaps, as an element does.
class Teller : public Recorder {
  public:
    std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool uncertain) override {
        Recorder::on_gap(lost, uncertain);
        std::vector<uint8_t> header(16);
        ByteWriter out(header);
        out.u64(lost.buffers);
        out.u64(lost.bytes);
        return OutMessage::copy_of(gap_kind, header);
    }
    void on_giving_up() override {
        {
            const std::lock_guard lock(mutex);
            key_requests++;
        }
        changed.notify_all();
    }
    int key_requests = 0;  // under mutex
};

struct Sender {
    Teller seen;
    std::shared_ptr<Link> link;
    ~Sender() {
        if (link) link->close();
    }
    void push(Unit unit, size_t size) {
        const QueueStatus status = link->outbox().push(
            OutMessage::copy_of(static_cast<uint8_t>(unit), {}, std::vector<uint8_t>(size)), unit, 1, 1ns);
        ASSERT_EQ(status, QueueStatus::ok);
        pushed += {1, size, 1};
    }
    SendQueue::Account pushed;
};

/// What arrived, and what the receiver was told is missing.
struct Arrived {
    SendQueue::Account media, missing;

    void read(ReceiveQueue& inbox) {
        std::vector<InMessage> all;
        ASSERT_EQ(pop_all(inbox, all), QueueStatus::eos);
        inbox.eos_passed();
        bool broken = false;
        for (const InMessage& message : all) {
            if (message.kind == gap_kind) {
                ByteReader in(message.header);
                missing.buffers += in.u64();
                missing.bytes += in.u64();
                broken = true;
                continue;
            }
            const auto unit = static_cast<Unit>(message.kind);
            EXPECT_FALSE(broken && unit == Unit::delta) << "no decoder could go on here";
            broken = false;
            media += {1, message.payload_size, 1};
        }
    }
};

// A port that nobody has.
uint16_t unused_port() {
    End end;
    EXPECT_TRUE(end.open(listener_config(StreamRole::receiver)));
    return end.link->local_port();
}

TEST(LinkGiveUp, AFullQueueNeverBlocksAndWhatIsMissingIsToldInItsPlace) {
    const uint16_t port = unused_port();
    Sender sender;
    LinkConfig config = caller_config(StreamRole::sender, port);
    config.send_queue_bytes = 100'000;
    sender.link = *Link::open(std::move(config), sender.seen);
    sender.link->outbox().set_live(true);
    sender.link->outbox().set_policy({.when_full = true});
    for (int i = 0; i < 2000; i++) sender.push(i % 25 ? Unit::delta : Unit::key, 1000);
    ASSERT_TRUE(sender.seen.wait([&] { return sender.seen.key_requests > 0; }));

    End receiver;
    LinkConfig listening = listener_config(StreamRole::receiver);
    listening.port = port;
    ASSERT_TRUE(receiver.open(std::move(listening)));
    ASSERT_TRUE(sender.seen.wait([&] { return sender.seen.ready == 1; }));
    for (int i = 2000; i < 4000; i++) sender.push(i % 25 ? Unit::delta : Unit::key, 1000);
    sender.link->outbox().finish();
    Arrived arrived;
    arrived.read(receiver.link->inbox());
    EXPECT_EQ(sender.link->outbox().wait_delivered(patience), QueueStatus::ok);

    SendQueue::Account told;
    for (const SendQueue::Account& gap : sender.seen.gaps) told += gap;
    EXPECT_GE(told.buffers, 1900u);
    EXPECT_EQ(told.buffers, arrived.missing.buffers);
    EXPECT_EQ(told.bytes, arrived.missing.bytes);
    EXPECT_EQ(arrived.media.buffers + told.buffers, sender.pushed.buffers);
    EXPECT_EQ(arrived.media.bytes + told.bytes, sender.pushed.bytes);
    EXPECT_EQ(sender.link->outbox().delivered().buffers, arrived.media.buffers);
    EXPECT_EQ(sender.link->outbox().undelivered().buffers, 0u);
}

TEST(LinkGiveUp, WhatIsTooOldGoesWithNobodyThere) {
    Sender sender;
    sender.link = *Link::open(listener_config(StreamRole::sender), sender.seen);
    sender.link->outbox().set_policy({.max_age = 50ms});
    sender.push(Unit::key, 100);
    sender.push(Unit::delta, 100);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (sender.link->outbox().undelivered().buffers > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    EXPECT_EQ(sender.link->outbox().undelivered().buffers, 0u);
    EXPECT_TRUE(sender.seen.wait([&] { return sender.seen.key_requests == 1; }));
    sender.link->close();
    ASSERT_EQ(sender.seen.gaps.size(), 1u) << "told at the latest when the link closes";
    EXPECT_EQ(sender.seen.gaps[0].buffers, 2u);
}

}  // namespace
}  // namespace stt::test
