// SPDX-License-Identifier: LGPL-2.1-or-later
/// The properties of UDP as a transport.
#pragma once

#include "core/proto/transport_properties.hpp"

namespace stt {

/// Bytes of the IP and UDP headers, without IP options or extension headers.
inline constexpr size_t ipv4_udp_headers = 20 + 8, ipv6_udp_headers = 40 + 8;

inline constexpr TransportProperties udp_properties{
    .longest_datagram = datagram_max,
    // UDP_MAX_SEGMENTS of Linux before 6.6.
    .batch_datagrams = 64,
    // The longest packet less the IPv6 and UDP headers, which fits an IPv4 and an IPv6 packet.
    .batch_bytes = 65535 - ipv6_udp_headers,
    .ipv4_headers = ipv4_udp_headers,
    .ipv6_headers = ipv6_udp_headers,
    .reliable = false,
    .validated = false,
    .send_failed = ErrorCode::udp_send_failed,
};

/// The smallest MTU in bytes. It leaves datagram_min in either address family.
inline constexpr uint64_t mtu_min = datagram_min + ipv6_udp_headers;

}  // namespace stt
