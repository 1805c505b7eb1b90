// SPDX-License-Identifier: LGPL-2.1-or-later
/// Messages: what a stream's bytes consist of. Each is a kind (1 byte), a header length (varint), a payload
/// length (varint), the header and the payload. The core keeps their boundaries; what kinds and headers mean
/// is the application's business.
#pragma once

#include <optional>
#include <vector>

#include "core/base/chunk.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

inline constexpr size_t message_header_max = 1024 * 1024;
inline constexpr size_t message_payload_max = 64 * 1024 * 1024;
/// kind, and two varints of at most 8 bytes
inline constexpr size_t message_prefix_max = 17;

/// A message on its way out, all of it referenced. Copies share the owner; they may be made and dropped on
/// any thread.
struct OutMessage {
    std::shared_ptr<const void> owner;  ///< keeps the bytes alive
    Bytes head;                         ///< prefix and header, as write_head makes it
    Bytes payload;

    /// Owns copies of `header` and `payload`. Sizes within the limits above.
    static OutMessage copy_of(uint8_t kind, Bytes header, Bytes payload = {});
    size_t size() const { return head.size() + payload.size(); }
};

/// Prefix followed by `header`, sizes within the limits above, to `out`, which has room for them.
void write_head(ByteWriter& out, uint8_t kind, Bytes header, size_t payload_size);
/// The same as bytes of its own.
std::vector<uint8_t> encode_head(uint8_t kind, Bytes header, size_t payload_size);

/// A complete message that arrived.
struct InMessage {
    uint8_t kind = 0;
    std::vector<uint8_t> header;
    std::vector<Chunk> payload;  ///< in order; the chunks share the receive buffers
    uint64_t payload_size = 0;
    uint64_t end_offset = 0;  ///< stream offset just behind it
    bool after_cut = false;   ///< something that was given up on the way is missing before it
    Time arrived{};           ///< when the I/O thread had all of it, in order
};

/// Cuts a stream's bytes, handed over in order, into messages. One thread at a time. Holds what arrived of
/// the current message and allocates nothing on the strength of a length that a peer merely claims.
class MessageReader {
  public:
    /// The next bytes of the stream. Ignored once failed().
    void push(Chunk chunk);

    /// The next complete message, moved into `message`, whose vectors keep their capacity. False: more bytes
    /// are needed, or failed().
    bool next(InMessage& message);

    /// `size` bytes of the stream are missing here, and a message begins behind them. For when next() has no
    /// more: what there is of a message goes.
    void skip(uint64_t size);

    /// Set when the stream cannot be cut any further: a length over its limit. Stays.
    const Error* failed() const { return error_ ? &*error_ : nullptr; }

    /// Stream offset just behind everything pushed so far.
    uint64_t taken() const { return taken_; }
    /// Bytes that have not left in a message.
    uint64_t held() const { return taken_ - consumed_; }
    /// Whether the stream may end here.
    bool at_boundary() const { return held() == 0; }

  private:
    bool read_prefix();
    bool fail(const char* format, uint64_t size, uint64_t limit);
    template <class Sink>
    void take(uint64_t size, Sink&& sink);

    std::vector<Chunk> chunks_;  // from first_ on, and of that one from first_used_ on, not yet in a message
    size_t first_ = 0;
    size_t first_used_ = 0;
    uint64_t taken_ = 0;
    bool after_cut_ = false;  // of the current message
    uint64_t consumed_ = 0;   // its stream offset
    size_t prefix_size_ = 0;  // of the current message; 0: its prefix is not complete
    uint8_t kind_ = 0;
    uint64_t header_size_ = 0;
    uint64_t payload_size_ = 0;
    std::optional<Error> error_;
};

}  // namespace stt
