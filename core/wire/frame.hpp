// SPDX-License-Identifier: LGPL-2.1-or-later
/// Frames, which make up a sealed packet's plaintext. Each has a varint type, a varint length and a body of
/// that length, so that a receiver can skip unknown types. docs/wire-format.md describes every layout.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <variant>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/wire/packet.hpp"

namespace stt {

using StreamId = uint64_t;

enum class FrameType : uint8_t {
    padding = 0,  ///< the only type without a length: the rest of the packet is padding
    keep_alive = 1,
    keep_alive_answer = 2,
    ack = 3,
    nack = 4,
    session_window = 5,
    stream_window = 6,
    stream_open = 7,
    data = 8,
    stream_fin = 9,
    stream_close = 10,
    session_close = 11,
    path_challenge = 12,
    path_response = 13,
    final = 14,
    new_session_id = 15,
    clock_request = 16,
    clock_response = 17,
    stream_skip = 18,
    stream_skipped = 19,
};

/// The packet numbers from first to last, both included.
struct PacketRange {
    uint64_t first;
    uint64_t last;
    bool operator==(const PacketRange&) const = default;
};

/// The maximum number of ranges in an ACK or NACK; older ranges are left to later acknowledgements. Even with
/// gaps of 8 bytes each, a full list fits a minimal packet (28 + 63 * 16 bytes).
inline constexpr size_t ranges_max = 64;

/// A bounded list of ranges, highest first.
struct PacketRanges {
    std::array<PacketRange, ranges_max> range;
    size_t count = 0;

    std::span<const PacketRange> list() const { return {range.data(), count}; }
    /// Returns false when the list is full.
    bool add(PacketRange r) {
        if (count == ranges_max) return false;
        range[count++] = r;
        return true;
    }
    // Leaves the array uninitialised, because entries are written before they are counted.
    PacketRanges() {}
};

struct PaddingFrame {};
struct KeepAliveFrame {
    uint64_t sequence;
};
struct KeepAliveAnswerFrame {
    uint64_t sequence;  ///< of the KEEP_ALIVE answered
};
struct AckFrame {
    /// Microseconds from the arrival of the highest packet to this frame; at most microseconds_max.
    uint64_t delay_us;
    PacketRanges ranges;
};
/// Packets that the receiver misses and no longer expects.
struct NackFrame {
    PacketRanges ranges;
};
struct SessionWindowFrame {
    uint64_t limit;  ///< the largest sum, over all streams, of the highest offsets the peer may send
};
struct StreamWindowFrame {
    StreamId stream;
    uint64_t limit;  ///< offset up to which the peer may send
    /// The offset up to which the data has been passed downstream, plus 1 once the end of the stream has been
    /// passed on too; at most limit + 1.
    uint64_t delivered;
};
struct StreamOpenFrame {
    StreamId stream;
    uint8_t priority;
    Bytes header;  ///< opaque to the core; at most stream_header_max
};
struct DataFrame {
    StreamId stream;
    uint64_t offset;
    Bytes data;
};
struct StreamFinFrame {
    StreamId stream;
    uint64_t final_size;
};
/// Ends a stream abruptly, in both directions.
struct StreamCloseFrame {
    StreamId stream;
    uint64_t final_size;  ///< bytes that the sender of this frame had sent on the stream
    uint16_t code;
    uint8_t sub_code;
    std::string_view text;
};
enum class CloseReason : uint8_t { graceful = 0, timeout = 1, error = 2, auth_failure = 3 };
struct SessionCloseFrame {
    CloseReason reason;
    uint16_t code;
    uint8_t sub_code;
    std::string_view text;
};
struct PathChallengeFrame {
    std::array<uint8_t, 8> data;
};
struct PathResponseFrame {
    std::array<uint8_t, 8> data;
};
/// The responder's decision: the session is established (code 0), or why it is not.
struct FinalFrame {
    uint16_t code;
    uint8_t sub_code;
    /// Whether the session resumes the streams of the one that AUTH_PROOF named.
    bool resumed;
    std::string_view text;
};
/// Another id for the session, to be used after a change of address (RFC 9000, section 9.5).
struct NewSessionIdFrame {
    uint64_t sequence;
    SessionId id;
};
/// Asks for the peer's time. Neither this frame nor its answer is ack-eliciting: a lost request is replaced
/// by a new one.
struct ClockRequestFrame {
    uint64_t sequence;
};
/// The answer to a CLOCK_REQUEST. Times are nanoseconds of the sender's monotonic clock.
struct ClockResponseFrame {
    uint64_t sequence;  ///< of the CLOCK_REQUEST answered
    uint64_t received;  ///< when the CLOCK_REQUEST arrived
    uint64_t sent;      ///< when this frame left; not before `received`
};
/// The sender skips a range of whole messages of a stream: they will not be sent, or not be sent again.
struct StreamSkipFrame {
    StreamId stream;
    uint64_t from;
    uint64_t to;  ///< the offset just behind the range; above `from`
};
/// Answers a STREAM_SKIP once the receiver has moved beyond the range.
struct StreamSkippedFrame {
    StreamId stream;
    uint64_t to;  ///< `to` of the STREAM_SKIP
    /// The offset up to which the receiver had everything when it jumped to `to`; at most `to`.
    uint64_t kept;
};
/// A frame of a type this version does not know.
struct UnknownFrame {
    uint64_t type;
};

inline constexpr StreamId no_stream = varint_max;
/// A STREAM_OPEN header fits a minimal packet, and so does every text.
inline constexpr size_t stream_header_max = 1024;
inline constexpr size_t frame_text_max = 256;

using Frame =
    std::variant<PaddingFrame, KeepAliveFrame, KeepAliveAnswerFrame, AckFrame, NackFrame, SessionWindowFrame,
                 StreamWindowFrame, StreamOpenFrame, DataFrame, StreamFinFrame, StreamCloseFrame,
                 SessionCloseFrame, PathChallengeFrame, PathResponseFrame, FinalFrame, NewSessionIdFrame,
                 ClockRequestFrame, ClockResponseFrame, StreamSkipFrame, StreamSkippedFrame, UnknownFrame>;

/// The type number of `frame` on the wire.
uint64_t type_of(const Frame& frame);

/// Reads the frames of one opened packet in turn. Views in frames refer to the packet's bytes.
class FrameReader {
  public:
    explicit FrameReader(Bytes payload) : in_(payload) {}

    /// Reads the next frame into `frame`. Returns false at the end, or when the packet is malformed, which
    /// error() then describes. Every value in a returned frame is within its documented bounds, and texts are
    /// valid UTF-8 without control characters.
    bool next(Frame& frame) {
        return in_.peek() == static_cast<uint8_t>(FrameType::data) ? next_data(frame) : next_other(frame);
    }
    /// The error of a malformed packet, with code invalid_frame; otherwise null.
    const Error* error() const { return error_ ? &*error_ : nullptr; }

  private:
    bool next_data(Frame& frame) {
        in_.u8();
        ByteReader body(in_.bytes(in_.varint()));
        const StreamId stream = body.varint();
        const uint64_t offset = body.varint();
        const Bytes data = body.rest();
        if (!in_.ok() || data.empty() || stream == no_stream || data.size() > varint_max - offset) {
            return fail(static_cast<uint64_t>(FrameType::data));
        }
        frame = DataFrame{stream, offset, data};
        return true;
    }
    bool next_other(Frame& frame);
    bool fail(uint64_t type);

    ByteReader in_;
    std::optional<Error> error_;
};

/// The name of a frame type as in docs/wire-format.md, such as "STREAM_OPEN"; "unknown" for other types.
std::string_view frame_name(uint64_t type);

/// The longest prefix of `text` that is valid UTF-8 without control characters and has at most frame_text_max
/// bytes.
std::string_view safe_text(std::string_view text);

/// Appends `frame` to `out`. Returns false, and writes nothing, when it does not fit. Values must be within
/// their documented bounds, but texts are truncated by safe_text(). Use write_data_header() for data.
bool write_frame(ByteWriter& out, const Frame& frame);
/// The same for an ACK, without a copy of its ranges.
bool write_frame(ByteWriter& out, const AckFrame& frame);

/// Writes the header of a DATA frame for as many of `size` bytes as fit into `out`. Returns their number, or
/// 0 when none fit. The caller must then reserve exactly that many bytes in `out` and fill them.
inline size_t write_data_header(ByteWriter& out, StreamId stream, uint64_t offset, size_t size) {
    const size_t fixed = varint_size(stream) + varint_size(offset);
    // A body of up to 63 bytes has a length field of one byte, which matters only in the smallest packets.
    // Otherwise the field has two bytes, which reach to 16,383, beyond the size of any datagram.
    const size_t short_room = out.remaining() > 2 ? out.remaining() - 2 : 0;
    const size_t long_room = out.remaining() > 3 ? out.remaining() - 3 : 0;
    size_t body = std::min(fixed + size, std::max(std::min(short_room, size_t{63}), long_room));
    body = std::min(body, size_t{16383});
    if (body <= fixed) return 0;
    out.u8(static_cast<uint8_t>(FrameType::data));
    out.varint(body);
    out.varint(stream);
    out.varint(offset);
    return body - fixed;
}

}  // namespace stt
