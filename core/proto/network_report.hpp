// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the network, or a node at the peer's address, reports about datagrams of this node. Anybody on the
/// path can forge all of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/address.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace stt {

/// A report of the network about a datagram of this node.
enum class NetworkReport : uint8_t {
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

/// The source of a report.
struct ReportSource {
    bool local = false;  ///< this machine reported it when it should have sent the datagram
    /// The sender of the ICMP message, if it is not the destination.
    std::optional<Address> router = {};
};

/// The kind of a datagram that does not answer a call.
enum class NoAnswer : uint8_t {
    foreign,     ///< not a packet of this protocol
    unreadable,  ///< resembles a packet of this protocol, but is not one or was damaged
    hello,       ///< a HELLO of another caller
    echo,        ///< this node's own HELLO, from another node
    own,         ///< this node's own HELLO, from its own socket
};

/// Returns the error for a datagram to `peer`. `report` may be any value but too_big, which ends nothing.
/// `caller` means that this node has called the peer.
Error network_error(NetworkReport report, const Address& peer, bool caller, const ReportSource& source);
/// Returns why a call to `peer` fails if nothing better arrives than `what`.
Error no_answer_error(NoAnswer what, const Address& peer);

/// Limits which reports about an established session reach the application, because anybody can repeat one
/// arbitrarily often.
class ReportLimit {
  public:
    /// The time for which the same report is not repeated.
    static constexpr Duration interval = 1s;

    /// Returns true if the application should receive `report` now, because the same report was not allowed
    /// during the interval. `local` means that this machine reported it.
    bool allow(Time now, NetworkReport report, bool local);
    /// The same for the peer's report that it does not know the session.
    bool allow_unknown(Time now);

  private:
    static constexpr size_t reports = static_cast<size_t>(NetworkReport::send_failed) + 1;
    // By report, first those of the network, then those of this machine.
    std::array<Time, 2 * reports> next_{};
    Time next_unknown_{};
};

}  // namespace stt
