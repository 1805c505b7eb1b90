// SPDX-License-Identifier: LGPL-2.1-or-later
/// A RogueSession behind a socket on loopback. The test's thread drives it; every wait has a deadline.
#pragma once

#include <functional>

#include "tests/lib/loopback_socket.hpp"
#include "tests/lib/rogue_session.hpp"

namespace stt::test {

class RoguePeer {
  public:
    explicit RoguePeer(std::string_view hex_seed, Random& random = system_random())
        : session(hex_seed, random) {}

    uint16_t port() const { return socket.port(); }
    static WallTime wall();

    /// Calls 127.0.0.1:`port` and completes the handshake. False: it does not come about.
    bool call(uint16_t port);
    /// Waits for a HELLO. False: none that opens came in time.
    bool wait_hello();
    /// Answers the HELLO and completes the handshake.
    bool accept();

    /// Sends `datagram` to the peer as it is.
    void send(Bytes datagram) { socket.send(peer_, datagram); }
    /// Sends a packet with `plaintext` where frames belong.
    void send_plain(Bytes plaintext) { send(session.seal(Time{}, plaintext)); }
    void send_frames(std::initializer_list<Frame> frames) { send(session.seal(Time{}, frames)); }

    /// The next datagram of `type`; others are dropped. Empty: none came in time.
    RogueSession::Datagram receive(PacketType type);
    /// Receives, and acknowledges, until a frame came that `wanted` accepts; what else is in its packet is
    /// dropped. False: none came in time.
    bool wait_frame(const std::function<bool(const Frame&)>& wanted);
    template <class T>
    bool wait_frame() {
        return wait_frame([](const Frame& frame) { return std::holds_alternative<T>(frame); });
    }

    RogueSession session;
    LoopbackSocket socket;

  private:
    RogueSession::Datagram receive(PacketType type, std::chrono::steady_clock::time_point end);

    uint16_t peer_ = 0;  // its port
};

}  // namespace stt::test
