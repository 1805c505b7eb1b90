// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/line.hpp"

#include <poll.h>

#include "core/wire/handshake_packet.hpp"

namespace stt::test {

using namespace std::chrono_literals;

Line::Line(uint16_t listener) : listener_(listener), thread_([this] { run(); }) {}

Line::~Line() {
    stop_ = true;
    thread_.join();
}

void Line::set_weather(Weather weather) {
    const std::lock_guard lock(mutex_);
    weather_ = std::move(weather);
}

void Line::run() {
    const auto passes = [this](bool from_caller, std::vector<uint8_t>& datagram) {
        const std::lock_guard lock(mutex_);
        return !weather_ || weather_(from_caller, datagram);
    };
    constexpr int look_again_ms = 10;  // at stop_
    while (!stop_) {
        if (rebind_.exchange(false)) back_ = std::make_unique<LoopbackSocket>();
        pollfd items[] = {{front_.fd(), POLLIN, 0}, {back_->fd(), POLLIN, 0}};
        poll(items, 2, look_again_ms);
        if (items[0].revents)
            if (auto there = front_.receive(0ms); there && !there->datagram.empty()) {
                caller_ = there->from_port;
                const auto type = packet_type(there->datagram);
                const bool handshake = type == PacketType::hello || type == PacketType::auth_proof;
                const uint16_t to = handshake && handshakes_to_ ? handshakes_to_.load() : listener_;
                if (passes(true, there->datagram)) back_->send(to, there->datagram);
            }
        if (items[1].revents)
            if (auto back = back_->receive(0ms); back && !back->datagram.empty() && caller_)
                if (passes(false, back->datagram)) front_.send(caller_, back->datagram);
    }
}

}  // namespace stt::test
