// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/loopback_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <system_error>

namespace stt::test {

namespace {

sockaddr_in loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace

LoopbackSocket::LoopbackSocket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::system_error(errno, std::generic_category(), "no UDP port");
    port_ = ntohs(address.sin_port);
    const int buffer = 4 << 20;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
}

LoopbackSocket::~LoopbackSocket() { close(fd_); }

void LoopbackSocket::send(uint16_t to_port, std::span<const uint8_t> datagram) const {
    const sockaddr_in address = loopback(to_port);
    sendto(fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&address),
           sizeof address);
}

std::optional<LoopbackSocket::Received> LoopbackSocket::receive(std::chrono::milliseconds timeout) const {
    pollfd item{fd_, POLLIN, 0};
    if (poll(&item, 1, static_cast<int>(timeout.count())) != 1) return std::nullopt;
    sockaddr_in address{};
    socklen_t size = sizeof address;
    std::vector<uint8_t> datagram(65536);
    const ssize_t length =
        recvfrom(fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&address), &size);
    // ICMP's answer to an earlier datagram; there may be another time.
    if (length < 0) return Received{0, {}};
    datagram.resize(static_cast<size_t>(length));
    return Received{ntohs(address.sin_port), std::move(datagram)};
}

}  // namespace stt::test
