// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the tests of messages share: both ends of a stream without the network between them.
#pragma once

#include <algorithm>

#include "core/wire/message.hpp"
#include "gst/message_decoder.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {

/// What arrives of `out`, through the wire's own reader, cut into pieces of `step` bytes.
inline InMessage across(const OutMessage& out, size_t step = 7) {
    std::vector<uint8_t> bytes(out.head.begin(), out.head.end());
    bytes.insert(bytes.end(), out.payload.begin(), out.payload.end());
    MessageReader reader;
    for (size_t at = 0; at < bytes.size(); at += step)
        reader.push(Chunk::copy_of(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at))));
    InMessage message;
    EXPECT_TRUE(reader.next(message));
    return message;
}

/// Decodes as a receiver does that has just started.
inline Result<Decoded> decoded(const InMessage& message) {
    return MessageDecoder([](const Error&) {}).decode(message);
}

template <class T>
T decoded_as(const InMessage& message) {
    Result<Decoded> result = decoded(message);
    EXPECT_TRUE(result.ok());
    if (!result.ok()) return T{};
    auto* value = std::get_if<T>(&*result);
    EXPECT_NE(value, nullptr);
    return value ? std::move(*value) : T{};
}

/// A message of an event whose header is a sequence number, a fixed byte and `text`.
inline InMessage text_message_of(MessageKind kind, const std::string& text, uint8_t fixed = 0) {
    InMessage message;
    message.kind = static_cast<uint8_t>(kind);
    message.header.resize(4);
    message.header.push_back(fixed);
    message.header.insert(message.header.end(), text.begin(), text.end());
    return message;
}

}  // namespace stt::test
