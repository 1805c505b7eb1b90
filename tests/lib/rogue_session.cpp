// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/rogue_session.hpp"

namespace stt::test {

namespace {

// Generous, so that the honest side is never the one that waits.
constexpr SessionLimits limits{.session_window = 1 << 24,
                               .stream_window = 1 << 24,
                               .max_streams = 1000,
                               .max_datagram = datagram_max,
                               .ack_delay_us = 5000,
                               .keepalive_timeout_ms = 30'000};

}  // namespace

RogueSession::RogueSession(std::string_view hex_seed, Random& random)
    : random_(random), identity_(Identity::generate(random)) {
    seeds_.push_back(seed_from_hex(hex_seed).value());
    while (local_id_ == 0) local_id_ = random.u64();
}

RogueSession::Datagram RogueSession::hello(WallTime wall) {
    AttemptId attempt;
    system_random().fill(attempt);
    caller_.emplace(identity_, seeds_.front().bytes(), attempt, local_id_, preferred_ciphers(), random_);
    return caller_->make_hello(wall, {});
}

RogueSession::Datagram RogueSession::auth_proof(Bytes challenge, const ResumeTicket* claim) {
    const auto read = caller_->read_challenge(challenge);
    if (!read) return {};
    peer_id_ = read->responder_session;
    AuthProofPayload payload{.limits = limits, .token = {}, .resume_proof = {}};
    if (claim) payload.resume_proof = {claim->session, caller_->resume_mac(claim->secret.bytes())};
    Datagram proof = caller_->make_auth_proof(payload);
    install(caller_->finish());
    return proof;
}

bool RogueSession::read_hello(Bytes datagram) {
    responder_ = ResponderHandshake::open_hello(identity_, seeds_, datagram, random_);
    if (responder_) peer_id_ = responder_->header().caller_session;
    return responder_.has_value();
}

RogueSession::Datagram RogueSession::challenge(WallTime wall) {
    return responder_->make_challenge(local_id_, limits, preferred_ciphers(), wall).value();
}

bool RogueSession::read_auth_proof(Bytes datagram) {
    if (!responder_->read_auth_proof(datagram)) return false;
    install(responder_->finish());
    return true;
}

RogueSession::Datagram RogueSession::reject(ErrorCode code, uint8_t sub_code, WallTime wall) const {
    RejectPacket packet{.attempt = responder_->header().attempt,
                        .receiver_session = responder_->header().caller_session,
                        .code = static_cast<uint16_t>(code),
                        .sub_code = sub_code,
                        .time = wall};
    packet.mac = responder_->reject_mac(packet);
    return encode(packet);
}

void RogueSession::install(HandshakeSecrets secrets) {
    protection_.emplace(std::move(PacketProtection::create(secrets, Time{}).value()));
}

RogueSession::Datagram RogueSession::seal(Time now, Bytes plaintext) {
    Datagram packet(plaintext.size() + session_overhead);
    std::copy(plaintext.begin(), plaintext.end(), packet.begin() + session_header_size);
    protection_->seal(now, peer_id_, next_number_++, packet);
    return packet;
}

RogueSession::Datagram RogueSession::seal(Time now, std::initializer_list<Frame> frames) {
    return seal(now, encode_frames(frames));
}

MutableBytes RogueSession::open(Time now, MutableBytes datagram) {
    if (!protection_ || !read_session_header(datagram)) return {};
    const auto opened = protection_->open(now, datagram);
    if (opened.verdict != PacketProtection::Opened::ok) return {};
    opened_ = opened.number;
    return opened.payload;
}

std::vector<uint8_t> data_frame(StreamId stream, uint64_t offset, Bytes data) {
    std::vector<uint8_t> frame(data.size() + 32);
    ByteWriter out(frame);
    const size_t size = write_data_header(out, stream, offset, data.size());
    const MutableBytes room = out.reserve(size);
    std::copy_n(data.begin(), size, room.begin());
    frame.resize(frame.size() - out.remaining());
    return frame;
}

std::vector<uint8_t> encode_frames(std::span<const Frame> frames) {
    std::vector<uint8_t> bytes(datagram_min - session_overhead);
    ByteWriter out(bytes);
    for (const Frame& frame : frames) write_frame(out, frame);
    bytes.resize(bytes.size() - out.remaining());
    return bytes;
}

}  // namespace stt::test
