// SPDX-License-Identifier: LGPL-2.1-or-later
/// A stream's bytes: the first byte says in chunks of which size they come. However they come, the same
/// messages are cut from them.
#include <algorithm>
#include <vector>

#include "core/wire/message.hpp"
#include "fuzz.hpp"

using namespace stt;

namespace {

struct Cut {
    std::vector<uint8_t> messages;  // written out again, one after the other
    uint64_t end_offset = 0;
    bool failed = false;
    bool operator==(const Cut&) const = default;
};

Cut cut(Bytes stream, size_t chunk_size) {
    MessageReader reader;
    InMessage message;
    Cut result;
    for (size_t at = 0; at < stream.size(); at += chunk_size) {
        reader.push(Chunk::copy_of(stream.subspan(at, std::min(chunk_size, stream.size() - at))));
        while (reader.next(message)) {
            const auto head =
                encode_head(message.kind, message.header, static_cast<size_t>(message.payload_size));
            result.messages.insert(result.messages.end(), head.begin(), head.end());
            uint64_t payload_size = 0;
            for (const Chunk& chunk : message.payload) {
                result.messages.insert(result.messages.end(), chunk.bytes().begin(), chunk.bytes().end());
                payload_size += chunk.size();
            }
            MUST(payload_size == message.payload_size);
            MUST(message.end_offset == reader.taken() - reader.held());
            result.end_offset = message.end_offset;
        }
    }
    result.failed = reader.failed() != nullptr;
    return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const Bytes stream(data + 1, size - 1);
    MUST(cut(stream, size) == cut(stream, size_t{1} + data[0]));
    return 0;
}
