// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/receive_stream.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stt {
namespace {

constexpr uint64_t window = 1000, window_max = 16000;
constexpr Duration rtt = 10ms;
const Time start = Time{} + 1s;

/// Byte `i` of every stream in these tests.
uint8_t byte_at(uint64_t i) { return static_cast<uint8_t>(i * 31 + i / 256); }

Chunk chunk(uint64_t offset, size_t size) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; i++) bytes[i] = byte_at(offset + i);
    return Chunk::copy_of(bytes);
}

std::vector<uint8_t> joined(const ReceiveStream::Read& read) {
    std::vector<uint8_t> bytes;
    for (const Chunk& part : read.chunks) bytes.insert(bytes.end(), part.bytes().begin(), part.bytes().end());
    return bytes;
}

void expect_bytes(const std::vector<uint8_t>& bytes, uint64_t from) {
    for (size_t i = 0; i < bytes.size(); i++) ASSERT_EQ(bytes[i], byte_at(from + i)) << "at " << from + i;
}

uint64_t put(ReceiveStream& stream, uint64_t offset, size_t size) {
    const auto growth = stream.on_data(offset, chunk(offset, size));
    EXPECT_TRUE(growth.ok());
    return growth.ok() ? growth.value() : 0;
}

TEST(ReceiveStream, hands_over_in_order_and_reports_growth) {
    ReceiveStream stream(window, window_max);
    EXPECT_FALSE(stream.readable());
    EXPECT_EQ(put(stream, 0, 100), 100u);
    EXPECT_EQ(put(stream, 200, 100), 200u);
    EXPECT_EQ(put(stream, 100, 50), 0u);
    EXPECT_EQ(stream.highest(), 300u);
    auto bytes = joined(stream.read());
    EXPECT_EQ(bytes.size(), 150u);
    expect_bytes(bytes, 0);
    EXPECT_FALSE(stream.readable());
    EXPECT_EQ(put(stream, 140, 100), 0u);
    bytes = joined(stream.read());
    EXPECT_EQ(bytes.size(), 150u);
    expect_bytes(bytes, 150);
}

TEST(ReceiveStream, shares_the_chunk_it_was_given) {
    ReceiveStream stream(window, window_max);
    auto owner = std::make_shared<std::vector<uint8_t>>(64);
    ASSERT_TRUE(stream.on_data(0, Chunk(owner, *owner)).ok());
    const auto read = stream.read();
    ASSERT_EQ(read.chunks.size(), 1u);
    EXPECT_EQ(read.chunks[0].bytes().data(), owner->data());
}

TEST(ReceiveStream, refuses_one_byte_beyond_the_window) {
    ReceiveStream stream(window, window_max);
    EXPECT_EQ(put(stream, window - 1, 1), window);
    const auto growth = stream.on_data(window, chunk(window, 1));
    ASSERT_FALSE(growth.ok());
    EXPECT_EQ(growth.error().code, ErrorCode::flow_control_violation);
    EXPECT_EQ(growth.error().origin, ErrorOrigin::peer);
}

TEST(ReceiveStream, an_end_beyond_the_window_is_a_violation_too) {
    ReceiveStream stream(window, window_max);
    const auto growth = stream.on_fin(window + 1);
    ASSERT_FALSE(growth.ok());
    EXPECT_EQ(growth.error().code, ErrorCode::flow_control_violation);
}

TEST(ReceiveStream, ends_once_everything_before_the_end_is_there) {
    ReceiveStream stream(window, window_max);
    ASSERT_TRUE(stream.on_fin(10).ok());
    EXPECT_FALSE(stream.ended());
    EXPECT_FALSE(stream.readable());
    put(stream, 0, 10);
    EXPECT_TRUE(stream.ended());
    const auto read = stream.read();
    EXPECT_TRUE(read.finished);
    EXPECT_EQ(joined(read).size(), 10u);
    EXPECT_FALSE(stream.complete());
    stream.consumed(start, 10, 10, true, rtt);
    EXPECT_TRUE(stream.complete());
    EXPECT_EQ(stream.delivered(), 11u);
    EXPECT_LE(stream.window_frame_due(), start) << "the end is told at once";
}

TEST(ReceiveStream, an_empty_stream_ends) {
    ReceiveStream stream(window, window_max);
    ASSERT_TRUE(stream.on_fin(0).ok());
    EXPECT_TRUE(stream.readable());
    EXPECT_TRUE(stream.read().finished);
    EXPECT_FALSE(stream.readable());
}

TEST(ReceiveStream, refuses_a_final_size_that_moves) {
    ReceiveStream stream(window, window_max);
    put(stream, 0, 20);
    EXPECT_FALSE(stream.on_fin(19).ok());
    ASSERT_TRUE(stream.on_fin(30).ok());
    EXPECT_EQ(stream.on_fin(30).value(), 0u);
    const auto moved = stream.on_fin(31);
    ASSERT_FALSE(moved.ok());
    EXPECT_EQ(moved.error().code, ErrorCode::invalid_frame);
    const auto behind = stream.on_data(30, chunk(30, 1));
    ASSERT_FALSE(behind.ok());
    EXPECT_EQ(behind.error().code, ErrorCode::invalid_frame);
}

TEST(ReceiveStream, bounds_the_pieces_it_holds) {
    constexpr uint64_t large = 4 * ReceiveStream::pieces_max;
    ReceiveStream stream(large, large);
    const auto one = std::make_shared<std::vector<uint8_t>>(1);
    size_t held = 0;
    Result<uint64_t> growth = uint64_t{0};
    for (uint64_t offset = 1; offset < large; offset += 2) {
        growth = stream.on_data(offset, Chunk(one, *one));
        if (!growth.ok()) break;
        held++;
    }
    ASSERT_FALSE(growth.ok());
    EXPECT_EQ(growth.error().code, ErrorCode::buffer_overflow);
    EXPECT_EQ(held, ReceiveStream::pieces_max);
}

TEST(ReceiveStream, consumed_cannot_run_ahead_of_what_arrived) {
    ReceiveStream stream(window, window_max);
    put(stream, 0, 10);
    stream.consumed(start, 700, 700, true, rtt);
    EXPECT_EQ(stream.taken(), 10u);
    EXPECT_EQ(stream.delivered(), 10u);
    EXPECT_FALSE(stream.complete());
}

TEST(ReceiveStream, the_window_opens_with_what_is_taken) {
    ReceiveStream stream(window, window);
    put(stream, 0, 400);
    stream.read();
    EXPECT_EQ(stream.limit(), window);
    stream.consumed(start, 400, 0, false, rtt);
    EXPECT_EQ(stream.limit(), window + 400);
    EXPECT_LE(stream.window_frame_due(), start);
    stream.on_window_frame_sent();
    EXPECT_EQ(stream.window_frame_due(), time_never);
}

TEST(ReceiveStream, progress_that_opens_little_window_is_told_a_little_later) {
    ReceiveStream stream(window, window);
    put(stream, 0, 10);
    stream.read();
    stream.consumed(start, 10, 10, false, rtt);
    EXPECT_GT(stream.window_frame_due(), start);
    EXPECT_LT(stream.window_frame_due(), start + 1s);
    stream.on_window_frame_sent();
    EXPECT_EQ(stream.window_frame_due(), time_never);
    stream.on_window_frame_lost();
    EXPECT_LE(stream.window_frame_due(), start);
}

TEST(ReceiveStream, the_window_doubles_when_used_up_fast_up_to_its_maximum) {
    ReceiveStream stream(window, 4 * window);
    Time now = start;
    uint64_t at = 0;
    for (int i = 0; i < 20; i++, now += rtt) {
        const auto size = static_cast<size_t>(stream.limit() - at);
        put(stream, at, size);
        at += size;
        stream.read();
        stream.consumed(now, at, at, false, rtt);
    }
    EXPECT_EQ(stream.window(), 4 * window);
    EXPECT_EQ(stream.limit(), at + 4 * window);
}

TEST(ReceiveStream, the_window_stays_when_used_up_slowly) {
    ReceiveStream stream(window, window_max);
    Time now = start;
    uint64_t at = 0;
    for (int i = 0; i < 20; i++, now += 1s) {
        put(stream, at, window / 2);
        at += window / 2;
        stream.read();
        stream.consumed(now, at, at, false, rtt);
    }
    EXPECT_EQ(stream.window(), window);
}

/// Against a string of bytes and a set of those that arrived.
TEST(ReceiveStream, puts_any_overlapping_pieces_in_order) {
    for (unsigned seed = 1; seed <= 100; seed++) {
        std::mt19937 random(seed);
        constexpr uint64_t size = 600;
        ReceiveStream stream(size, size);
        std::vector<bool> there(size);
        uint64_t next = 0, highest = 0;
        while (next < size) {
            const uint64_t offset = random() % size;
            const size_t count = std::min<size_t>(random() % 40, size - offset);
            const uint64_t growth = put(stream, offset, count);
            ASSERT_EQ(growth, std::max(highest, offset + count) - highest);
            highest += growth;
            for (size_t i = 0; i < count; i++) there[offset + i] = true;
            if (random() % 3) continue;
            const auto bytes = joined(stream.read());
            expect_bytes(bytes, next);
            next += bytes.size();
            ASSERT_TRUE(next == size || !there[next]) << "seed " << seed << ": byte held back";
        }
        ASSERT_EQ(next, size) << "seed " << seed;
    }
}

}  // namespace
}  // namespace stt
