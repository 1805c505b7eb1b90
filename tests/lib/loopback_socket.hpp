// SPDX-License-Identifier: LGPL-2.1-or-later
/// A plain UDP socket on 127.0.0.1.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace stt::test {

class LoopbackSocket {
  public:
    /// Binds a port that the kernel picks.
    LoopbackSocket();
    ~LoopbackSocket();
    LoopbackSocket(const LoopbackSocket&) = delete;
    LoopbackSocket& operator=(const LoopbackSocket&) = delete;

    int fd() const { return fd_; }
    uint16_t port() const { return port_; }
    void send(uint16_t to_port, std::span<const uint8_t> datagram) const;

    struct Received {
        uint16_t from_port;
        std::vector<uint8_t> datagram;
    };
    /// The next datagram; null when none came in time.
    std::optional<Received> receive(std::chrono::milliseconds timeout) const;

  private:
    int fd_;
    uint16_t port_;
};

}  // namespace stt::test
