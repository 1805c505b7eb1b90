// SPDX-License-Identifier: LGPL-2.1-or-later
/// The handshake's messages against two attackers. A stranger puts anything behind a right clear header and
/// checksum: nothing of it may open. A member, who has the seed, seals anything by the rules: the readers
/// must survive it. The first byte chooses attacker and message.
#include <algorithm>
#include <vector>

#include "core/crypto/protection.hpp"
#include "fuzz.hpp"
#include "tests/lib/seeded_random.hpp"

using namespace stt;

namespace {

using Buffer = std::vector<uint8_t>;

constexpr SessionId caller_session = 1, responder_session = 2;
constexpr CipherSet chacha = cipher_bit(Cipher::chacha20_poly1305);
constexpr WallTime wall = std::chrono::hours(500000);

struct World {
    SeededRandom random{1};
    Identity alice = Identity::generate(random), bob = Identity::generate(random);
    std::vector<SecretBytes> seeds;
    AttemptId attempt{7};

    World() { seeds.push_back(SecretBytes(seed_size)); }
    Bytes seed() const { return seeds[0].bytes(); }
    CallerHandshake caller() {
        return CallerHandshake(alice, seed(), attempt, caller_session, chacha, random);
    }
    auto open(Bytes hello) { return ResponderHandshake::open_hello(bob, seeds, hello, random); }
    // A member's own Noise, to seal what CallerHandshake and ResponderHandshake never would.
    NoiseHandshake noise(bool initiator, const HelloHeader& header) {
        const Buffer prologue = hello_prologue(header);
        NoiseHandshake::Config config;
        config.initiator = initiator;
        config.prologue = prologue;
        config.psks = {seed()};
        config.identity = initiator ? &alice : &bob;
        config.random = &random;
        return NoiseHandshake(config);
    }
};

HelloHeader hello_header(const World& world) {
    HelloHeader header;
    header.attempt = world.attempt;
    header.caller_session = caller_session;
    return header;
}

Buffer with_header(const World& world, PacketType type, SessionId receiver) {
    Buffer packet(challenge_header_size);
    HandshakeHeader header;
    header.attempt = world.attempt;
    header.receiver_session = receiver;
    write_handshake_header(packet, type, header);
    return packet;
}

Buffer strangers(Buffer packet, Bytes sealed) {
    packet.insert(packet.end(), sealed.begin(), sealed.end());
    seal_handshake_checksum(packet);
    return packet;
}

Buffer members(Buffer packet, NoiseHandshake& noise, Bytes payload) {
    MUST(noise.write_message(payload, packet));
    seal_handshake_checksum(packet);
    return packet;
}

void hello(World& world, bool member, Bytes input) {
    Buffer packet(hello_header_size);
    write_hello_header(packet, hello_header(world));
    if (member) {
        NoiseHandshake noise = world.noise(true, hello_header(world));
        Buffer payload(input.begin(), input.end());
        payload.resize(datagram_min - hello_header_size - noise.overhead());
        packet = members(std::move(packet), noise, payload);
    } else {
        Buffer sealed(input.begin(), input.end());
        sealed.resize(datagram_min - hello_header_size);
        packet = strangers(std::move(packet), sealed);
    }
    auto responder = world.open(packet);
    MUST(member || !responder);
    // Whatever the payload offered, an answer is made or refused.
    if (responder) (void)responder->make_challenge(responder_session, {}, chacha, wall).ok();
}

void challenge(World& world, bool member, Bytes input) {
    CallerHandshake caller = world.caller();
    const Buffer hello = caller.make_hello(wall, {});
    Buffer packet = with_header(world, PacketType::challenge, caller_session);
    if (member) {
        NoiseHandshake noise = world.noise(false, hello_header(world));
        MUST(noise.read_message(Bytes(hello).subspan(hello_header_size)));
        packet = members(std::move(packet), noise, input);
    } else {
        packet = strangers(std::move(packet), input);
    }
    const bool opened = caller.read_challenge(packet).ok();
    MUST(member || !opened);
    if (opened) {
        MUST(caller.peer() == world.bob.node_id());
        MUST(!caller.make_auth_proof({}).empty());
        return;
    }
    // The genuine one still counts.
    auto responder = world.open(hello);
    MUST(responder);
    const auto genuine = responder->make_challenge(responder_session, {}, chacha, wall);
    MUST(genuine && caller.read_challenge(genuine.value()));
}

void auth_proof(World& world, bool member, Bytes input) {
    const HelloHeader header = hello_header(world);
    NoiseHandshake noise = world.noise(true, header);
    HelloPayload offer;
    offer.ciphers = chacha;
    Buffer plain = encode(offer);
    plain.resize(datagram_min - hello_header_size - noise.overhead());
    Buffer hello(hello_header_size);
    write_hello_header(hello, header);
    hello = members(std::move(hello), noise, plain);
    auto responder = world.open(hello);
    MUST(responder);
    const auto challenge = responder->make_challenge(responder_session, {}, chacha, wall);
    MUST(challenge);
    MUST(noise.read_message(Bytes(challenge.value()).subspan(challenge_header_size)));

    Buffer packet = with_header(world, PacketType::auth_proof, responder_session);
    NoiseHandshake genuine = noise.clone();
    packet = member ? members(std::move(packet), noise, input) : strangers(std::move(packet), input);
    bool opened = responder->read_auth_proof(packet).ok();
    MUST(member || !opened);
    if (!opened) {
        packet = members(with_header(world, PacketType::auth_proof, responder_session), genuine,
                         encode(AuthProofPayload{}));
        opened = responder->read_auth_proof(packet).ok();
    }
    MUST(opened);
    MUST(responder->finish().peer == world.alice.node_id());
}

void session_packet(Bytes input) {
    HandshakeSecrets secrets;
    secrets.send_key = SecretBytes(32);
    secrets.receive_key = SecretBytes(32);
    auto protection = PacketProtection::create(secrets, Time{});
    MUST(protection);
    Buffer packet(input.begin(), input.end());
    MUST(protection.value().open(Time{}, packet).verdict != PacketProtection::Opened::ok);
    MUST(std::ranges::equal(packet, input));
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const Bytes input(data + 1, size - 1);
    World world;
    const bool member = data[0] & 1;
    switch (data[0] / 2 % 4) {
        case 0:
            hello(world, member, input);
            break;
        case 1:
            challenge(world, member, input);
            break;
        case 2:
            auth_proof(world, member, input);
            break;
        case 3:
            session_packet(input);
            break;
    }
    return 0;
}
