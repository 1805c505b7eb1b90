// SPDX-License-Identifier: LGPL-2.1-or-later
/// Conversion between the protocol's addresses and those of the sockets interface.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "core/base/address.hpp"

namespace stt {

class SocketAddress {
  public:
    /// Provides space for the kernel to write to, which is left uninitialised.
    SocketAddress() {}
    /// Converts `address` for a socket of family AF_INET if `v4_only` is set, otherwise AF_INET6.
    SocketAddress(const Address& address, bool v4_only);

    /// Whether the address can be used: false for an IPv6 address on an IPv4 socket.
    bool valid() const { return size_ > 0; }
    sockaddr* get() { return &any_; }
    const sockaddr* get() const { return &any_; }
    socklen_t size() const { return size_; }
    static constexpr socklen_t capacity() { return sizeof(sockaddr_in6); }
    /// The address held, whether it was set by the constructor or by the kernel. All zeros for another
    /// family.
    Address address() const;

  private:
    union {
        sockaddr any_;
        sockaddr_in v4_;
        sockaddr_in6 v6_;
    };
    socklen_t size_ = 0;
};

/// Parses an IPv4 or IPv6 address without brackets. IPv6 may have a `%scope`, which is an interface name or
/// number. Null for any other text.
std::optional<Address> parse_address(const std::string& text, uint16_t port);

}  // namespace stt
