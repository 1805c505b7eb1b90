// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/paused_reader.hpp"

#include "gst/buffer_codec.hpp"
#include "tests/elements/support.hpp"
#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

/// A header of `size` bytes, which a paused receiver keeps. They have no time, so it stays.
void send_header(Link& sender, size_t size) {
    const BufferPtr buffer = make_buffer(size);
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_HEADER);
    auto message = encode_buffer(buffer.get());
    ASSERT_TRUE(message);
    ASSERT_EQ(sender.outbox().push(std::move(*message), Unit::header, 0, patience), QueueStatus::ok);
}

/// A receiver whose streaming thread still has the first message of the first sender when the pause begins.
/// What follows it is read in the pause.
class PausedReaderTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(receiver_.open(listener_config(StreamRole::receiver)));
        port_ = receiver_.link->local_port();
        End first;
        ASSERT_TRUE(first.open(caller_config(StreamRole::sender, port_)));
        send_header(*first.link, 100);
        ASSERT_EQ(pop(), QueueStatus::ok);
        const uint64_t taken = inbox().held_bytes();
        reader_.start(receiver_.link, true);
        send_header(*first.link, 200);
        ASSERT_TRUE(eventually([&] { return inbox().held_bytes() > taken; }));
    }
    /// The first sender is gone without EOS, and another takes its place.
    void replace_sender() {
        ASSERT_TRUE(second_.open(caller_config(StreamRole::sender, port_)));
        Recorder& seen = receiver_.seen;
        ASSERT_TRUE(seen.wait([&] { return seen.headers.size() == 2; }));
        ASSERT_TRUE(eventually([&] { return !inbox().behind(); })) << "the reader follows";
    }
    ReceiveQueue& inbox() { return receiver_.link->inbox(); }
    QueueStatus pop() { return inbox().pop(messages_, 1, patience); }
    /// Pops until a buffer comes. Its size.
    uint64_t next_buffer() {
        do {
            if (pop() != QueueStatus::ok) return 0;
        } while (messages_.front().kind != static_cast<uint8_t>(MessageKind::buffer));
        return messages_.front().payload_size;
    }

    End receiver_, second_;
    uint16_t port_ = 0;
    PausedReader reader_;
    std::vector<InMessage> messages_;
};

TEST_F(PausedReaderTest, WhatItKeptOfASenderIsNotHandedOutAsThatOfTheNextOne) {
    replace_sender();
    send_header(*second_.link, 300);
    ASSERT_TRUE(eventually([&] { return inbox().held_bytes() > 300; }));
    reader_.resume();
    EXPECT_EQ(next_buffer(), 300u);
    EXPECT_EQ(inbox().stream(), 1u);
}

TEST_F(PausedReaderTest, NorIfTheNextOneHasSentNothingYet) {
    replace_sender();
    reader_.resume();
    send_header(*second_.link, 300);
    EXPECT_EQ(next_buffer(), 300u);
    EXPECT_EQ(inbox().stream(), 1u);
}

TEST_F(PausedReaderTest, WhatItKeptIsHandedOutFirst) {
    reader_.resume();
    EXPECT_EQ(next_buffer(), 200u);
    EXPECT_EQ(inbox().stream(), 0u);
}

}  // namespace
}  // namespace stt::test
