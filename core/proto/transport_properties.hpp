// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the engine knows of the transports by which its datagrams travel.
#pragma once

#include <array>
#include <cstddef>

#include "core/base/address.hpp"
#include "core/base/error.hpp"
#include "core/wire/packet.hpp"

namespace stt {

/// The properties of one transport. They are constant while the transport is open.
struct TransportProperties {
    /// The longest datagram that the transport carries, in bytes; at least datagram_min.
    size_t longest_datagram = datagram_max;
    /// The largest number of datagrams in one batch; at least 1.
    size_t batch_datagrams = 1;
    /// The longest batch in bytes; at least longest_datagram.
    size_t batch_bytes = datagram_max;
    /// The bytes of the headers around a datagram in an IP packet to an IPv4 or an IPv6 address.
    size_t ipv4_headers = 0, ipv6_headers = 0;
    /// Datagrams arrive in order and none is lost while the connection lasts. The engine does not act on it
    /// yet: it treats every transport as unreliable.
    bool reliable = false;
    /// The transport has proved that what comes from an address can be answered there, so a caller needs no
    /// cookie to show that.
    bool validated = false;
    /// The code of errors about datagrams that the transport cannot send as the session needs them.
    ErrorCode send_failed = ErrorCode::none;

    /// Returns the bytes of the headers around a datagram in an IP packet to or from `peer`.
    size_t headers_size(const Address& peer) const { return peer.is_v4() ? ipv4_headers : ipv6_headers; }
};

/// The transports of a node: their properties, and which of them are blocked. An empty table stands for UDP
/// with default properties.
class TransportTable {
  public:
    void set(TransportKind kind, const TransportProperties& properties) {
        properties_[static_cast<size_t>(kind)] = properties;
        kinds_.add(kind);
    }
    /// Returns the kinds of the node's transports.
    TransportSet kinds() const {
        TransportSet kinds = kinds_;
        if (kinds.empty()) kinds.add(TransportKind::udp);
        return kinds;
    }
    /// Returns the properties of the transport by which `address` is reached.
    const TransportProperties& of(const Address& address) const {
        return properties_[static_cast<size_t>(address.transport)];
    }

    /// A blocked transport takes no datagrams for now.
    void set_blocked(TransportKind kind, bool blocked) { blocked_[static_cast<size_t>(kind)] = blocked; }
    /// Returns whether the transport by which `address` is reached is blocked.
    bool blocked(const Address& address) const { return blocked_[static_cast<size_t>(address.transport)]; }

  private:
    std::array<TransportProperties, transport_kinds> properties_{};
    std::array<bool, transport_kinds> blocked_{};
    TransportSet kinds_;
};

}  // namespace stt
