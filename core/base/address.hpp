// SPDX-License-Identifier: LGPL-2.1-or-later
/// The source or destination of a datagram, independent of any socket.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/transport_kind.hpp"

namespace stt {

/// An IP address and port, and the transport by which it is reached. The same IP address and port over
/// another transport is another address. IPv4 addresses are kept in mapped form (::ffff:a.b.c.d).
struct Address {
    std::array<uint8_t, 16> ip{};
    uint16_t port = 0;  ///< host byte order
    TransportKind transport = TransportKind::udp;
    uint32_t scope_id = 0;  ///< IPv6 link-local interface index, otherwise 0

    auto operator<=>(const Address&) const = default;
    bool is_v4() const;
    /// The text form with the port, such as `192.0.2.1:7600` or `[2001:db8::1]:7600`.
    std::string to_string() const;
    /// The text form without the port, such as `192.0.2.1` or `2001:db8::1`.
    std::string ip_string() const;
    /// Makes an address from `ip`, an IPv4 address in network order such as `{192, 0, 2, 1}`, and `port`, in
    /// host byte order.
    static Address v4(std::array<uint8_t, 4> ip, uint16_t port);
};

}  // namespace stt

template <>
struct std::hash<stt::Address> {
    size_t operator()(const stt::Address& address) const noexcept;
};
