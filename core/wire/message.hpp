// SPDX-License-Identifier: LGPL-2.1-or-later
/// Messages, which make up the bytes of a stream. Each has a kind (1 byte), a header length (varint), a
/// payload length (varint), the header and the payload. The core only preserves message boundaries; the
/// application defines kinds and headers.
#pragma once

#include <optional>
#include <vector>

#include "core/base/chunk.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

inline constexpr size_t message_header_max = 1024 * 1024;
inline constexpr size_t message_payload_max = 64 * 1024 * 1024;
/// the kind, and two varints of at most 8 bytes each
inline constexpr size_t message_prefix_max = 17;

/// The sizes, in bytes, above which a reader refuses a message.
struct MessageLimits {
    uint64_t header = message_header_max, payload = message_payload_max;
};

/// A message to be sent, which refers to its bytes. Copies share the owner, and they may be made and
/// destroyed on any thread.
struct OutMessage {
    std::shared_ptr<const void> owner;  ///< keeps the bytes valid
    Bytes head;                         ///< prefix and header, as write_head() writes them
    Bytes payload;

    /// Makes a message that owns copies of `header` and `payload`. Their sizes must be within the limits
    /// above.
    static OutMessage copy_of(uint8_t kind, Bytes header, Bytes payload = {});
    size_t size() const { return head.size() + payload.size(); }
};

/// Writes the prefix, followed by `header`, to `out`, which must have space for both. The sizes must be
/// within the limits above.
void write_head(ByteWriter& out, uint8_t kind, Bytes header, size_t payload_size);
/// The same, returned as a new vector.
std::vector<uint8_t> encode_head(uint8_t kind, Bytes header, size_t payload_size);

/// A complete message that was received.
struct InMessage {
    uint8_t kind = 0;
    std::vector<uint8_t> header;
    std::vector<Chunk> payload;  ///< in order; the chunks share the receive buffers
    uint64_t payload_size = 0;
    uint64_t end_offset = 0;  ///< stream offset just behind the message
    bool after_cut = false;   ///< whether data was skipped or dropped right before this message
    Time arrived{};           ///< when the I/O thread had received the whole message in order
};

/// Splits the bytes of a stream, which are pushed in order, into messages. It must be used by one thread at a
/// time. It holds what has arrived of the current message, and it never allocates memory because of a length
/// that a peer merely claims.
class MessageReader {
  public:
    MessageReader() = default;
    explicit MessageReader(const MessageLimits& limits) : limits_(limits) {}

    /// Adds the next bytes of the stream. Ignored after failed().
    void push(Chunk chunk);

    /// Moves the next complete message into `message`, whose vectors keep their capacity. Returns false when
    /// more bytes are needed, or after failed().
    bool next(InMessage& message);

    /// States that `size` bytes of the stream are missing here and that a message begins behind them. It must
    /// be called when next() has no more messages. An incomplete message is discarded.
    void skip(uint64_t size);

    /// The error when the stream cannot be split any further, because a length exceeds its limit; null
    /// otherwise. It is permanent.
    const Error* failed() const { return error_ ? &*error_ : nullptr; }

    /// The stream offset just behind everything pushed so far.
    uint64_t taken() const { return taken_; }
    /// The number of bytes pushed that have not been returned in a message.
    uint64_t held() const { return taken_ - consumed_; }
    /// Whether the stream may end here, because no message is incomplete.
    bool at_boundary() const { return held() == 0; }

  private:
    bool read_prefix();
    bool fail(const char* format, uint64_t size, uint64_t limit);
    template <class Sink>
    void take(uint64_t size, Sink&& sink);

    MessageLimits limits_;
    std::vector<Chunk> chunks_;  // not yet in a message: from first_used_ of the chunk first_ on
    size_t first_ = 0;
    size_t first_used_ = 0;
    uint64_t taken_ = 0;
    bool after_cut_ = false;  // whether the current message follows a hole
    uint64_t consumed_ = 0;   // stream offset where the current message begins
    size_t prefix_size_ = 0;  // bytes; of the current message; 0 while its prefix is incomplete
    uint8_t kind_ = 0;
    uint64_t header_size_ = 0;
    uint64_t payload_size_ = 0;
    std::optional<Error> error_;
};

}  // namespace stt
