// SPDX-License-Identifier: LGPL-2.1-or-later
// Giving up what was written to a stream: both halves of it, and of two tables joined by packets that get
// lost.
#include <gtest/gtest.h>

#include <random>

#include "core/proto/receive_stream.hpp"
#include "core/proto/send_stream.hpp"
#include "core/proto/stream_table.hpp"

namespace stt {
namespace {

constexpr uint64_t no_limit = uint64_t{1} << 40;
const Time start = Time{} + 1s;

OutMessage message(size_t size, uint8_t fill = 0) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(size, fill);
    const Bytes all(*bytes);
    return {std::move(bytes), all.first(1), all.subspan(1)};
}

StreamRange range(uint64_t begin, uint64_t end) {
    return {.stream = 0, .offset = begin, .size = static_cast<uint32_t>(end - begin)};
}

// Ten messages of 100 bytes; the first `sent` bytes have left.
SendStream sender(uint64_t sent, uint64_t limit = no_limit) {
    SendStream stream(limit);
    for (int i = 0; i < 10; i++) stream.write(message(100));
    while (stream.sent() < sent) {
        const auto piece = stream.next(no_limit);
        stream.on_sent(piece, std::min(piece.size, sent - stream.sent()));
    }
    return stream;
}

TEST(SendStreamSkip, what_is_skipped_is_not_sent_again) {
    SendStream stream = sender(1000);
    EXPECT_EQ(stream.skip({200, 500}), 0u);
    EXPECT_EQ(stream.held(), 700u);
    stream.on_lost(range(0, 1000));
    auto piece = stream.next(no_limit);
    EXPECT_EQ(piece.offset, 0u);
    EXPECT_EQ(piece.size, 200u);
    stream.on_sent(piece, 200);
    piece = stream.next(no_limit);
    EXPECT_EQ(piece.offset, 500u);
    EXPECT_EQ(piece.size, 500u);
    stream.on_sent(piece, 500);
    EXPECT_EQ(stream.next(no_limit).size, 0u);
    stream.on_acked(range(0, 200));
    stream.on_acked(range(500, 1000));
    EXPECT_EQ(stream.acked(), 200u) << "nobody knows yet what the peer has";
    EXPECT_EQ(stream.on_skipped(300), std::nullopt);
    EXPECT_EQ(stream.on_skipped(500), (StreamSkip{200, 500}));
    EXPECT_EQ(stream.acked(), 1000u);
    EXPECT_EQ(stream.on_skipped(500), std::nullopt) << "told again";
    EXPECT_EQ(stream.held(), 0u);
}

TEST(SendStreamSkip, its_memory_is_let_go_at_once) {
    SendStream stream(no_limit);
    stream.write(message(100));
    OutMessage given_up = message(100);
    const std::weak_ptr<const void> owner = given_up.owner;
    stream.write(std::move(given_up));
    stream.write(message(100, 7));
    const auto piece = stream.next(no_limit);
    stream.on_sent(piece, 150);
    EXPECT_FALSE(owner.expired());
    EXPECT_EQ(stream.skip({100, 200}), 50u) << "of the session's window";
    EXPECT_TRUE(owner.expired());
    std::vector<uint8_t> out(100);
    EXPECT_EQ(stream.next(no_limit).offset, 200u);
    stream.copy(200, out);
    EXPECT_EQ(out[50], 7);
}

TEST(SendStreamSkip, what_lies_before_it_unsent_is_sent) {
    SendStream stream = sender(150);
    EXPECT_EQ(stream.skip_limit(no_limit), no_limit);
    EXPECT_EQ(stream.skip({400, 600}), 450u);
    auto piece = stream.next(0);
    EXPECT_EQ(piece.offset, 150u);
    EXPECT_EQ(piece.size, 250u);
    EXPECT_TRUE(piece.again) << "it counts against the windows already";
    stream.on_sent(piece, 250);
    EXPECT_EQ(stream.next(0).size, 0u);
    EXPECT_EQ(stream.next(no_limit).offset, 600u);
}

TEST(SendStreamSkip, reaches_as_far_as_the_windows_allow) {
    SendStream stream = sender(150, 500);
    EXPECT_EQ(stream.skip_limit(1000), 500u);
    EXPECT_EQ(stream.skip_limit(100), 250u);
    EXPECT_EQ(stream.skip_limit(0), 150u);
}

TEST(SendStreamSkip, is_told_until_it_is_answered_and_no_more_than_so_many_are_open) {
    SendStream stream(no_limit);
    for (size_t i = 0; i < 2 * SendStream::skips_max; i++) stream.write(message(10));
    for (size_t i = 0; i < SendStream::skips_max; i++) {
        EXPECT_EQ(stream.skips_left(), SendStream::skips_max - i);
        stream.skip({20 * i, 20 * i + 10});
    }
    EXPECT_EQ(stream.skips_left(), 0u);
    for (size_t i = 0; i < SendStream::skips_max; i++) {
        ASSERT_TRUE(stream.skip_due());
        stream.on_skip_sent();
    }
    EXPECT_FALSE(stream.skip_due());
    stream.on_skip_lost(30);
    ASSERT_TRUE(stream.skip_due());
    EXPECT_EQ(*stream.skip_due(), (StreamSkip{20, 30}));
    EXPECT_TRUE(stream.on_skipped(30));
    EXPECT_FALSE(stream.skip_due());
    EXPECT_EQ(stream.skips_left(), 1u);
    stream.on_all_lost();
    EXPECT_TRUE(stream.skip_due()) << "another session goes on with it";
}

// ---

uint64_t put(ReceiveStream& stream, uint64_t begin, uint64_t end) {
    std::vector<uint8_t> bytes(static_cast<size_t>(end - begin));
    for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<uint8_t>(begin + i);
    const auto growth = stream.on_data(begin, Chunk::copy_of(bytes));
    EXPECT_TRUE(growth.ok());
    return growth.ok() ? growth.value() : 0;
}

// What was read: "100 -50 20" for bytes, a cut, bytes.
std::string read(ReceiveStream& stream) {
    const ReceiveStream::Read read = stream.read();
    std::string text;
    size_t cut = 0;
    uint64_t bytes = 0;
    const auto flush = [&] {
        if (bytes > 0) text.append(std::to_string(std::exchange(bytes, 0))).append(" ");
    };
    for (size_t i = 0; i <= read.chunks.size(); i++) {
        for (; cut < read.cuts.size() && read.cuts[cut].before == i; cut++) {
            flush();
            text.append("-").append(std::to_string(read.cuts[cut].size)).append(" ");
        }
        if (i < read.chunks.size()) bytes += read.chunks[i].size();
    }
    flush();
    if (read.finished) text.append(".");
    return text;
}

void expect_passed(ReceiveStream& stream, uint64_t to, uint64_t kept) {
    ASSERT_TRUE(stream.passed_due());
    EXPECT_EQ(stream.passed_due()->to, to);
    EXPECT_EQ(stream.passed_due()->kept, kept);
    stream.on_passed_sent();
    EXPECT_FALSE(stream.passed_due());
}

TEST(ReceiveStreamSkip, passes_what_does_not_come) {
    ReceiveStream stream(1000, 1000);
    put(stream, 0, 150);
    EXPECT_EQ(stream.on_skip(100, 300).value(), 150u) << "counts like data";
    expect_passed(stream, 300, 150);
    put(stream, 160, 200);  // late
    put(stream, 300, 310);
    EXPECT_EQ(read(stream), "150 -150 10 ");
    EXPECT_EQ(stream.on_fin(310).value(), 0u);
    EXPECT_EQ(read(stream), ".");
    stream.consumed(start, 310, 310, true, 10ms);
    EXPECT_EQ(stream.delivered(), 311u);
}

TEST(ReceiveStreamSkip, has_it_all_when_it_comes_too_late) {
    ReceiveStream stream(1000, 1000);
    put(stream, 0, 400);
    ASSERT_TRUE(stream.on_skip(100, 300).ok());
    expect_passed(stream, 300, 300);
    EXPECT_EQ(read(stream), "400 ");
}

TEST(ReceiveStreamSkip, waits_for_what_comes_before_and_drops_what_is_within) {
    ReceiveStream stream(1000, 1000);
    put(stream, 90, 120);
    auto owner = std::make_shared<std::vector<uint8_t>>(50);
    ASSERT_TRUE(stream.on_data(150, Chunk(owner, *owner)).ok());
    put(stream, 290, 320);
    EXPECT_EQ(owner.use_count(), 2);
    ASSERT_TRUE(stream.on_skip(100, 300).ok());
    EXPECT_EQ(owner.use_count(), 1) << "its memory is free";
    EXPECT_FALSE(stream.passed_due());
    put(stream, 110, 200);  // ignored
    EXPECT_FALSE(stream.readable());
    put(stream, 0, 95);
    expect_passed(stream, 300, 100);
    EXPECT_EQ(read(stream), "100 -200 20 ");
}

TEST(ReceiveStreamSkip, several_in_any_order_and_again) {
    ReceiveStream stream(1000, 1000);
    ASSERT_TRUE(stream.on_skip(300, 400).ok());
    ASSERT_TRUE(stream.on_skip(100, 200).ok());
    ASSERT_TRUE(stream.on_skip(300, 400).ok()) << "told again";
    ASSERT_TRUE(stream.on_skip(200, 300).ok());
    put(stream, 0, 100);
    EXPECT_EQ(read(stream), "100 -300 ") << "one hole";
    for (const uint64_t to : {200, 300, 400}) {
        ASSERT_TRUE(stream.passed_due());
        EXPECT_EQ(stream.passed_due()->to, to);
        stream.on_passed_sent();
    }
    ASSERT_TRUE(stream.on_skip(100, 200).ok()) << "told again, too late";
    EXPECT_FALSE(stream.passed_due()) << "the answer is on its way";
    stream.on_passed_lost(300);
    stream.on_passed_acked(200);
    expect_passed(stream, 300, 200);
    stream.on_all_lost();
    ASSERT_TRUE(stream.passed_due());
}

TEST(ReceiveStreamSkip, nonsense_is_refused) {
    {
        ReceiveStream stream(1000, 1000);
        EXPECT_EQ(stream.on_skip(0, 1001).error().code, ErrorCode::flow_control_violation);
        EXPECT_EQ(stream.on_skip(0, varint_max).error().code, ErrorCode::flow_control_violation);
    }
    {
        ReceiveStream stream(1000, 1000);
        ASSERT_TRUE(stream.on_fin(500).ok());
        EXPECT_EQ(stream.on_skip(400, 501).error().code, ErrorCode::invalid_frame);
    }
    for (const auto& [from, to] : {std::pair{50, 101}, {199, 300}, {120, 130}, {50, 300}, {100, 199}}) {
        ReceiveStream ahead(1000, 1000), behind(1000, 1000);
        ASSERT_TRUE(ahead.on_skip(100, 200).ok());
        EXPECT_EQ(ahead.on_skip(from, to).error().code, ErrorCode::invalid_frame) << from << " " << to;
        put(behind, 0, 100);
        ASSERT_TRUE(behind.on_skip(100, 200).ok());
        EXPECT_EQ(behind.on_skip(from, to).error().code, ErrorCode::invalid_frame) << from << " " << to;
    }
}

TEST(ReceiveStreamSkip, remembers_so_many) {
    for (const uint64_t first : {uint64_t{0}, uint64_t{1}}) {  // passed at once; waiting for the byte before
        ReceiveStream stream(1 << 20, 1 << 20);
        size_t taken = 0;
        while (taken < 10'000 && stream.on_skip(first + 2 * taken, first + 2 * taken + 2).ok()) taken++;
        EXPECT_EQ(taken, ReceiveStream::skips_max);
    }
    ReceiveStream stream(1 << 20, 1 << 20);
    for (uint64_t i = 0; i < 10'000; i++) {
        ASSERT_TRUE(stream.on_skip(2 * i, 2 * i + 2).ok());
        stream.on_passed_sent();
        stream.on_passed_acked(2 * i + 2);
    }
    EXPECT_EQ(read(stream), "-20000 ");
}

// Two tables, and frames between them that are lost or late; whatever is skipped when, the bytes that arrive
// are those that were sent, and every message was kept or given up.
TEST(StreamTableSkip, adds_up_whatever_gets_lost) {
    for (uint32_t seed = 0; seed < 300; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
        const uint64_t window = 2000 + below(10'000);
        StreamTable ours(true, window, 10), theirs(false, window, 10);
        ours.start(theirs.initial_limits());
        theirs.start(ours.initial_limits());
        const StreamId id = ours.open({}, 0, std::nullopt).value();

        struct Packet {
            std::vector<uint8_t> bytes;
            SentFrames frames;
            bool from_us;
        };
        std::vector<Packet> under_way;
        std::vector<uint64_t> ends{0};  // of messages
        uint64_t skip_from = 0, received = 0, cut = 0, kept = 0, given_up = 0;
        std::vector<uint8_t> got;
        bool finished = false, delivered = false;  // the end, there and as we know it
        const auto handle = [&](Packet& packet) {
            StreamTable& to = packet.from_us ? theirs : ours;
            FrameReader in(packet.bytes);
            Frame frame;
            while (in.next(frame)) {
                Status status = success();
                if (const auto* f = std::get_if<StreamOpenFrame>(&frame)) status = to.on_open(*f);
                if (const auto* f = std::get_if<DataFrame>(&frame))
                    status = to.on_data(f->stream, f->offset, Chunk::copy_of(f->data));
                if (const auto* f = std::get_if<StreamFinFrame>(&frame)) status = to.on_fin(*f);
                if (const auto* f = std::get_if<SessionWindowFrame>(&frame)) to.on_session_window(*f);
                if (const auto* f = std::get_if<StreamWindowFrame>(&frame)) status = to.on_stream_window(*f);
                if (const auto* f = std::get_if<StreamSkipFrame>(&frame)) status = to.on_skip(*f);
                if (const auto* f = std::get_if<StreamSkippedFrame>(&frame)) status = to.on_skipped(*f);
                ASSERT_TRUE(status.ok()) << status.error().text;
            }
            ASSERT_FALSE(in.error());
        };
        Time now = start;
        const auto step = [&](bool clean) {
            now += 60ms;
            for (const bool from_us : {true, false}) {
                StreamTable& from = from_us ? ours : theirs;
                for (int i = 0; i < 4 && from.pending(now); i++) {
                    Packet packet{std::vector<uint8_t>(300), {}, from_us};
                    ByteWriter out(packet.bytes);
                    from.fill_control(now, out, packet.frames);
                    from.fill_data(out, packet.frames);
                    packet.bytes.resize(out.size());
                    under_way.push_back(std::move(packet));
                }
            }
            std::shuffle(under_way.begin(), under_way.end(), random);
            const size_t left = clean ? 0 : under_way.size() / 2;
            while (under_way.size() > left) {
                Packet packet = std::move(under_way.back());
                under_way.pop_back();
                StreamTable& from = packet.from_us ? ours : theirs;
                if (!clean && below(4) == 0) {
                    from.on_lost(packet.frames);
                    if (below(4)) continue;  // else it was not
                    handle(packet);
                    continue;
                }
                handle(packet);
                from.on_acked(packet.frames);
            }
            auto data = theirs.read(id);
            size_t next_cut = 0;
            for (size_t i = 0; i <= data.chunks.size(); i++) {
                for (; next_cut < data.cuts.size() && data.cuts[next_cut].before == i; next_cut++) {
                    cut += data.cuts[next_cut].size;
                    got.resize(got.size() + data.cuts[next_cut].size);
                }
                if (i == data.chunks.size()) break;
                const Bytes bytes = data.chunks[i].bytes();
                for (size_t j = 0; j < bytes.size(); j++)
                    ASSERT_EQ(bytes[j], static_cast<uint8_t>((got.size() + j) * 31));
                received += bytes.size();
                got.resize(got.size() + bytes.size());
            }
            finished = finished || data.finished;
            theirs.consumed(now, id, got.size(), got.size(), finished, 10ms);
            std::vector<StreamNews> news;
            ours.take_news(news);
            for (const StreamNews& item : news) {
                if (const auto* progress = std::get_if<event::StreamProgress>(&item))
                    delivered = progress->finished;
                const auto* skipped = std::get_if<event::StreamSkipped>(&item);
                if (!skipped) continue;
                ASSERT_LE(skipped->kept, skipped->to);
                kept += skipped->kept - skipped->from;
                given_up += skipped->to - skipped->kept;
            }
            news.clear();
            theirs.take_news(news);
        };
        uint64_t skipped = 0;
        for (int i = 0; i < 300; i++) {
            if (below(3) && ends.back() < 100'000) {
                const size_t size = 1 + below(900);
                auto bytes = std::make_shared<std::vector<uint8_t>>(size);
                for (size_t j = 0; j < size; j++) (*bytes)[j] = static_cast<uint8_t>((ends.back() + j) * 31);
                const Bytes all(*bytes);
                ASSERT_TRUE(ours.write(id, {std::move(bytes), all.first(1), all.subspan(1)}));
                ends.push_back(ends.back() + size);
            }
            if (below(6) == 0 && ours.skips_left(id) > 0) {
                const uint64_t limit = ours.skip_limit(id);
                const uint64_t acked = ends.back() - ours.unacknowledged(id);
                const auto from = std::lower_bound(ends.begin(), ends.end(), std::max(skip_from, acked));
                auto to = from == ends.end() ? from : from + 1 + below(3);
                if (from != ends.end() && to < ends.end() && *to <= limit) {
                    ours.skip(id, {*from, *to});
                    skipped += *to - *from;
                    skip_from = *to;
                }
            }
            step(false);
            if (HasFatalFailure()) return;
            if (below(50)) continue;
            // Other sessions go on with the streams.
            under_way.clear();
            ours.resume(theirs.initial_limits());
            theirs.resume(ours.initial_limits());
        }
        ours.finish(id);
        for (int i = 0; i < 400 && !(delivered && ours.unacknowledged(id) == 0); i++) step(true);
        EXPECT_EQ(ours.unacknowledged(id), 0u);
        EXPECT_TRUE(finished);
        EXPECT_EQ(received + cut, ends.back());
        EXPECT_EQ(cut, given_up);
        EXPECT_EQ(kept + given_up, skipped);
    }
}

}  // namespace
}  // namespace stt
