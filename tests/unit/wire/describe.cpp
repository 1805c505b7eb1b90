// SPDX-License-Identifier: LGPL-2.1-or-later
#include "describe.hpp"

#include <charconv>

namespace stt {
namespace {

class Text {
  public:
    explicit Text(std::string_view name) : text_(name) {}
    Text& number(std::string_view name, uint64_t value) { return field(name, std::to_string(value)); }
    Text& bytes(std::string_view name, Bytes value) { return field(name, hex(value)); }
    Text& text(std::string_view name, std::string_view value) { return field(name, value); }
    Text& ranges(const PacketRanges& ranges) {
        std::string list;
        for (const PacketRange& range : ranges.list()) {
            if (!list.empty()) list.append(",");
            list.append(std::to_string(range.first)).append("-").append(std::to_string(range.last));
        }
        return field("ranges", list);
    }
    Text& limits(const SessionLimits& limits) {
        return number("session_window", limits.session_window)
            .number("stream_window", limits.stream_window)
            .number("max_streams", limits.max_streams)
            .number("max_datagram", limits.max_datagram)
            .number("ack_delay_us", limits.ack_delay_us)
            .number("keepalive_timeout_ms", limits.keepalive_timeout_ms);
    }
    Text& time(WallTime time) { return number("time", static_cast<uint64_t>(time.count())); }
    std::string take() { return std::move(text_); }

  private:
    Text& field(std::string_view name, std::string_view value) {
        text_.append(" ").append(name).append("=").append(value);
        return *this;
    }
    std::string text_;
};

struct Describe {
    Text out;

    void operator()(const PaddingFrame&) {}
    void operator()(const KeepAliveFrame& f) { out.number("sequence", f.sequence); }
    void operator()(const KeepAliveAnswerFrame& f) { out.number("sequence", f.sequence); }
    void operator()(const AckFrame& f) { out.number("delay_us", f.delay_us).ranges(f.ranges); }
    void operator()(const NackFrame& f) { out.ranges(f.ranges); }
    void operator()(const SessionWindowFrame& f) { out.number("limit", f.limit); }
    void operator()(const StreamWindowFrame& f) {
        out.number("stream", f.stream).number("limit", f.limit).number("delivered", f.delivered);
    }
    void operator()(const StreamOpenFrame& f) {
        out.number("stream", f.stream).number("priority", f.priority).bytes("header", f.header);
    }
    void operator()(const DataFrame& f) {
        out.number("stream", f.stream).number("offset", f.offset).bytes("data", f.data);
    }
    void operator()(const StreamFinFrame& f) {
        out.number("stream", f.stream).number("final_size", f.final_size);
    }
    void operator()(const StreamCloseFrame& f) {
        out.number("stream", f.stream).number("final_size", f.final_size);
        verdict(f.code, f.sub_code, f.text);
    }
    void operator()(const SessionCloseFrame& f) {
        out.number("reason", static_cast<uint64_t>(f.reason));
        verdict(f.code, f.sub_code, f.text);
    }
    void operator()(const PathChallengeFrame& f) { out.bytes("data", f.data); }
    void operator()(const PathResponseFrame& f) { out.bytes("data", f.data); }
    void operator()(const FinalFrame& f) {
        out.number("resumed", f.resumed);
        verdict(f.code, f.sub_code, f.text);
    }
    void operator()(const NewSessionIdFrame& f) { out.number("sequence", f.sequence).number("id", f.id); }
    void operator()(const ClockRequestFrame& f) { out.number("sequence", f.sequence); }
    void operator()(const ClockResponseFrame& f) {
        out.number("sequence", f.sequence).number("received", f.received).number("sent", f.sent);
    }
    void operator()(const StreamSkipFrame& f) {
        out.number("stream", f.stream).number("from", f.from).number("to", f.to);
    }
    void operator()(const StreamSkippedFrame& f) {
        out.number("stream", f.stream).number("to", f.to).number("kept", f.kept);
    }
    void operator()(const UnknownFrame& f) { out.number("type", f.type); }

    void verdict(uint16_t code, uint8_t sub_code, std::string_view text) {
        out.number("code", code).number("sub_code", sub_code).text("text", text);
    }
};

}  // namespace

std::string hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (uint8_t byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

std::vector<uint8_t> from_hex(std::string_view text) {
    std::vector<uint8_t> bytes(text.size() / 2);
    for (size_t i = 0; i < bytes.size(); i++) {
        std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, bytes[i], 16);
    }
    return bytes;
}

std::string describe(const Frame& frame) {
    const bool unknown = std::holds_alternative<UnknownFrame>(frame);
    Describe describe{Text(unknown ? "UNKNOWN" : frame_name(type_of(frame)))};
    std::visit(describe, frame);
    return describe.out.take();
}

std::string describe(const SessionHeader& header) {
    return Text(header.type == PacketType::session_even ? "SESSION_EVEN" : "SESSION_ODD")
        .number("session", header.session)
        .number("number_low", header.number_low)
        .take();
}

std::string describe(const HelloHeader& header) {
    return Text("HELLO")
        .number("version", header.version)
        .bytes("attempt", header.attempt)
        .number("caller_session", header.caller_session)
        .bytes("cookie", header.cookie)
        .take();
}

std::string describe(const HandshakeHeader& header) {
    return Text("HANDSHAKE")
        .number("version", header.version)
        .bytes("attempt", header.attempt)
        .number("receiver_session", header.receiver_session)
        .take();
}

std::string describe(const CookiePacket& packet) {
    return Text("COOKIE")
        .number("version", packet.version)
        .bytes("attempt", packet.attempt)
        .number("receiver_session", packet.receiver_session)
        .bytes("cookie", packet.cookie)
        .time(packet.time)
        .take();
}

std::string describe(const RejectPacket& packet) {
    return Text("REJECT")
        .number("version", packet.version)
        .bytes("attempt", packet.attempt)
        .number("receiver_session", packet.receiver_session)
        .number("code", packet.code)
        .number("sub_code", packet.sub_code)
        .time(packet.time)
        .bytes("mac", packet.mac)
        .take();
}

std::string describe(const SessionUnknownPacket& packet) {
    return Text("SESSION_UNKNOWN").number("version", packet.version).number("session", packet.session).take();
}

std::string describe(const HelloPayload& payload) {
    return Text("HELLO-PAYLOAD")
        .time(payload.time)
        .bytes("nonce", payload.nonce)
        .number("ciphers", payload.ciphers)
        .take();
}

std::string describe(const ChallengePayload& payload) {
    return Text("CHALLENGE-PAYLOAD")
        .number("responder_session", payload.responder_session)
        .number("cipher", static_cast<uint64_t>(payload.cipher))
        .time(payload.time)
        .limits(payload.limits)
        .take();
}

std::string describe(const AuthProofPayload& payload) {
    return Text("AUTH-PROOF-PAYLOAD")
        .limits(payload.limits)
        .bytes("token", payload.token)
        .bytes("resumed_session", payload.resume_proof ? Bytes(payload.resume_proof->session) : Bytes())
        .bytes("resume_mac", payload.resume_proof ? Bytes(payload.resume_proof->mac) : Bytes())
        .take();
}

std::string describe(const InMessage& message) {
    std::string payload;
    for (const Chunk& chunk : message.payload) payload += hex(chunk.bytes());
    return Text("MESSAGE")
        .number("kind", message.kind)
        .bytes("header", message.header)
        .text("payload", payload)
        .number("end_offset", message.end_offset)
        .take();
}

std::vector<uint8_t> encoded(const Frame& frame) {
    std::vector<uint8_t> buffer(datagram_max);
    ByteWriter out(buffer);
    if (!write_frame(out, frame)) return {};
    buffer.resize(out.size());
    return buffer;
}

}  // namespace stt
