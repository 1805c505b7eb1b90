// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/stream_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

namespace stt {
namespace {

constexpr uint64_t window_max = 1 << 20, max_streams = 4;
constexpr Duration rtt = 20ms;
constexpr size_t packet_room = 1150;

/// One packet's frames on their way, and what their sender remembers of it.
struct Packet {
    std::vector<uint8_t> bytes;
    SentFrames sent;
};

/// A table together with what its application saw.
struct Side {
    Side(bool caller, uint64_t streams = max_streams) : table(caller, window_max, streams) {}

    StreamTable table;
    std::vector<StreamNews> news;
    std::map<StreamId, std::vector<uint8_t>> received;
    std::map<StreamId, bool> finished;

    std::optional<Packet> next_packet(Time now) {
        std::vector<uint8_t> body(packet_room);
        ByteWriter out(body);
        Packet packet;
        table.fill_control(now, out, packet.sent);
        table.fill_data(out, packet.sent);
        if (out.size() == 0) return std::nullopt;
        packet.bytes.assign(body.begin(), body.begin() + static_cast<ptrdiff_t>(out.size()));
        return packet;
    }

    Status receive(const Packet& packet) {
        FrameReader reader(packet.bytes);
        Frame frame;
        Status status = success();
        while (status.ok() && reader.next(frame)) {
            if (const auto* f = std::get_if<StreamOpenFrame>(&frame)) status = table.on_open(*f);
            if (const auto* f = std::get_if<DataFrame>(&frame))
                status = table.on_data(f->stream, f->offset, Chunk::copy_of(f->data));
            if (const auto* f = std::get_if<StreamFinFrame>(&frame)) status = table.on_fin(*f);
            if (const auto* f = std::get_if<StreamCloseFrame>(&frame)) status = table.on_close(*f);
            if (const auto* f = std::get_if<SessionWindowFrame>(&frame)) table.on_session_window(*f);
            if (const auto* f = std::get_if<StreamWindowFrame>(&frame)) status = table.on_stream_window(*f);
        }
        EXPECT_EQ(reader.error(), nullptr);
        return status;
    }

    void gather_news() { table.take_news(news); }

    /// Takes and passes on everything there is.
    void consume(Time now, StreamId id) {
        const auto read = table.read(id);
        auto& bytes = received[id];
        for (const Chunk& chunk : read.chunks)
            bytes.insert(bytes.end(), chunk.bytes().begin(), chunk.bytes().end());
        if (read.finished) finished[id] = true;
        table.consumed(now, id, bytes.size(), bytes.size(), finished[id], rtt);
    }

    template <class T>
    size_t count(StreamId id) const {
        size_t n = 0;
        for (const StreamNews& item : news)
            if (const T* what = std::get_if<T>(&item); what && what->stream == id) n++;
        return n;
    }
    template <class T>
    const T* last(StreamId id) const {
        const T* found = nullptr;
        for (const StreamNews& item : news)
            if (const T* what = std::get_if<T>(&item); what && what->stream == id) found = what;
        return found;
    }
};

OutMessage message(size_t size, uint8_t fill = 7) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(size, fill);
    const Bytes view(*bytes);
    return {std::move(bytes), view, {}};
}

struct StreamTableTest : ::testing::Test {
    Side caller{true}, listener{false};
    Time now = Time{} + 1s;

    StreamTableTest() {
        caller.table.start(listener.table.initial_limits());
        listener.table.start(caller.table.initial_limits());
    }

    StreamId open(Side& side, uint8_t priority = 0) {
        const auto id = side.table.open({1, 2, 3}, priority, std::nullopt);
        EXPECT_TRUE(id.ok());
        return id.value();
    }

    /// Carries packets both ways, acknowledges them and lets both applications consume, until it is quiet.
    void settle(bool consume = true) {
        for (int round = 0; round < 3000; round++) {
            now += 5ms;
            bool quiet = true;
            for (auto [from, to] : {std::pair{&caller, &listener}, std::pair{&listener, &caller}}) {
                while (auto packet = from->next_packet(now)) {
                    quiet = false;
                    const Status status = to->receive(*packet);
                    ASSERT_TRUE(status.ok()) << status.error().text;
                    from->table.on_acked(packet->sent);
                }
                from->gather_news();
                to->gather_news();
                if (!consume) continue;
                for (const StreamNews& item : std::vector(to->news))
                    if (const auto* readable = std::get_if<event::StreamReadable>(&item))
                        to->consume(now, readable->stream);
            }
            if (quiet && caller.table.next_timeout() == time_never &&
                listener.table.next_timeout() == time_never)
                return;
        }
        FAIL() << "never quiet";
    }
};

TEST_F(StreamTableTest, a_control_frame_that_does_not_fit_does_not_hold_back_others) {
    const StreamId large =
        caller.table.open(std::vector<uint8_t>(stream_header_max), 0, std::nullopt).value();
    const StreamId small = open(caller);
    const auto opened = [&](size_t room) {
        std::vector<uint8_t> body(room);
        ByteWriter out(body);
        SentFrames sent;
        caller.table.fill_control(now, out, sent);
        std::vector<StreamId> ids;
        for (const ControlRecord& record : sent.control()) ids.push_back(record.stream);
        return ids;
    };
    EXPECT_EQ(opened(500), std::vector<StreamId>{small});
    EXPECT_EQ(opened(packet_room), std::vector<StreamId>{large});
    EXPECT_FALSE(caller.table.control_pending(now));
}

TEST_F(StreamTableTest, ids_are_even_for_the_caller_and_odd_for_the_listener) {
    EXPECT_EQ(open(caller), 0u);
    EXPECT_EQ(open(caller), 2u);
    EXPECT_EQ(open(listener), 1u);
    EXPECT_EQ(open(listener), 3u);
}

TEST_F(StreamTableTest, an_id_that_was_chosen_is_passed_over) {
    EXPECT_EQ(caller.table.open({}, 0, StreamId{2}).value(), 2u);
    EXPECT_EQ(open(caller), 0u);
    EXPECT_EQ(open(caller), 4u);
}

TEST_F(StreamTableTest, a_wanted_id_must_be_ours_and_free) {
    EXPECT_EQ(caller.table.open({}, 0, StreamId{6}).value(), 6u);
    const auto taken = caller.table.open({}, 0, StreamId{6});
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().code, ErrorCode::stream_id_conflict);
    const auto theirs = caller.table.open({}, 0, StreamId{7});
    ASSERT_FALSE(theirs.ok());
    EXPECT_EQ(theirs.error().code, ErrorCode::stream_id_conflict);
}

TEST_F(StreamTableTest, opens_no_more_streams_than_the_peer_allows) {
    for (uint64_t i = 0; i < max_streams; i++) open(caller);
    const auto one_more = caller.table.open({}, 0, std::nullopt);
    ASSERT_FALSE(one_more.ok());
    EXPECT_EQ(one_more.error().code, ErrorCode::too_many_streams);
}

TEST_F(StreamTableTest, carries_a_stream_there_and_back_and_forgets_it) {
    const StreamId id = open(caller, 5);
    EXPECT_TRUE(caller.table.write(id, message(300000, 1)));
    EXPECT_TRUE(caller.table.finish(id));
    EXPECT_FALSE(caller.table.write(id, message(1)));
    settle();
    const auto* opened = listener.last<event::StreamOpened>(id);
    ASSERT_NE(opened, nullptr);
    EXPECT_EQ(opened->priority, 5);
    EXPECT_EQ(opened->header, (std::vector<uint8_t>{1, 2, 3}));
    EXPECT_EQ(listener.received[id], std::vector<uint8_t>(300000, 1));
    EXPECT_TRUE(listener.finished[id]);
    const auto* progress = caller.last<event::StreamProgress>(id);
    ASSERT_NE(progress, nullptr);
    EXPECT_EQ(progress->delivered, 300000u);
    EXPECT_TRUE(progress->finished);
    EXPECT_EQ(caller.table.unacknowledged(id), 0u);
    EXPECT_TRUE(caller.table.any()) << "the way back is still open";

    EXPECT_TRUE(listener.table.write(id, message(100, 2)));
    EXPECT_TRUE(listener.table.finish(id));
    settle();
    EXPECT_EQ(caller.received[id], std::vector<uint8_t>(100, 2));
    EXPECT_TRUE(caller.finished[id]);
    EXPECT_FALSE(caller.table.any());
    EXPECT_FALSE(listener.table.any());
}

TEST_F(StreamTableTest, a_frame_that_does_not_fit_the_delivery_report_keeps_no_shorter_one_out) {
    // Their frames have 11 and 8 bytes: type, length, stream, a limit of 4 bytes, and what was delivered.
    const StreamId longer = open(caller), shorter = open(caller);
    EXPECT_TRUE(caller.table.write(longer, message(100000)));
    EXPECT_TRUE(caller.table.write(shorter, message(10)));
    settle();
    constexpr size_t session_close_max = 1 + 2 + 1 + 2 + 1 + frame_text_max;
    const auto reported = [&](size_t room) {
        std::vector<uint8_t> body(session_close_max + room);
        ByteWriter out(body);
        listener.table.fill_account(out);
        EXPECT_GE(out.remaining(), session_close_max) << "SESSION_CLOSE has its space";
        std::vector<StreamId> streams;
        FrameReader reader(out.written());
        for (Frame frame; reader.next(frame);) streams.push_back(std::get<StreamWindowFrame>(frame).stream);
        return streams;
    };
    EXPECT_EQ(reported(7), std::vector<StreamId>{});
    EXPECT_EQ(reported(8), std::vector{shorter});
    EXPECT_EQ(reported(18), std::vector{longer});
    EXPECT_EQ(reported(19), (std::vector{longer, shorter}));
}

TEST_F(StreamTableTest, late_frames_of_a_stream_that_is_gone_change_nothing) {
    const StreamId id = open(caller);
    caller.table.write(id, message(100));
    const Packet first = *caller.next_packet(now);
    ASSERT_TRUE(listener.receive(first).ok());
    caller.table.on_acked(first.sent);
    caller.table.finish(id);
    settle();
    listener.table.finish(id);
    settle();
    ASSERT_FALSE(listener.table.any());
    ASSERT_TRUE(listener.receive(first).ok());
    caller.table.on_lost(first.sent);
    settle();
    EXPECT_FALSE(listener.table.any());
    EXPECT_EQ(listener.count<event::StreamOpened>(id), 1u);
    EXPECT_FALSE(caller.table.open({}, 0, id).ok()) << "an id is used once";
}

TEST_F(StreamTableTest, data_may_come_before_its_stream_open) {
    const StreamId id = open(caller);
    const Packet opening = *caller.next_packet(now);
    caller.table.write(id, message(100));
    const Packet data = *caller.next_packet(now);
    ASSERT_TRUE(listener.receive(data).ok());
    listener.gather_news();
    EXPECT_TRUE(listener.news.empty()) << "nothing is told before the header is there";
    ASSERT_TRUE(listener.receive(opening).ok());
    listener.gather_news();
    ASSERT_EQ(listener.news.size(), 2u);
    EXPECT_TRUE(std::holds_alternative<event::StreamOpened>(listener.news[0]));
    EXPECT_TRUE(std::holds_alternative<event::StreamReadable>(listener.news[1]));
}

TEST_F(StreamTableTest, nothing_is_written_to_a_stream_that_has_not_been_reported) {
    const StreamId id = open(caller);
    const Packet opening = *caller.next_packet(now);
    caller.table.write(id, message(100));
    ASSERT_TRUE(listener.receive(*caller.next_packet(now)).ok());
    EXPECT_FALSE(listener.table.write(id, message(1)));
    EXPECT_FALSE(listener.table.finish(id));
    ASSERT_TRUE(listener.receive(opening).ok());
    EXPECT_TRUE(listener.table.write(id, message(1)));
    EXPECT_TRUE(listener.table.finish(id));
}

/// The control frames of many streams fill several packets, each with as many as fit.
TEST(StreamTable, many_streams_are_opened_by_few_packets) {
    constexpr size_t streams = 500, header = 50;
    Side caller(true, streams), listener(false, streams);
    caller.table.start(listener.table.initial_limits());
    listener.table.start(caller.table.initial_limits());
    for (size_t i = 0; i < streams; i++)
        ASSERT_TRUE(caller.table.open(std::vector<uint8_t>(header), 0, std::nullopt).ok());
    const Time now = Time{} + 1s;
    size_t packets = 0;
    for (; caller.table.control_pending(now); packets++) {
        const auto packet = caller.next_packet(now);
        ASSERT_TRUE(packet);
        ASSERT_TRUE(listener.receive(*packet).ok());
    }
    EXPECT_LE(packets, streams / (packet_room / (header + 8)) + 1);
    listener.gather_news();
    EXPECT_EQ(listener.news.size(), streams);
}

TEST_F(StreamTableTest, a_stream_open_that_is_ours_to_send_ends_the_session) {
    const Status status = caller.table.on_open({.stream = 2, .priority = 0, .header = {}});
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::stream_id_conflict);
}

TEST_F(StreamTableTest, a_window_for_a_stream_never_opened_ends_the_session) {
    EXPECT_FALSE(caller.table.on_stream_window({.stream = 2, .limit = 1, .delivered = 0}).ok());
    EXPECT_TRUE(caller.table.on_stream_window({.stream = 3, .limit = 1, .delivered = 0}).ok());
}

/// A caller that believes it may open many streams meets a listener that allows two.
struct RefusedStream : StreamTableTest {
    RefusedStream() : strict(false, 2) {
        strict.table.start(caller.table.initial_limits());
        for (int i = 0; i < 3; i++) caller.table.write(open(caller), message(100));
    }
    Side strict;
};

TEST_F(RefusedStream, is_closed_and_its_peer_told_why) {
    const Packet packet = *caller.next_packet(now);
    ASSERT_TRUE(strict.receive(packet).ok());
    strict.gather_news();
    EXPECT_EQ(strict.count<event::StreamOpened>(2), 1u);
    EXPECT_EQ(strict.count<event::StreamOpened>(4), 0u);
    ASSERT_TRUE(caller.receive(*strict.next_packet(now)).ok());
    caller.gather_news();
    const auto* closed = caller.last<event::StreamClosed>(4);
    ASSERT_NE(closed, nullptr);
    EXPECT_EQ(closed->error.code, ErrorCode::too_many_streams);
    EXPECT_EQ(caller.count<event::StreamClosed>(2), 0u);
}

TEST_F(RefusedStream, is_told_to_the_application_once) {
    caller.table.write(open(caller), message(100));
    ASSERT_TRUE(strict.receive(*caller.next_packet(now)).ok());
    std::vector<StreamNews> news;
    strict.table.take_news(news);
    std::vector<Error> noted;
    for (const StreamNews& item : news)
        if (const auto* error = std::get_if<event::ErrorNoted>(&item)) noted.push_back(error->error);
    ASSERT_EQ(noted.size(), 1u);
    EXPECT_EQ(noted[0].code, ErrorCode::too_many_streams);
    EXPECT_EQ(noted[0].reason, Reason::max_streams);
    EXPECT_EQ(noted[0].origin, ErrorOrigin::local);
}

TEST_F(RefusedStream, is_told_again_when_the_refusal_is_lost) {
    ASSERT_TRUE(strict.receive(*caller.next_packet(now)).ok());
    const Packet lost = *strict.next_packet(now);
    strict.table.on_lost(lost.sent);
    const auto again = strict.next_packet(now);
    ASSERT_TRUE(again);
    ASSERT_TRUE(caller.receive(*again).ok());
    caller.gather_news();
    EXPECT_EQ(caller.count<event::StreamClosed>(4), 1u);
}

TEST_F(StreamTableTest, reset_by_the_sender_is_reported_and_forgotten_by_both) {
    const StreamId id = open(caller);
    caller.table.write(id, message(5000));
    settle(false);
    caller.table.reset(id,
                       {.code = ErrorCode::timeout, .sub_code = 3, .reason = Reason::none, .text = "late"});
    EXPECT_FALSE(caller.table.write(id, message(1)));
    settle(false);
    const auto* closed = listener.last<event::StreamClosed>(id);
    ASSERT_NE(closed, nullptr);
    EXPECT_EQ(closed->error.code, ErrorCode::timeout);
    EXPECT_EQ(closed->error.sub_code, 3);
    EXPECT_EQ(closed->error.text, "late");
    EXPECT_EQ(closed->error.origin, ErrorOrigin::peer);
    EXPECT_FALSE(caller.table.any());
    EXPECT_FALSE(listener.table.any());
}

TEST_F(StreamTableTest, reset_by_the_receiver_is_reported_and_forgotten_by_both) {
    const StreamId id = open(caller);
    caller.table.write(id, message(5000));
    settle(false);
    listener.table.reset(id, {.code = ErrorCode::stream_closed, .reason = Reason::none, .text = {}});
    settle(false);
    EXPECT_EQ(caller.count<event::StreamClosed>(id), 1u);
    EXPECT_EQ(listener.count<event::StreamClosed>(id), 0u) << "who resets knows";
    EXPECT_FALSE(caller.table.any());
    EXPECT_FALSE(listener.table.any());
}

TEST_F(StreamTableTest, resets_that_cross_end_the_stream) {
    const StreamId id = open(caller);
    caller.table.write(id, message(5000));
    settle(false);
    caller.table.reset(id, {});
    listener.table.reset(id, {});
    settle(false);
    EXPECT_FALSE(caller.table.any());
    EXPECT_FALSE(listener.table.any());
}

TEST_F(StreamTableTest, a_reset_of_a_stream_not_yet_seen_leaves_nothing_behind) {
    const StreamId id = open(caller);
    caller.table.write(id, message(100));
    const Packet opening = *caller.next_packet(now);
    caller.table.reset(id, {});
    settle(false);
    ASSERT_TRUE(listener.receive(opening).ok());
    settle(false);
    EXPECT_EQ(listener.count<event::StreamOpened>(id), 0u);
    EXPECT_FALSE(listener.table.any());
    EXPECT_FALSE(caller.table.any());
}

/// However often streams are reset with bytes lost or unread, the session's window comes back: otherwise
/// they would wear it down until nothing more may be sent.
TEST_F(StreamTableTest, resets_do_not_wear_down_the_session_window) {
    std::mt19937 random(11);
    for (int i = 0; i < 60; i++) {
        const StreamId id = open(caller);
        caller.table.write(id, message(100000));
        for (int n = 0; n < 60; n++) {
            const auto packet = caller.next_packet(now);
            if (!packet) break;
            if (random() % 2) {
                caller.table.on_lost(packet->sent);
                continue;
            }
            ASSERT_TRUE(listener.receive(*packet).ok());
            caller.table.on_acked(packet->sent);
        }
        (random() % 2 ? caller : listener).table.reset(id, {});
        settle(false);
        ASSERT_FALSE(caller.table.any());
        ASSERT_FALSE(listener.table.any());
    }
    const StreamId last = open(caller);
    caller.table.write(last, message(300000));
    settle();
    EXPECT_EQ(listener.received[last].size(), 300000u);
}

TEST_F(StreamTableTest, a_peer_that_ignores_the_session_window_ends_the_session) {
    const uint64_t window = listener.table.initial_limits().stream_window;
    const std::vector<uint8_t> byte(1);
    Status status = success();
    for (StreamId id = 0; id < 6 && status.ok(); id += 2)
        status = listener.table.on_data(id, window - 1, Chunk::copy_of(byte));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::flow_control_violation);
}

TEST_F(StreamTableTest, a_receiver_that_does_not_read_stops_the_sender_at_the_window) {
    const StreamId id = open(caller);
    caller.table.write(id, message(2000000));
    settle(false);
    EXPECT_FALSE(caller.table.data_pending());
    EXPECT_EQ(caller.table.unacknowledged(id), 2000000 - window_initial);
    listener.consume(now, id);
    settle();
    EXPECT_EQ(listener.received[id].size(), 2000000u);
}

TEST_F(StreamTableTest, streams_of_equal_priority_share_alike) {
    std::map<StreamId, size_t> bytes;
    for (int i = 0; i < 3; i++) caller.table.write(open(caller), message(200000));
    for (int i = 0; i < 90; i++) {
        const auto packet = caller.next_packet(now);
        ASSERT_TRUE(packet);
        packet->sent.for_each_range([&](const StreamRange& range) { bytes[range.stream] += range.size; });
    }
    ASSERT_EQ(bytes.size(), 3u);
    EXPECT_NEAR(static_cast<double>(bytes[0]), static_cast<double>(bytes[2]), 2 * packet_room);
    EXPECT_NEAR(static_cast<double>(bytes[2]), static_cast<double>(bytes[4]), 2 * packet_room);
}

/// A stream of higher priority that sends a little now and then must not give its interruptions to the same
/// stream each time.
TEST_F(StreamTableTest, streams_of_equal_priority_share_alike_however_often_another_goes_first) {
    std::map<StreamId, size_t> bytes;
    const std::array low{open(caller, 1), open(caller, 1), open(caller, 1)};
    for (const StreamId id : low) caller.table.write(id, message(200000));
    const StreamId high = open(caller, 9);
    for (int i = 0; i < 90; i++) {
        caller.table.write(high, message(100));
        const auto packet = caller.next_packet(now);
        ASSERT_TRUE(packet);
        packet->sent.for_each_range([&](const StreamRange& range) { bytes[range.stream] += range.size; });
    }
    EXPECT_EQ(bytes[high], 9000u);
    for (const StreamId id : low)
        EXPECT_NEAR(static_cast<double>(bytes[id]), 30.0 * (packet_room - 100), 2 * packet_room) << id;
}

TEST_F(StreamTableTest, a_stream_of_higher_priority_goes_first) {
    const StreamId low = open(caller, 1), high = open(caller, 9);
    caller.table.write(low, message(50000));
    caller.table.write(high, message(50000));
    size_t high_bytes = 0;
    while (high_bytes < 50000) {
        const auto packet = caller.next_packet(now);
        ASSERT_TRUE(packet);
        packet->sent.for_each_range([&](const StreamRange& range) {
            if (range.stream == high) high_bytes += range.size;
            if (range.stream == low) {
                EXPECT_EQ(high_bytes, 50000u);
            }
        });
    }
}

TEST_F(StreamTableTest, window_frames_are_repeated_when_lost) {
    const StreamId id = open(caller);
    caller.table.write(id, message(2000000));
    settle(false);
    listener.consume(now, id);
    const Packet lost = *listener.next_packet(now);
    EXPECT_FALSE(listener.next_packet(now));
    listener.table.on_lost(lost.sent);
    const auto again = listener.next_packet(now);
    ASSERT_TRUE(again);
    ASSERT_TRUE(caller.receive(*again).ok());
    EXPECT_TRUE(caller.table.data_pending());
}

/// Many streams both ways over packets lost, repeated and reordered: everything arrives, nothing stays.
class StreamTableWeather : public ::testing::TestWithParam<unsigned> {};

TEST_P(StreamTableWeather, everything_arrives_and_nothing_is_left_over) {
    std::mt19937 random(GetParam());
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    Side sides[2]{Side(true), Side(false)};
    sides[0].table.start(sides[1].table.initial_limits());
    sides[1].table.start(sides[0].table.initial_limits());
    struct Flight {
        Packet packet;
        bool arrived = false, gone = false;
    };
    std::vector<std::shared_ptr<Flight>> flights[2];
    std::map<StreamId, std::vector<uint8_t>> written[2];
    size_t opened[2] = {0, 0};
    Time now = Time{} + 1s;
    constexpr size_t streams_each = 12;

    bool done = false;
    for (int step = 0; step < 100000 && !done; step++) {
        now += 2ms;
        for (int i = 0; i < 2; i++) {
            Side &side = sides[i], &other = sides[1 - i];
            if (opened[i] < streams_each && chance(10)) {
                if (const auto id = side.table.open({9}, static_cast<uint8_t>(random() % 3), std::nullopt);
                    id.ok()) {
                    opened[i]++;
                    const auto fill = static_cast<uint8_t>(random());
                    const size_t size = random() % 30000;
                    side.table.write(id.value(), message(size, fill));
                    side.table.finish(id.value());
                    written[i][id.value()].assign(size, fill);
                }
            }
            if (chance(70))
                if (auto packet = side.next_packet(now))
                    flights[i].push_back(std::make_shared<Flight>(Flight{std::move(*packet)}));
            if (!flights[i].empty() && chance(70)) {
                const size_t at = random() % std::min<size_t>(flights[i].size(), 8);
                const auto flight = flights[i][at];
                if (!flight->gone && chance(80)) {
                    const Status status = other.receive(flight->packet);
                    ASSERT_TRUE(status.ok()) << status.error().text;
                    flight->arrived = true;
                }
                flight->gone = true;
                // The fate is learnt; sometimes wrongly first.
                if (flight->arrived && chance(80)) {
                    side.table.on_acked(flight->packet.sent);
                    flights[i].erase(flights[i].begin() + static_cast<ptrdiff_t>(at));
                } else {
                    side.table.on_lost(flight->packet.sent);
                    if (!flight->arrived) flights[i].erase(flights[i].begin() + static_cast<ptrdiff_t>(at));
                }
            }
            side.gather_news();
            for (const StreamNews& item : std::exchange(side.news, {})) {
                if (const auto* event = std::get_if<event::StreamOpened>(&item)) {
                    EXPECT_EQ(event->header, (std::vector<uint8_t>{9}));
                    EXPECT_TRUE(side.table.finish(event->stream));  // nothing to say on the way back
                }
                if (const auto* event = std::get_if<event::StreamReadable>(&item))
                    side.consume(now, event->stream);
            }
        }
        done = opened[0] == streams_each && opened[1] == streams_each && !sides[0].table.any() &&
               !sides[1].table.any();
    }
    EXPECT_TRUE(done);
    for (int i = 0; i < 2; i++)
        for (const auto& [id, bytes] : written[i]) {
            EXPECT_TRUE(sides[1 - i].received[id] == bytes) << "stream " << id;
            EXPECT_TRUE(sides[1 - i].finished[id]) << "stream " << id;
        }
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamTableWeather, ::testing::Range(1u, 31u));

}  // namespace
}  // namespace stt
