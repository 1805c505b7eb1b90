// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a node may send to addresses that it has not validated (RFC 9000, section 8.1), as an observer of the
/// network counts it.
#pragma once

#include <map>
#include <string>

#include "core/base/address.hpp"
#include "core/base/bytes.hpp"
#include "tests/sim/network.hpp"

namespace stt::sim {

/// Belongs to one node.
class AmplificationLimit {
  public:
    /// PATH_RESPONSE is padded to datagram_min bytes whatever has asked for it. While this holds, a packet of
    /// a session with that size is allowed for each datagram that came from an address.
    static constexpr bool path_responses_exceed_it = true;

    /// The node calls `address` of its own accord, to which it may send what it wants.
    void on_called(const Address& address) { addresses_[address].validated = true; }
    void on_received(const Arrival& arrival);
    /// Returns whether the datagram keeps the limit.
    bool on_sent(const Address& to, Bytes datagram);
    /// What was sent to an address and received from it, for failure texts.
    std::string describe(const Address& address) const;

  private:
    struct Account {
        bool validated = false;
        uint64_t received = 0, sent = 0;  // bytes
        uint64_t responses_allowed = 0;   // padded ones
    };
    std::map<Address, Account> addresses_;
};

}  // namespace stt::sim
