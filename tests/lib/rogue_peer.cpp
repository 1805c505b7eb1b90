// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/rogue_peer.hpp"

namespace stt::test {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;  // far beyond anything that works

}  // namespace

WallTime RoguePeer::wall() {
    return std::chrono::duration_cast<WallTime>(std::chrono::system_clock::now().time_since_epoch());
}

bool RoguePeer::call(uint16_t port) {
    peer_ = port;
    send(session.hello(wall()));
    const auto challenge = receive(PacketType::challenge);
    if (challenge.empty()) return false;
    const auto proof = session.auth_proof(challenge);
    if (proof.empty()) return false;
    send(proof);
    return wait_frame([](const Frame& frame) {
        const auto* final = std::get_if<FinalFrame>(&frame);
        return final && final->code == 0;
    });
}

bool RoguePeer::wait_hello() {
    const auto hello = receive(PacketType::hello);
    return session.read_hello(hello);
}

bool RoguePeer::accept() {
    send(session.challenge(wall()));
    if (!session.read_auth_proof(receive(PacketType::auth_proof))) return false;
    send_frames({FinalFrame{}});
    return true;
}

RogueSession::Datagram RoguePeer::receive(PacketType type) {
    return receive(type, std::chrono::steady_clock::now() + patience);
}

RogueSession::Datagram RoguePeer::receive(PacketType type, std::chrono::steady_clock::time_point end) {
    for (;;) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= left.zero()) return {};
        auto received = socket.receive(std::chrono::ceil<std::chrono::milliseconds>(left));
        if (!received) return {};
        if (packet_type(received->datagram) != type) continue;
        peer_ = received->from_port;
        return std::move(received->datagram);
    }
}

bool RoguePeer::wait_frame(const std::function<bool(const Frame&)>& wanted) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto datagram = receive(PacketType::session_even, end);
        if (datagram.empty()) return false;
        const MutableBytes payload = session.open(Time{}, datagram);
        if (payload.empty()) continue;
        AckFrame ack{.delay_us = 0, .ranges = {}};
        ack.ranges.add({session.opened(), session.opened()});
        send_frames({ack});
        FrameReader reader(payload);
        Frame frame;
        while (reader.next(frame))
            if (wanted(frame)) return true;
    }
}

}  // namespace stt::test
