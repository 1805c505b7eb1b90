// SPDX-License-Identifier: LGPL-2.1-or-later
/// Between the protocol's addresses and the system's.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "core/base/address.hpp"

namespace stt {

class SocketAddress {
  public:
    /// Room for the kernel to write to; left uninitialised.
    SocketAddress() {}
    /// For a socket of family AF_INET when `v4_only`, else AF_INET6.
    SocketAddress(const Address& address, bool v4_only);

    /// False: an IPv6 address for an IPv4 socket.
    bool valid() const { return size_ > 0; }
    sockaddr* get() { return &any_; }
    const sockaddr* get() const { return &any_; }
    socklen_t size() const { return size_; }
    static constexpr socklen_t capacity() { return sizeof(sockaddr_in6); }
    /// What is held, whether written by us or the kernel. All zeros for another family.
    Address address() const;

  private:
    union {
        sockaddr any_;
        sockaddr_in v4_;
        sockaddr_in6 v6_;
    };
    socklen_t size_ = 0;
};

/// `text`: an IPv4 or IPv6 address without brackets, IPv6 with an optional `%scope` (interface name or
/// number). Null when it is neither.
std::optional<Address> parse_address(const std::string& text, uint16_t port);

}  // namespace stt
