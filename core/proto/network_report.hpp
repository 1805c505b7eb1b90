// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the network, or whoever is there instead of the peer, says about datagrams of ours. Anybody on the
/// path can forge all of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/address.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace stt {

/// What the network said about a datagram of ours.
enum class NetworkReport : uint8_t {
    refused,           ///< ICMP port unreachable
    unreachable,       ///< no route, ICMP net unreachable
    host_unreachable,  ///< nobody on the last link has the address, ICMP host unreachable
    looping,           ///< it had passed as many routers as it may, ICMP time exceeded in transit
    prohibited,   ///< a firewall says so, or the host takes no UDP: ICMP administratively prohibited, policy
                  ///< or protocol unreachable
    too_big,      ///< longer than the path's MTU
    send_failed,  ///< the socket would not take it
};

/// Who said it.
struct ReportSource {
    bool local = false;                  ///< this machine, when it should have sent the datagram
    std::optional<Address> router = {};  ///< by ICMP: the sender of that, where it is not the destination
};

/// What a datagram is that answers no call.
enum class NoAnswer : uint8_t {
    foreign,     ///< of no type of ours
    unreadable,  ///< looks like one of ours, and is none, or was damaged
    hello,       ///< a caller's
    echo,        ///< our own HELLO, from somebody else
    own,         ///< our own HELLO, from our own socket
};

/// What became of a datagram to `peer`. `report`: any but too_big, which ends nothing. `caller`: this end has
/// called it.
Error network_error(NetworkReport report, const Address& peer, bool caller, const ReportSource& source);
/// Why a call to `peer` fails if nothing better comes than what was received from there.
Error no_answer_error(NoAnswer what, const Address& peer);

/// Which reports about an established session the application hears of: anybody can repeat one as often as he
/// likes.
class ReportLimit {
  public:
    /// How long the same report is not repeated.
    static constexpr Duration interval = 1s;

    /// Whether `report` was not allowed for the interval. `local`: of this machine. True: the application
    /// hears of it now.
    bool allow(Time now, NetworkReport report, bool local);
    /// The same for the peer's word that it does not know the session.
    bool allow_unknown(Time now);

  private:
    static constexpr size_t reports = static_cast<size_t>(NetworkReport::send_failed) + 1;
    std::array<Time, 2 * reports> next_{};  // by report, those of the network first
    Time next_unknown_{};
};

}  // namespace stt
