// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/handshake.hpp"

#include <sodium.h>

#include <algorithm>
#include <cassert>
#include <string>

#include "core/base/text.hpp"

namespace stt {
namespace {

Error handshake_error(HandshakeSubCode step, Reason reason, std::string text) {
    return make_error(ErrorCode::handshake_failure, reason, ErrorOrigin::peer, std::move(text)).at(step);
}

NoiseHandshake::Config noise_config(bool initiator, Bytes prologue, Bytes seed, const Identity& identity,
                                    Random& random) {
    NoiseHandshake::Config config;
    config.initiator = initiator;
    config.prologue = prologue;
    config.psks = {seed};
    config.identity = &identity;
    config.random = &random;
    return config;
}

// Makes a CHALLENGE or AUTH_PROOF: the clear header, followed by the Noise message.
Result<std::vector<uint8_t>> write_packet(PacketType type, const HandshakeHeader& header,
                                          NoiseHandshake& noise, Bytes payload) {
    static_assert(challenge_header_size == auth_proof_header_size);
    std::vector<uint8_t> packet(challenge_header_size);
    write_handshake_header(packet, type, header);
    if (const Status written = noise.write_message(payload, packet); !written) return written.error();
    seal_handshake_checksum(packet);
    return packet;
}

// Returns the Noise message in `packet`. The AEAD does not cover the clear header, so every field of it is
// compared with its expected value.
std::optional<Bytes> noise_part(Bytes packet, PacketType type, const AttemptId& attempt, SessionId receiver) {
    if (packet_type(packet) != type || handshake_version(packet) != wire_version) return std::nullopt;
    const auto header = read_handshake_header(packet);
    if (!header || header->attempt != attempt || header->receiver_session != receiver) return std::nullopt;
    return packet.subspan(challenge_header_size);
}

HandshakeSecrets secrets_of(const NoiseHandshake& noise, bool caller, Cipher cipher) {
    NoiseHandshake::Keys keys = noise.split();
    HandshakeSecrets secrets;
    secrets.send_key = std::move(caller ? keys.initiator_to_responder : keys.responder_to_initiator);
    secrets.receive_key = std::move(caller ? keys.responder_to_initiator : keys.initiator_to_responder);
    secrets.cipher = cipher;
    secrets.peer = *noise.remote_static();
    const Bytes hash = noise.handshake_hash();
    std::copy_n(hash.begin(), secrets.session.size(), secrets.session.begin());
    secrets.resume_secret = noise.export_secret("stt resume");
    secrets.caller = caller;
    return secrets;
}

RejectMac mac_of(Bytes seed, const RejectPacket& packet) {
    const SecretBytes key = derive_secret(seed, "stt reject");
    const std::vector<uint8_t> input = reject_mac_input(packet);
    RejectMac mac;
    crypto_generichash(mac.data(), mac.size(), input.data(), input.size(), key.bytes().data(), key.size());
    return mac;
}

// The MAC binds the proof to this handshake and to both identities.
std::array<uint8_t, 32> resume_mac_of(Bytes secret, Bytes challenge_hash, const NodeId& caller,
                                      const NodeId& responder) {
    std::string label = "stt resume proof";
    for (const Bytes part : {challenge_hash, Bytes(caller), Bytes(responder)})
        label.append(reinterpret_cast<const char*>(part.data()), part.size());
    const SecretBytes derived = derive_secret(secret, label);
    std::array<uint8_t, 32> mac;
    std::copy_n(derived.bytes().begin(), mac.size(), mac.begin());
    return mac;
}

std::vector<uint8_t> hash_of(const NoiseHandshake& noise) {
    const Bytes hash = noise.handshake_hash();
    return {hash.begin(), hash.end()};
}

}  // namespace

CipherSet preferred_ciphers() {
    initialise_sodium();
    const CipherSet hardware =
        crypto_aead_aes256gcm_is_available() ? cipher_bit(Cipher::aes256_gcm) : CipherSet{0};
    return static_cast<CipherSet>(hardware | cipher_bit(Cipher::chacha20_poly1305));
}

CallerHandshake::CallerHandshake(const Identity& identity, Bytes seed, const AttemptId& attempt,
                                 SessionId local_session, CipherSet ciphers, Random& random)
    : identity_(identity),
      random_(random),
      seed_(SecretBytes::copy_of(seed)),
      attempt_(attempt),
      local_session_(local_session),
      ciphers_(ciphers) {}

std::vector<uint8_t> CallerHandshake::make_hello(WallTime wall, const Cookie& cookie) {
    HelloHeader header;
    header.attempt = attempt_;
    header.caller_session = local_session_;
    header.cookie = cookie;
    HelloPayload payload;
    payload.time = wall;
    payload.ciphers = ciphers_;
    random_.fill(payload.nonce);
    noise_.emplace(noise_config(true, hello_prologue(header), seed_.bytes(), identity_, random_));

    std::vector<uint8_t> plain = encode(payload);
    // Tag zero begins padding, so zero bytes are enough.
    plain.resize(datagram_min - hello_header_size - noise_->overhead());
    std::vector<uint8_t> packet(hello_header_size);
    write_hello_header(packet, header);
    [[maybe_unused]] const Status written = noise_->write_message(plain, packet);
    assert(written && packet.size() == datagram_min);  // without X25519 nothing can fail
    seal_handshake_checksum(packet);
    return packet;
}

Result<ChallengePayload> CallerHandshake::read_challenge(Bytes datagram) {
    constexpr auto sub_code = HandshakeSubCode::challenge_decrypt_failed;
    const auto sealed = noise_part(datagram, PacketType::challenge, attempt_, local_session_);
    if (!sealed)
        return handshake_error(sub_code, Reason::challenge,
                               tr("a CHALLENGE does not answer this node's HELLO"));
    NoiseHandshake attempt = noise_->clone();
    auto plain = attempt.read_message(*sealed);
    if (!plain)
        return handshake_error(sub_code, Reason::challenge,
                               tr("a CHALLENGE cannot be opened: %s", plain.error().text.c_str()));
    auto payload = decode_challenge_payload(*plain);
    if (!payload) return payload.error();
    if (!(ciphers_ & cipher_bit(payload->cipher)))
        return handshake_error(HandshakeSubCode::none, Reason::cipher,
                               tr("a CHALLENGE chooses a cipher that was not offered"));
    noise_ = std::move(attempt);
    responder_session_ = payload->responder_session;
    cipher_ = payload->cipher;
    peer_ = *noise_->remote_static();
    challenge_hash_ = hash_of(*noise_);
    return payload;
}

std::vector<uint8_t> CallerHandshake::make_auth_proof(const AuthProofPayload& payload) {
    HandshakeHeader header;
    header.attempt = attempt_;
    header.receiver_session = responder_session_;
    auto packet = write_packet(PacketType::auth_proof, header, *noise_, encode(payload));
    // X25519 with the responder's ephemeral key succeeded in read_challenge(), so that key is not of low
    // order; `se` uses the same key.
    assert(packet);
    return std::move(*packet);
}

HandshakeSecrets CallerHandshake::finish() {
    HandshakeSecrets secrets = secrets_of(*noise_, true, cipher_);
    noise_.reset();
    return secrets;
}

bool CallerHandshake::reject_is_authentic(const RejectPacket& packet) const {
    const RejectMac expected = mac_of(seed_.bytes(), packet);
    return sodium_memcmp(expected.data(), packet.mac.data(), expected.size()) == 0;
}

std::optional<ResponderHandshake> ResponderHandshake::open_hello(const Identity& identity,
                                                                 std::span<const SecretBytes> seeds,
                                                                 Bytes datagram, Random& random) {
    if (packet_type(datagram) != PacketType::hello || datagram.size() != datagram_min ||
        handshake_version(datagram) != wire_version)
        return std::nullopt;
    const auto header = read_hello_header(datagram);
    if (!header) return std::nullopt;
    const std::vector<uint8_t> prologue = hello_prologue(*header);
    for (const SecretBytes& seed : seeds) {
        std::vector<uint8_t> plain;
        auto noise = NoiseHandshake::open_first(noise_config(false, prologue, seed.bytes(), identity, random),
                                                datagram.subspan(hello_header_size), plain);
        if (!noise) continue;
        auto payload = decode_hello_payload(plain);
        if (!payload) return std::nullopt;
        ResponderHandshake result;
        result.identity_ = &identity;
        result.header_ = *header;
        std::copy_n(datagram.begin() + hello_header_size, result.ephemeral_.size(),
                    result.ephemeral_.begin());
        result.payload_ = *payload;
        result.seed_ = seed.clone();
        result.noise_ = std::move(noise);
        return result;
    }
    return std::nullopt;
}

bool ResponderHandshake::same_hello(Bytes datagram) const {
    return datagram.size() == datagram_min &&
           std::equal(ephemeral_.begin(), ephemeral_.end(), datagram.begin() + hello_header_size);
}

Result<std::vector<uint8_t>> ResponderHandshake::make_challenge(SessionId local_session,
                                                                const SessionLimits& limits,
                                                                CipherSet ciphers, WallTime wall) {
    const auto common = static_cast<CipherSet>(payload_.ciphers & ciphers);
    if (common & cipher_bit(Cipher::aes256_gcm))
        cipher_ = Cipher::aes256_gcm;
    else if (common & cipher_bit(Cipher::chacha20_poly1305))
        cipher_ = Cipher::chacha20_poly1305;
    else
        return handshake_error(HandshakeSubCode::none, Reason::cipher,
                               tr("a HELLO offers no cipher that this node supports"));
    local_session_ = local_session;

    ChallengePayload payload;
    payload.responder_session = local_session;
    payload.cipher = cipher_;
    payload.time = wall;
    payload.limits = limits;
    HandshakeHeader header;
    header.attempt = header_.attempt;
    header.receiver_session = header_.caller_session;
    auto packet = write_packet(PacketType::challenge, header, *noise_, encode(payload));
    if (!packet) return handshake_error(HandshakeSubCode::none, Reason::challenge, packet.error().text);
    challenge_hash_ = hash_of(*noise_);
    return packet;
}

Result<AuthProofPayload> ResponderHandshake::read_auth_proof(Bytes datagram) {
    constexpr auto sub_code = HandshakeSubCode::proof_verification_failed;
    const auto sealed = noise_part(datagram, PacketType::auth_proof, header_.attempt, local_session_);
    if (!sealed)
        return handshake_error(sub_code, Reason::proof,
                               tr("an AUTH_PROOF does not answer this node's CHALLENGE"));
    NoiseHandshake attempt = noise_->clone();
    auto plain = attempt.read_message(*sealed);
    if (!plain)
        return handshake_error(sub_code, Reason::proof,
                               tr("an AUTH_PROOF cannot be opened: %s", plain.error().text.c_str()));
    auto payload = decode_auth_proof_payload(*plain);
    if (!payload) return payload.error();
    noise_ = std::move(attempt);
    return payload;
}

HandshakeSecrets ResponderHandshake::finish() {
    HandshakeSecrets secrets = secrets_of(*noise_, false, cipher_);
    noise_.reset();
    return secrets;
}

std::array<uint8_t, 32> CallerHandshake::resume_mac(Bytes resume_secret) const {
    return resume_mac_of(resume_secret, challenge_hash_, identity_.node_id(), peer_);
}

bool ResponderHandshake::resume_mac_fits(Bytes resume_secret, const std::array<uint8_t, 32>& mac) const {
    const auto expected =
        resume_mac_of(resume_secret, challenge_hash_, *noise_->remote_static(), identity_->node_id());
    return sodium_memcmp(expected.data(), mac.data(), mac.size()) == 0;
}

RejectMac CallerHandshake::reject_mac(const RejectPacket& packet) const {
    return mac_of(seed_.bytes(), packet);
}

RejectMac ResponderHandshake::reject_mac(const RejectPacket& packet) const {
    return mac_of(seed_.bytes(), packet);
}

}  // namespace stt
