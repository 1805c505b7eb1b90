// SPDX-License-Identifier: LGPL-2.1-or-later
/// Why a UDP datagram did not get through, as an errno or an ICMP message reports it, and the words for it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/proto/network_report.hpp"

struct sock_extended_err;

namespace stt {

enum class UdpFailure : uint8_t {
    refused,           ///< ICMP port unreachable
    unreachable,       ///< no route, ICMP net unreachable
    host_unreachable,  ///< no node on the last link has the address, ICMP host unreachable
    looping,           ///< the datagram exceeded its hop limit, ICMP time exceeded in transit
    /// A firewall reports this, or the host accepts no UDP: ICMP administratively prohibited, policy or
    /// protocol unreachable.
    prohibited,
    too_big,      ///< longer than the path's MTU
    send_failed,  ///< the socket did not accept it
};

/// The failure that `error`, an errno, stands for; none if it has no meaning of its own.
std::optional<UdpFailure> udp_failure_of(int error);
/// The failure that an ICMP message reports, as the kernel passes it on; none as above.
std::optional<UdpFailure> udp_failure_of(const sock_extended_err& error);

/// The source of a failure's report.
struct UdpFailureSource {
    bool local = false;  ///< this machine reported it when it should have sent the datagram
    /// The sender of the ICMP message, if it is not the destination.
    std::optional<Address> router = {};
};

/// A datagram that did not get through.
struct LostDatagram {
    UdpFailure failure;
    Address to;       ///< where it was going
    size_t size = 0;  ///< too_big: a size in bytes that does not fit; otherwise unused
    UdpFailureSource source = {};
};

/// Makes the report for the engine. `calls` means that this node calls the nodes that it sends to, so that a
/// closed port is one where nothing listens.
NetworkReport udp_report(const LostDatagram& lost, bool calls);

}  // namespace stt
