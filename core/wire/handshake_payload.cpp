// SPDX-License-Identifier: LGPL-2.1-or-later
/// The lists of fields in the handshake's sealed messages.
#include <string>

#include "core/base/text.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {
namespace {

// The three messages share the tags; each one uses the tags it knows and skips the others.
enum Tag : uint64_t {
    tag_padding = 0,  // the rest of the payload is padding
    tag_time = 1,
    tag_nonce = 2,
    tag_ciphers = 3,
    tag_session = 4,
    tag_cipher = 5,
    tag_session_window = 6,
    tag_stream_window = 7,
    tag_max_streams = 8,
    tag_max_datagram = 9,
    tag_ack_delay_us = 10,
    tag_keepalive_timeout_ms = 11,
    tag_token = 12,
    tag_resume_proof = 13,
};
constexpr uint64_t tag_end = 14;

constexpr uint64_t keepalive_timeout_ms_max = microseconds_max / 1000;

class FieldWriter {
  public:
    void bytes(Tag tag, Bytes value) {
        const MutableBytes at = field(tag, value.size());
        ByteWriter(at).bytes(value);
    }
    void u8(Tag tag, uint8_t value) { ByteWriter(field(tag, 1)).u8(value); }
    void u64(Tag tag, uint64_t value) { ByteWriter(field(tag, 8)).u64(value); }
    void varint(Tag tag, uint64_t value) { ByteWriter(field(tag, varint_size(value))).varint(value); }
    void limits(const SessionLimits& limits) {
        varint(tag_session_window, limits.session_window);
        varint(tag_stream_window, limits.stream_window);
        varint(tag_max_streams, limits.max_streams);
        varint(tag_max_datagram, limits.max_datagram);
        varint(tag_ack_delay_us, limits.ack_delay_us);
        varint(tag_keepalive_timeout_ms, limits.keepalive_timeout_ms);
    }
    void resume_proof(const ResumeProof& proof) {
        ByteWriter out(field(tag_resume_proof, proof.session.size() + proof.mac.size()));
        out.bytes(proof.session);
        out.bytes(proof.mac);
    }
    std::vector<uint8_t> take() { return std::move(bytes_); }

  private:
    // Appends tag and length. Returns the space for the value, which is valid until the next field is added.
    MutableBytes field(Tag tag, size_t size) {
        const size_t before = bytes_.size();
        const size_t head = varint_size(tag) + varint_size(size);
        bytes_.resize(before + head + size);
        ByteWriter out(MutableBytes(bytes_).subspan(before));
        out.varint(tag);
        out.varint(size);
        return out.reserve(size);
    }

    std::vector<uint8_t> bytes_;
};

// The fields of a payload by tag. The take functions record the first error, which result() then reports.
class FieldReader {
  public:
    FieldReader(const char* message, Bytes bytes) : message_(message) { index(bytes); }

    void take_bytes(Tag tag, std::vector<uint8_t>& into, size_t size_max) {
        const Bytes value = values_[tag];
        if (value.size() > size_max) return fail(tr_noop("%s has a field that is too long"));
        into.assign(value.begin(), value.end());
    }
    void take_bytes(Tag tag, MutableBytes into) {
        read(tag, [&](ByteReader& in) { in.copy_to(into); });
    }
    void take_resume_proof(std::optional<ResumeProof>& into) {
        if (!seen(tag_resume_proof)) return;
        ResumeProof& proof = into.emplace();
        read(tag_resume_proof, [&](ByteReader& in) {
            in.copy_to(proof.session);
            in.copy_to(proof.mac);
        });
    }
    void take_u8(Tag tag, uint8_t& into) {
        read(tag, [&](ByteReader& in) { into = in.u8(); });
    }
    void take_u64(Tag tag, uint64_t& into) {
        read(tag, [&](ByteReader& in) { into = in.u64(); });
    }
    void take_varint(Tag tag, uint64_t& into, uint64_t low, uint64_t high) {
        read(tag, [&](ByteReader& in) { into = in.varint(); });
        if (into < low || into > high) fail(tr_noop("%s has a value that is out of range"));
    }
    void take_time(WallTime& into) {
        uint64_t time = 0;
        take_u64(tag_time, time);
        if (time > microseconds_max) return fail(tr_noop("%s has a time that is out of range"));
        into = WallTime(time);
    }
    void take_limits(SessionLimits& limits) {
        take_varint(tag_session_window, limits.session_window, 0, varint_max);
        take_varint(tag_stream_window, limits.stream_window, 0, varint_max);
        take_varint(tag_max_streams, limits.max_streams, 0, varint_max);
        take_varint(tag_max_datagram, limits.max_datagram, datagram_min, varint_max);
        take_varint(tag_ack_delay_us, limits.ack_delay_us, 0, ack_delay_us_max);
        take_varint(tag_keepalive_timeout_ms, limits.keepalive_timeout_ms, 0, keepalive_timeout_ms_max);
    }

    /// `format` is the format of a sentence about the message.
    void fail(const char* format) {
        if (!problem_) problem_ = format;
    }
    template <class Payload>
    Result<Payload> result(Payload payload) const {
        if (!problem_) return payload;
        return make_error(ErrorCode::handshake_failure, Reason::malformed_handshake, ErrorOrigin::peer,
                          tr(problem_, message_));
    }

  private:
    bool seen(uint64_t tag) const { return (seen_ >> tag & 1) != 0; }

    void index(Bytes bytes) {
        ByteReader in(bytes);
        while (!in.empty() && in.peek() != tag_padding) {
            const uint64_t tag = in.varint();
            const Bytes value = in.bytes(in.varint());
            if (!in.ok()) return fail(tr_noop("%s is truncated"));
            if (tag >= tag_end) continue;
            if (seen(tag)) return fail(tr_noop("%s contains a field twice"));
            values_[tag] = value;
            seen_ |= 1u << tag;
        }
    }

    // Reads a field that must be present, and that `take` must read to its end.
    template <class Read>
    void read(Tag tag, Read&& take) {
        if (!seen(tag)) return fail(tr_noop("%s lacks a field"));
        ByteReader in(values_[tag]);
        take(in);
        if (!in.ok() || !in.empty()) fail(tr_noop("%s has a field of the wrong length"));
    }

    const char* message_;
    std::array<Bytes, tag_end> values_{};
    uint32_t seen_ = 0;
    const char* problem_ = nullptr;
};

}  // namespace

std::vector<uint8_t> encode(const HelloPayload& payload) {
    FieldWriter out;
    out.u64(tag_time, static_cast<uint64_t>(payload.time.count()));
    out.bytes(tag_nonce, payload.nonce);
    out.u8(tag_ciphers, payload.ciphers);
    return out.take();
}

Result<HelloPayload> decode_hello_payload(Bytes bytes) {
    FieldReader in("HELLO", bytes);
    HelloPayload payload;
    in.take_time(payload.time);
    in.take_bytes(tag_nonce, payload.nonce);
    in.take_u8(tag_ciphers, payload.ciphers);
    return in.result(payload);
}

std::vector<uint8_t> encode(const ChallengePayload& payload) {
    FieldWriter out;
    out.u64(tag_session, payload.responder_session);
    out.u8(tag_cipher, static_cast<uint8_t>(payload.cipher));
    out.u64(tag_time, static_cast<uint64_t>(payload.time.count()));
    out.limits(payload.limits);
    return out.take();
}

Result<ChallengePayload> decode_challenge_payload(Bytes bytes) {
    FieldReader in("CHALLENGE", bytes);
    ChallengePayload payload;
    in.take_u64(tag_session, payload.responder_session);
    if (payload.responder_session == 0) in.fail(tr_noop("%s has a session id of zero"));
    uint8_t cipher = 0;
    in.take_u8(tag_cipher, cipher);
    payload.cipher = Cipher{cipher};
    if (payload.cipher != Cipher::aes256_gcm && payload.cipher != Cipher::chacha20_poly1305) {
        in.fail(tr_noop("%s chooses an unknown cipher"));
    }
    in.take_time(payload.time);
    in.take_limits(payload.limits);
    return in.result(payload);
}

std::vector<uint8_t> encode(const AuthProofPayload& payload) {
    FieldWriter out;
    out.limits(payload.limits);
    if (!payload.token.empty()) out.bytes(tag_token, payload.token);
    if (payload.resume_proof) out.resume_proof(*payload.resume_proof);
    return out.take();
}

Result<AuthProofPayload> decode_auth_proof_payload(Bytes bytes) {
    FieldReader in("AUTH_PROOF", bytes);
    AuthProofPayload payload;
    in.take_limits(payload.limits);
    in.take_bytes(tag_token, payload.token, token_max);
    in.take_resume_proof(payload.resume_proof);
    return in.result(payload);
}

}  // namespace stt
