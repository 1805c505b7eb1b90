// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/text.hpp"

#include <cinttypes>

#include "core/wire/frame.hpp"

namespace stt {
namespace {

// Each read() fills its frame from a body, and returns false when a value is out of bounds. Whether the body
// is too short or too long is checked afterwards, in one place for all types.

bool read_text(ByteReader& in, std::string_view& text) {
    const Bytes bytes = in.rest();
    text = safe_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return bytes.size() <= frame_text_max;
}

bool read_stream(ByteReader& in, StreamId& stream) {
    stream = in.varint();
    return stream != no_stream;
}

// Reads the lengths of the ranges and the gaps between them, as in RFC 9000, section 19.3.1. `largest` is the
// highest number, and `more` is how many ranges follow the first.
bool read_ranges(ByteReader& in, uint64_t largest, uint64_t more, PacketRanges& ranges) {
    if (more >= ranges_max) return false;
    uint64_t last = largest;
    for (;;) {
        const uint64_t length = in.varint();
        if (length > last) return false;
        const uint64_t first = last - length;
        ranges.add({first, last});
        if (more == 0) return true;
        more--;
        const uint64_t gap = in.varint();
        if (gap + 2 > first) return false;
        last = first - gap - 2;
    }
}

bool read(ByteReader& in, KeepAliveFrame& frame) {
    frame.sequence = in.varint();
    return true;
}
bool read(ByteReader& in, KeepAliveAnswerFrame& frame) {
    frame.sequence = in.varint();
    return true;
}
bool read(ByteReader& in, AckFrame& frame) {
    const uint64_t largest = in.varint();
    frame.delay_us = in.varint();
    const uint64_t more = in.varint();
    return frame.delay_us <= microseconds_max && read_ranges(in, largest, more, frame.ranges);
}
bool read(ByteReader& in, NackFrame& frame) {
    const uint64_t largest = in.varint();
    const uint64_t more = in.varint();
    return read_ranges(in, largest, more, frame.ranges);
}
bool read(ByteReader& in, SessionWindowFrame& frame) {
    frame.limit = in.varint();
    return true;
}
bool read(ByteReader& in, StreamWindowFrame& frame) {
    const bool good = read_stream(in, frame.stream);
    frame.limit = in.varint();
    frame.delivered = in.varint();
    return good && frame.delivered <= frame.limit + 1;
}
bool read(ByteReader& in, StreamOpenFrame& frame) {
    const bool good = read_stream(in, frame.stream);
    frame.priority = in.u8();
    frame.header = in.rest();
    return good && frame.header.size() <= stream_header_max;
}
bool read(ByteReader& in, StreamFinFrame& frame) {
    const bool good = read_stream(in, frame.stream);
    frame.final_size = in.varint();
    return good;
}
bool read(ByteReader& in, StreamCloseFrame& frame) {
    const bool good = read_stream(in, frame.stream);
    frame.final_size = in.varint();
    frame.code = in.u16();
    frame.sub_code = in.u8();
    return read_text(in, frame.text) && good;
}
bool read(ByteReader& in, SessionCloseFrame& frame) {
    const uint8_t reason = in.u8();
    frame.reason = CloseReason{reason};
    frame.code = in.u16();
    frame.sub_code = in.u8();
    return read_text(in, frame.text) && reason <= static_cast<uint8_t>(CloseReason::auth_failure);
}
bool read(ByteReader& in, PathChallengeFrame& frame) {
    in.copy_to(frame.data);
    return true;
}
bool read(ByteReader& in, PathResponseFrame& frame) {
    in.copy_to(frame.data);
    return true;
}
bool read(ByteReader& in, FinalFrame& frame) {
    frame.code = in.u16();
    frame.sub_code = in.u8();
    const uint8_t resumed = in.u8();
    frame.resumed = resumed == 1;
    return read_text(in, frame.text) && resumed <= 1;
}
bool read(ByteReader& in, NewSessionIdFrame& frame) {
    frame.sequence = in.varint();
    frame.id = in.u64();
    return frame.id != 0;
}

bool read(ByteReader& in, ClockRequestFrame& frame) {
    frame.sequence = in.varint();
    return true;
}
bool read(ByteReader& in, ClockResponseFrame& frame) {
    frame.sequence = in.varint();
    frame.received = in.varint();
    frame.sent = in.varint();
    return frame.received <= frame.sent;
}

bool read(ByteReader& in, StreamSkipFrame& frame) {
    const bool good = read_stream(in, frame.stream);
    frame.from = in.varint();
    frame.to = in.varint();
    return good && frame.from < frame.to;
}
bool read(ByteReader& in, StreamSkippedFrame& frame) {
    const bool good = read_stream(in, frame.stream);
    frame.to = in.varint();
    frame.kept = in.varint();
    return good && frame.kept <= frame.to;
}

// Makes a frame without zeroing it first: for the ranges of an ACK that would cost more than reading them.
template <class T>
struct Uninitialized {
    operator T() const { return {}; }
};

template <class T>
bool read_into(Frame& frame, ByteReader body) {
    T& content = frame.emplace<T>(Uninitialized<T>{});
    return read(body, content) && body.ok() && body.empty();
}

bool read_body(Frame& frame, uint64_t type, Bytes bytes) {
    const ByteReader body(bytes);
    frame = UnknownFrame{type};
    if (type > static_cast<uint64_t>(FrameType::stream_skipped)) return true;
    switch (static_cast<FrameType>(type)) {
        case FrameType::keep_alive:
            return read_into<KeepAliveFrame>(frame, body);
        case FrameType::keep_alive_answer:
            return read_into<KeepAliveAnswerFrame>(frame, body);
        case FrameType::ack:
            return read_into<AckFrame>(frame, body);
        case FrameType::nack:
            return read_into<NackFrame>(frame, body);
        case FrameType::session_window:
            return read_into<SessionWindowFrame>(frame, body);
        case FrameType::stream_window:
            return read_into<StreamWindowFrame>(frame, body);
        case FrameType::stream_open:
            return read_into<StreamOpenFrame>(frame, body);
        case FrameType::stream_fin:
            return read_into<StreamFinFrame>(frame, body);
        case FrameType::stream_close:
            return read_into<StreamCloseFrame>(frame, body);
        case FrameType::session_close:
            return read_into<SessionCloseFrame>(frame, body);
        case FrameType::path_challenge:
            return read_into<PathChallengeFrame>(frame, body);
        case FrameType::path_response:
            return read_into<PathResponseFrame>(frame, body);
        case FrameType::final:
            return read_into<FinalFrame>(frame, body);
        case FrameType::new_session_id:
            return read_into<NewSessionIdFrame>(frame, body);
        case FrameType::clock_request:
            return read_into<ClockRequestFrame>(frame, body);
        case FrameType::clock_response:
            return read_into<ClockResponseFrame>(frame, body);
        case FrameType::stream_skip:
            return read_into<StreamSkipFrame>(frame, body);
        case FrameType::stream_skipped:
            return read_into<StreamSkippedFrame>(frame, body);
        case FrameType::padding:  // has no body
        case FrameType::data:     // read by next_data()
            return false;
    }
    return true;
}

}  // namespace

bool FrameReader::next_other(Frame& frame) {
    if (in_.empty()) return false;
    // A type has only one valid encoding (RFC 9000, section 12.4).
    const size_t before = in_.remaining();
    const uint64_t type = in_.varint();
    if (!in_.ok() || before - in_.remaining() != varint_size(type)) return fail(type);
    if (type == static_cast<uint64_t>(FrameType::padding)) {
        in_.rest();
        frame = PaddingFrame{};
        return true;
    }
    const Bytes body = in_.bytes(in_.varint());
    if (!in_.ok() || !read_body(frame, type, body)) return fail(type);
    return true;
}

bool FrameReader::fail(uint64_t type) {
    in_ = ByteReader({});
    error_ = make_error(ErrorCode::invalid_frame, Reason::malformed_frame, ErrorOrigin::peer,
                        tr("the peer sent a malformed frame of type %" PRIu64 " (%s)", type,
                           std::string(frame_name(type)).c_str()));
    return false;
}

}  // namespace stt
