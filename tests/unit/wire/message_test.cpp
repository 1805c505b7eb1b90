// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/message.hpp"

#include <gtest/gtest.h>

#include <random>

#include "describe.hpp"

namespace stt {
namespace {

void append(std::vector<uint8_t>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

TEST(Message, HeadIsPrefixAndHeader) {
    EXPECT_EQ(hex(encode_head(7, std::vector<uint8_t>{1, 2}, 64)),
              "0702"
              "4040"
              "0102");
    EXPECT_EQ(encode_head(0, std::vector<uint8_t>(message_header_max), message_payload_max).size(),
              1 + 4 + 4 + message_header_max);
}

TEST(MessageReader, GivesAMessageOnceItIsComplete) {
    std::vector<uint8_t> bytes = encode_head(3, std::vector<uint8_t>{9}, 4);
    append(bytes, std::vector<uint8_t>{1, 2, 3, 4});
    MessageReader reader;
    InMessage message;
    EXPECT_TRUE(reader.at_boundary());
    for (size_t i = 0; i < bytes.size(); i++) {
        EXPECT_FALSE(reader.next(message));
        reader.push(Chunk::copy_of(Bytes(bytes).subspan(i, 1)));
        EXPECT_FALSE(reader.at_boundary());
        EXPECT_EQ(reader.held(), i + 1);
        EXPECT_EQ(reader.taken(), i + 1);
    }
    ASSERT_TRUE(reader.next(message));
    EXPECT_EQ(describe(message), "MESSAGE kind=3 header=09 payload=01020304 end_offset=8");
    EXPECT_EQ(message.payload_size, 4u);
    EXPECT_TRUE(reader.at_boundary());
    EXPECT_EQ(reader.held(), 0u);
    EXPECT_EQ(reader.taken(), bytes.size());
    EXPECT_FALSE(reader.next(message));
}

TEST(MessageReader, RandomMessagesInRandomChunksRoundTrip) {
    std::mt19937_64 random(6);
    for (int round = 0; round < 200; round++) {
        std::vector<uint8_t> stream;
        std::vector<InMessage> sent;
        for (size_t count = random() % 30; count > 0; count--) {
            InMessage& message = sent.emplace_back();
            message.kind = static_cast<uint8_t>(random());
            message.header.resize(random() % 3 == 0 ? 0 : random() % 200);
            for (uint8_t& byte : message.header) byte = static_cast<uint8_t>(random());
            std::vector<uint8_t> payload(random() % 4 == 0 ? 0 : random() % 5000);
            for (uint8_t& byte : payload) byte = static_cast<uint8_t>(random());
            append(stream, encode_head(message.kind, message.header, payload.size()));
            append(stream, payload);
            message.payload = {Chunk::copy_of(payload)};
            message.payload_size = payload.size();
            message.end_offset = stream.size();
        }
        const size_t chunk_max = 1 + random() % 3000;
        MessageReader reader;
        InMessage message;  // one object throughout, as the callers have it
        size_t received = 0;
        for (size_t at = 0; at < stream.size();) {
            const size_t size = std::min(stream.size() - at, 1 + random() % chunk_max);
            reader.push(Chunk::copy_of(Bytes(stream).subspan(at, size)));
            at += size;
            // Sometimes several chunks gather before anybody looks.
            while (random() % 3 != 0 && reader.next(message)) {
                ASSERT_LT(received, sent.size());
                EXPECT_EQ(describe(message), describe(sent[received]));
                EXPECT_EQ(message.payload_size, sent[received].payload_size);
                received++;
            }
        }
        while (reader.next(message)) EXPECT_EQ(describe(message), describe(sent[received++]));
        EXPECT_EQ(received, sent.size());
        EXPECT_TRUE(reader.at_boundary());
        EXPECT_EQ(reader.taken(), stream.size());
    }
}

TEST(MessageReader, PayloadIsReferencedNotCopied) {
    std::vector<uint8_t> bytes = encode_head(0, {}, 100);
    const size_t head = bytes.size();
    bytes.resize(head + 100 + 5);
    auto owner = std::make_shared<std::vector<uint8_t>>(bytes);
    MessageReader reader;
    reader.push(Chunk(owner, *owner));
    InMessage message;
    ASSERT_TRUE(reader.next(message));
    ASSERT_EQ(message.payload.size(), 1u);
    EXPECT_EQ(message.payload[0].bytes().data(), owner->data() + head);
    EXPECT_EQ(message.payload[0].size(), 100u);
}

TEST(MessageReader, LetsGoOfBuffersThatAreUsedUp) {
    std::vector<uint8_t> bytes = encode_head(0, {}, 10);
    bytes.resize(bytes.size() + 10);
    auto owner = std::make_shared<std::vector<uint8_t>>(bytes);
    MessageReader reader;
    InMessage message;
    for (int i = 0; i < 3; i++) {
        reader.push(Chunk(owner, *owner));
        ASSERT_TRUE(reader.next(message));
    }
    message = InMessage();
    EXPECT_EQ(owner.use_count(), 1);
}

TEST(MessageReader, ALengthBeyondTheLimitEndsTheStream) {
    for (const std::string_view prefix : {"00"
                                          "80100001"
                                          "00",
                                          "00"
                                          "00"
                                          "84000001"}) {
        MessageReader reader;
        InMessage message;
        const auto bytes = from_hex(prefix);
        reader.push(Chunk::copy_of(Bytes(bytes).first(bytes.size() - 1)));
        EXPECT_FALSE(reader.next(message));
        EXPECT_EQ(reader.failed(), nullptr);
        reader.push(Chunk::copy_of(Bytes(bytes).last(1)));
        EXPECT_FALSE(reader.next(message));
        ASSERT_NE(reader.failed(), nullptr) << prefix;
        EXPECT_EQ(reader.failed()->code, ErrorCode::invalid_frame);
        reader.push(Chunk::copy_of(bytes));
        EXPECT_FALSE(reader.next(message)) << "it stays so";
        EXPECT_NE(reader.failed(), nullptr);
        EXPECT_FALSE(reader.at_boundary());
    }
}

TEST(MessageReader, LengthsUpToTheLimitAreWaitedFor) {
    MessageReader reader;
    InMessage message;
    reader.push(Chunk::copy_of(encode_head(1, {}, message_payload_max)));
    EXPECT_FALSE(reader.next(message));
    EXPECT_EQ(reader.failed(), nullptr);
    EXPECT_FALSE(reader.at_boundary());
}

TEST(MessageReader, HeaderKeepsItsCapacity) {
    MessageReader reader;
    InMessage message;
    reader.push(Chunk::copy_of(encode_head(0, std::vector<uint8_t>(100), 0)));
    ASSERT_TRUE(reader.next(message));
    const uint8_t* memory = message.header.data();
    reader.push(Chunk::copy_of(encode_head(0, std::vector<uint8_t>(90), 0)));
    ASSERT_TRUE(reader.next(message));
    EXPECT_EQ(message.header.data(), memory);
    EXPECT_EQ(message.header.size(), 90u);
}

TEST(OutMessage, CopiesHeaderAndPayload) {
    std::vector<uint8_t> header{1, 2}, payload(30, 5);
    const OutMessage message = OutMessage::copy_of(7, header, payload);
    EXPECT_EQ(hex(message.head), hex(encode_head(7, header, 30)));
    EXPECT_EQ(hex(message.payload), hex(payload));
    EXPECT_EQ(message.size(), 5u + 30u);
    header.assign(2, 9);
    payload.assign(30, 9);
    EXPECT_EQ(message.head.back(), 2);
    EXPECT_EQ(message.payload.front(), 5);
}

}  // namespace
}  // namespace stt
