// SPDX-License-Identifier: LGPL-2.1-or-later
/// A line between a caller and a listener on loopback, which can be cut and made noisy.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/lib/loopback_socket.hpp"

namespace stt::test {

class Line {
  public:
    /// Sees a datagram, may change it, and swallows it by returning false. Called on the line's thread.
    using Weather = std::function<bool(bool from_caller, std::vector<uint8_t>& datagram)>;

    /// Leads to 127.0.0.1:`listener`.
    explicit Line(uint16_t listener);
    ~Line();

    /// Where the caller finds it.
    uint16_t port() const { return front_.port(); }
    void set_weather(Weather weather);
    /// From now on whatever belongs to handshakes goes to 127.0.0.1:`port`, as an attacker on the way might
    /// do.
    void divert_handshakes(uint16_t port) { handshakes_to_ = port; }
    /// From now on the listener sees another port of the caller's, as after a NAT has forgotten it.
    void rebind() { rebind_ = true; }
    void cut() {
        set_weather([](bool, auto&) { return false; });
    }

  private:
    void run();

    const uint16_t listener_;
    std::atomic<uint16_t> handshakes_to_{0};  // 0: to the listener
    LoopbackSocket front_;
    std::unique_ptr<LoopbackSocket> back_ = std::make_unique<LoopbackSocket>();  // the line's thread
    std::atomic<bool> rebind_{false};
    uint16_t caller_ = 0;  // its port, once it has sent something
    std::mutex mutex_;
    Weather weather_;  // under mutex_
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace stt::test
