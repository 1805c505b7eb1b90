// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/frame.hpp"

namespace stt {
namespace {

constexpr std::array<std::string_view, 20> names{
    "PADDING",        "KEEP_ALIVE",    "KEEP_ALIVE_ANSWER", "ACK",           "NACK",
    "SESSION_WINDOW", "STREAM_WINDOW", "STREAM_OPEN",       "DATA",          "STREAM_FIN",
    "STREAM_CLOSE",   "SESSION_CLOSE", "PATH_CHALLENGE",    "PATH_RESPONSE", "FINAL",
    "NEW_SESSION_ID", "CLOCK_REQUEST", "CLOCK_RESPONSE",    "STREAM_SKIP",   "STREAM_SKIPPED",
};
static_assert(names[static_cast<size_t>(FrameType::stream_skipped)] == "STREAM_SKIPPED");

// The length of the valid UTF-8 sequence (RFC 3629) at the beginning of `text`; 0 when there is none, or when
// it is a control character.
size_t character_size(std::string_view text) {
    const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
    const auto follows = [&](size_t i, uint8_t low, uint8_t high) {
        return byte(i) >= low && byte(i) <= high;
    };
    const uint8_t lead = byte(0);
    if (lead >= 0x20 && lead < 0x7f) return 1;
    if (lead == 0xc2) return follows(1, 0xa0, 0xbf) ? 2 : 0;  // the values below are the C1 controls
    if (lead > 0xc2 && lead <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;   // no overlong forms
        const uint8_t high = lead == 0xed ? 0x9f : 0xbf;  // no surrogates
        return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
        const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;  // up to U+10FFFF
        return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

// Each frame body is described once and visited twice: to measure it and to write it.

class Measure {
  public:
    void u8(uint8_t) { size_ += 1; }
    void u16(uint16_t) { size_ += 2; }
    void u64(uint64_t) { size_ += 8; }
    void varint(uint64_t value) { size_ += varint_size(value); }
    void bytes(Bytes from) { size_ += from.size(); }
    size_t size() const { return size_; }

  private:
    size_t size_ = 0;
};

template <class Writer>
void write_ranges(Writer& out, std::span<const PacketRange> ranges) {
    out.varint(ranges[0].last - ranges[0].first);
    for (size_t i = 1; i < ranges.size(); i++) {
        out.varint(ranges[i - 1].first - ranges[i].last - 2);
        out.varint(ranges[i].last - ranges[i].first);
    }
}

template <class Writer>
struct BodyWriter {
    Writer& out;

    void operator()(const KeepAliveFrame& frame) { out.varint(frame.sequence); }
    void operator()(const KeepAliveAnswerFrame& frame) { out.varint(frame.sequence); }
    void operator()(const AckFrame& frame) {
        const auto ranges = frame.ranges.list();
        out.varint(ranges[0].last);
        out.varint(frame.delay_us);
        out.varint(ranges.size() - 1);
        write_ranges(out, ranges);
    }
    void operator()(const NackFrame& frame) {
        const auto ranges = frame.ranges.list();
        out.varint(ranges[0].last);
        out.varint(ranges.size() - 1);
        write_ranges(out, ranges);
    }
    void operator()(const SessionWindowFrame& frame) { out.varint(frame.limit); }
    void operator()(const StreamWindowFrame& frame) {
        out.varint(frame.stream);
        out.varint(frame.limit);
        out.varint(frame.delivered);
    }
    void operator()(const StreamOpenFrame& frame) {
        out.varint(frame.stream);
        out.u8(frame.priority);
        out.bytes(frame.header);
    }
    void operator()(const DataFrame& frame) {
        out.varint(frame.stream);
        out.varint(frame.offset);
        out.bytes(frame.data);
    }
    void operator()(const StreamFinFrame& frame) {
        out.varint(frame.stream);
        out.varint(frame.final_size);
    }
    void operator()(const StreamCloseFrame& frame) {
        out.varint(frame.stream);
        out.varint(frame.final_size);
        out.u16(frame.code);
        out.u8(frame.sub_code);
        text(frame.text);
    }
    void operator()(const SessionCloseFrame& frame) {
        out.u8(static_cast<uint8_t>(frame.reason));
        out.u16(frame.code);
        out.u8(frame.sub_code);
        text(frame.text);
    }
    void operator()(const PathChallengeFrame& frame) { out.bytes(frame.data); }
    void operator()(const PathResponseFrame& frame) { out.bytes(frame.data); }
    void operator()(const FinalFrame& frame) {
        out.u16(frame.code);
        out.u8(frame.sub_code);
        out.u8(frame.resumed ? 1 : 0);
        text(frame.text);
    }
    void operator()(const NewSessionIdFrame& frame) {
        out.varint(frame.sequence);
        out.u64(frame.id);
    }
    void operator()(const ClockRequestFrame& frame) { out.varint(frame.sequence); }
    void operator()(const ClockResponseFrame& frame) {
        out.varint(frame.sequence);
        out.varint(frame.received);
        out.varint(frame.sent);
    }
    void operator()(const StreamSkipFrame& frame) {
        out.varint(frame.stream);
        out.varint(frame.from);
        out.varint(frame.to);
    }
    void operator()(const StreamSkippedFrame& frame) {
        out.varint(frame.stream);
        out.varint(frame.to);
        out.varint(frame.kept);
    }
    void operator()(const UnknownFrame&) {}
    void text(std::string_view text) { out.bytes(bytes_of(safe_text(text))); }
};

template <class T>
bool write_typed(ByteWriter& out, uint64_t type, const T& frame) {
    Measure measure;
    BodyWriter<Measure>{measure}(frame);
    if (varint_size(type) + varint_size(measure.size()) + measure.size() > out.remaining()) return false;
    out.varint(type);
    out.varint(measure.size());
    BodyWriter<ByteWriter>{out}(frame);
    return true;
}

bool write_typed(ByteWriter& out, uint64_t type, const PaddingFrame&) {
    if (out.remaining() == 0) return false;
    out.varint(type);
    return true;
}

// The alternatives of Frame are in the order of their types.
static_assert(
    std::is_same_v<std::variant_alternative_t<static_cast<size_t>(FrameType::data), Frame>, DataFrame>);
static_assert(
    std::is_same_v<std::variant_alternative_t<static_cast<size_t>(FrameType::stream_skipped), Frame>,
                   StreamSkippedFrame>);

}  // namespace

uint64_t type_of(const Frame& frame) {
    if (const auto* unknown = std::get_if<UnknownFrame>(&frame)) return unknown->type;
    return frame.index();
}

std::string_view frame_name(uint64_t type) { return type < names.size() ? names[type] : "unknown"; }

std::string_view safe_text(std::string_view text) {
    size_t size = 0;
    while (size < text.size()) {
        const size_t character = character_size(text.substr(size));
        if (character == 0 || size + character > frame_text_max) break;
        size += character;
    }
    return text.substr(0, size);
}

bool write_frame(ByteWriter& out, const Frame& frame) {
    return std::visit([&](const auto& content) { return write_typed(out, type_of(frame), content); }, frame);
}

bool write_frame(ByteWriter& out, const AckFrame& frame) {
    return write_typed(out, static_cast<uint64_t>(FrameType::ack), frame);
}

}  // namespace stt
