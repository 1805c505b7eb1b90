// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/send_stream.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/proto/receive_stream.hpp"

namespace stt {
namespace {

constexpr uint64_t no_limit = uint64_t{1} << 40;

std::vector<uint8_t> pattern(size_t size, uint8_t start = 0) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(start + i * 7);
    return bytes;
}

OutMessage message_of(const std::vector<uint8_t>& head, const std::vector<uint8_t>& payload) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(head);
    bytes->insert(bytes->end(), payload.begin(), payload.end());
    const Bytes all(*bytes);
    return {std::move(bytes), all.first(head.size()), all.subspan(head.size())};
}

StreamRange range(uint64_t offset, uint64_t size) {
    return {.stream = 0, .offset = offset, .size = static_cast<uint32_t>(size)};
}

std::vector<uint8_t> copied(SendStream& stream, uint64_t offset, size_t size) {
    std::vector<uint8_t> out(size);
    stream.copy(offset, out);
    return out;
}

/// Sends all that may leave.
void send_all(SendStream& stream) {
    for (auto piece = stream.next(no_limit); piece.size > 0; piece = stream.next(no_limit))
        stream.on_sent(piece, piece.size);
}

TEST(SendStream, gives_bytes_of_head_and_payload_in_order) {
    SendStream stream(no_limit);
    stream.write(message_of({1, 2, 3}, {4, 5, 6}));
    stream.write(message_of({}, {}));
    stream.write(message_of({7}, {8, 9}));
    EXPECT_EQ(stream.written(), 9u);
    EXPECT_EQ(copied(stream, 0, 9), (std::vector<uint8_t>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(copied(stream, 2, 5), (std::vector<uint8_t>{3, 4, 5, 6, 7}));
    EXPECT_EQ(copied(stream, 1, 1), (std::vector<uint8_t>{2}));
}

TEST(SendStream, payload_is_referenced_until_acknowledged) {
    auto owner = std::make_shared<std::vector<uint8_t>>(100);
    SendStream stream(no_limit);
    stream.write({owner, {}, *owner});
    EXPECT_EQ(owner.use_count(), 2);
    send_all(stream);
    stream.on_acked(range(0, 99));
    EXPECT_EQ(owner.use_count(), 2);
    stream.on_acked(range(99, 1));
    EXPECT_EQ(owner.use_count(), 1);
}

TEST(SendStream, stops_at_the_stream_window_and_goes_on_when_it_grows) {
    SendStream stream(10);
    stream.write(message_of(pattern(25), {}));
    auto piece = stream.next(no_limit);
    EXPECT_EQ(piece.offset, 0u);
    EXPECT_EQ(piece.size, 10u);
    stream.on_sent(piece, 10);
    EXPECT_EQ(stream.next(no_limit).size, 0u);
    stream.on_window(11, 0);
    EXPECT_EQ(stream.next(no_limit).size, 1u);
    stream.on_window(5, 0);  // an old frame that comes late
    EXPECT_EQ(stream.next(no_limit).size, 1u);
    stream.on_window(100, 0);
    EXPECT_EQ(stream.next(no_limit).size, 15u);
}

TEST(SendStream, session_credit_limits_new_data_only) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(20), {}));
    EXPECT_EQ(stream.next(0).size, 0u);
    auto piece = stream.next(8);
    EXPECT_EQ(piece.size, 8u);
    stream.on_sent(piece, 8);
    stream.on_lost(range(0, 8));
    piece = stream.next(0);
    EXPECT_TRUE(piece.again);
    EXPECT_EQ(piece.size, 8u);
}

TEST(SendStream, lost_bytes_go_first_and_in_parts) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(100), {}));
    auto piece = stream.next(no_limit);
    stream.on_sent(piece, 60);
    stream.on_lost(range(10, 20));
    piece = stream.next(no_limit);
    EXPECT_TRUE(piece.again);
    EXPECT_EQ(piece.offset, 10u);
    stream.on_sent(piece, 5);
    piece = stream.next(no_limit);
    EXPECT_EQ(piece.offset, 15u);
    EXPECT_EQ(piece.size, 15u);
    stream.on_sent(piece, 15);
    piece = stream.next(no_limit);
    EXPECT_FALSE(piece.again);
    EXPECT_EQ(piece.offset, 60u);
}

TEST(SendStream, acknowledged_bytes_are_never_lost_again) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(100), {}));
    send_all(stream);
    stream.on_acked(range(20, 20));
    stream.on_lost(range(0, 60));
    auto piece = stream.next(0);
    EXPECT_EQ(piece.offset, 0u);
    EXPECT_EQ(piece.size, 20u);
    stream.on_sent(piece, 20);
    piece = stream.next(0);
    EXPECT_EQ(piece.offset, 40u);
    EXPECT_EQ(piece.size, 20u);
    stream.on_acked(range(0, 60));
    EXPECT_EQ(stream.acked(), 60u);
    stream.on_lost(range(0, 60));
    EXPECT_EQ(stream.next(0).size, 0u);
}

TEST(SendStream, a_loss_that_turns_out_spurious_is_not_sent_again) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(100), {}));
    send_all(stream);
    stream.on_lost(range(0, 100));
    EXPECT_EQ(stream.next(0).size, 100u);
    stream.on_acked(range(0, 30));
    stream.on_acked(range(50, 50));
    const auto piece = stream.next(0);
    EXPECT_EQ(piece.offset, 30u);
    EXPECT_EQ(piece.size, 20u);
    stream.on_acked(range(30, 20));
    EXPECT_EQ(stream.next(0).size, 0u);
    EXPECT_EQ(stream.acked(), 100u);
}

TEST(SendStream, fin_follows_the_last_byte_and_is_repeated_until_acknowledged) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(10), {}));
    stream.finish();
    EXPECT_FALSE(stream.fin_due());
    send_all(stream);
    EXPECT_TRUE(stream.fin_due());
    stream.on_fin_sent();
    EXPECT_FALSE(stream.fin_due());
    stream.on_fin_lost();
    EXPECT_TRUE(stream.fin_due());
    stream.on_fin_sent();
    stream.on_fin_acked();
    stream.on_fin_lost();  // the first copy
    EXPECT_FALSE(stream.fin_due());
    EXPECT_FALSE(stream.complete());
    stream.on_acked(range(0, 10));
    EXPECT_TRUE(stream.complete());
}

TEST(SendStream, fin_of_a_spurious_loss_is_not_repeated) {
    SendStream stream(no_limit);
    stream.finish();
    stream.on_fin_sent();
    stream.on_fin_lost();
    stream.on_fin_acked();
    EXPECT_FALSE(stream.fin_due());
    EXPECT_TRUE(stream.complete());
}

TEST(SendStream, the_end_counts_as_one_more_delivered_byte) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(10), {}));
    stream.finish();
    send_all(stream);
    stream.on_window(100, 11);
    EXPECT_EQ(stream.delivered(), 10u);
    EXPECT_FALSE(stream.end_delivered()) << "the end was never sent";
    stream.on_fin_sent();
    stream.on_window(100, 11);
    EXPECT_EQ(stream.delivered(), 10u);
    EXPECT_TRUE(stream.end_delivered());
}

TEST(SendStream, delivery_of_an_end_believed_lost_counts) {
    SendStream stream(no_limit);
    stream.write(message_of(pattern(10), {}));
    stream.finish();
    send_all(stream);
    stream.on_fin_sent();
    stream.on_fin_lost();
    stream.on_window(100, 11);
    EXPECT_TRUE(stream.end_delivered());
}

TEST(SendStream, delivered_never_exceeds_what_was_sent) {
    SendStream stream(4);
    stream.write(message_of(pattern(10), {}));
    send_all(stream);
    stream.on_window(4, 9);
    EXPECT_EQ(stream.delivered(), 4u);
}

TEST(SendStream, nothing_is_written_after_the_end) {
    SendStream stream(no_limit);
    stream.finish();
    stream.write(message_of({1}, {}));
    EXPECT_EQ(stream.written(), 0u);
    EXPECT_TRUE(stream.fin_due());
}

/// A sender and a receiver across a network that loses, repeats, reorders and re-cuts ranges, with losses
/// declared that were none. Every byte arrives, in order, once.
class StreamPair : public ::testing::TestWithParam<unsigned> {};

TEST_P(StreamPair, carries_every_byte_through_any_weather) {
    std::mt19937 random(GetParam());
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    const auto percentage = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
    const unsigned loss = percentage(40), repeat = percentage(30), spurious = percentage(30);
    const uint64_t window = 200 + random() % 2000;

    std::vector<uint8_t> written, received;
    SendStream sender(window);
    ReceiveStream receiver(window, 8 * window);
    const size_t total = 5000 + random() % 20000;

    struct Packet {
        StreamRange range;
        std::vector<uint8_t> data;
        bool fin = false;
        bool arrived = false;
    };
    std::vector<std::shared_ptr<Packet>> network, outstanding;
    uint64_t granted = 0;
    Time now = Time{} + 1s;
    bool finished = false;

    for (int step = 0; step < 400000 && !(finished && sender.complete()); step++) {
        now += 1ms;
        if (written.size() < total && chance(30)) {
            const auto head = pattern(1 + random() % 9, static_cast<uint8_t>(random()));
            const auto body = pattern(random() % 400, static_cast<uint8_t>(random()));
            sender.write(message_of(head, body));
            written.insert(written.end(), head.begin(), head.end());
            written.insert(written.end(), body.begin(), body.end());
            if (written.size() >= total) sender.finish();
        }
        const auto piece = sender.next(no_limit);
        if (piece.size > 0 && chance(60)) {
            auto packet = std::make_shared<Packet>();
            const auto size = std::min<uint64_t>(piece.size, 1 + random() % 120);
            packet->range = range(piece.offset, size);
            packet->data = copied(sender, piece.offset, static_cast<size_t>(size));
            sender.on_sent(piece, size);
            outstanding.push_back(packet);
            if (!chance(loss)) network.push_back(packet);
            if (chance(repeat)) network.push_back(packet);
        }
        if (sender.fin_due()) {
            auto packet = std::make_shared<Packet>();
            packet->fin = true;
            packet->range = range(sender.written(), 0);
            sender.on_fin_sent();
            outstanding.push_back(packet);
            if (!chance(loss)) network.push_back(packet);
        }
        if (!network.empty() && chance(60)) {
            const size_t i = random() % network.size();
            const auto packet = network[i];
            network.erase(network.begin() + static_cast<ptrdiff_t>(i));
            packet->arrived = true;
            const auto growth = packet->fin
                                    ? receiver.on_fin(packet->range.offset)
                                    : receiver.on_data(packet->range.offset, Chunk::copy_of(packet->data));
            ASSERT_TRUE(growth.ok()) << growth.error().text;
            granted += growth.value();
            ASSERT_EQ(granted, receiver.highest());
        }
        if (receiver.readable() && chance(50)) {
            auto read = receiver.read();
            for (const Chunk& chunk : read.chunks)
                received.insert(received.end(), chunk.bytes().begin(), chunk.bytes().end());
            finished = read.finished;
            receiver.consumed(now, received.size(), received.size(), finished, 20ms);
        }
        if (receiver.window_frame_due() <= now) {
            receiver.on_window_frame_sent();
            if (chance(loss))
                receiver.on_window_frame_lost();
            else
                sender.on_window(receiver.limit(), receiver.delivered());
        }
        // What becomes of an outstanding packet is learnt in any order.
        if (!outstanding.empty() && chance(60)) {
            const size_t i = random() % outstanding.size();
            const auto packet = outstanding[i];
            const bool on_its_way = std::find(network.begin(), network.end(), packet) != network.end();
            const bool believed_lost = !packet->arrived && (!on_its_way || chance(spurious));
            if (packet->arrived) {
                packet->fin ? sender.on_fin_acked() : sender.on_acked(packet->range);
            } else if (believed_lost) {
                packet->fin ? sender.on_fin_lost() : sender.on_lost(packet->range);
            }
            // One that is still on its way stays, so that its late arrival is learnt, too.
            if (packet->arrived || !on_its_way)
                outstanding.erase(outstanding.begin() + static_cast<ptrdiff_t>(i));
        }
    }
    EXPECT_TRUE(finished);
    EXPECT_TRUE(received == written);
    EXPECT_TRUE(sender.complete());
    EXPECT_LE(receiver.window(), 8 * window);
    for (int i = 0; i < 100 && receiver.window_frame_due() <= now + 1s; i++) {
        receiver.on_window_frame_sent();
        sender.on_window(receiver.limit(), receiver.delivered());
    }
    EXPECT_TRUE(sender.end_delivered());
    EXPECT_EQ(sender.delivered(), written.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamPair, ::testing::Range(1u, 61u));

}  // namespace
}  // namespace stt
