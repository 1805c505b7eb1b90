// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/amplification.hpp"

#include "core/proto/path_validation.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt::sim {

namespace {

bool is_session_packet(Bytes datagram) {
    const auto type = packet_type(datagram);
    return type == PacketType::session_even || type == PacketType::session_odd;
}

}  // namespace

void AmplificationLimit::on_received(const Arrival& arrival) {
    Account& account = addresses_[arrival.datagram.from];
    account.received += arrival.datagram.bytes.size();
    account.responses_allowed += path_responses_exceed_it;
    // Anybody can make a HELLO. A sender of anything else that has received a datagram of this node has
    // proved to receive where it did. The engine may take longer to be sure of that, but not less long.
    if (arrival.heard_at && packet_type(arrival.datagram.bytes) != PacketType::hello)
        addresses_[*arrival.heard_at].validated = true;
}

bool AmplificationLimit::on_sent(const Address& to, Bytes datagram) {
    Account& account = addresses_[to];
    if (account.validated) return true;
    if (datagram.size() == datagram_min && account.responses_allowed > 0 && is_session_packet(datagram)) {
        account.responses_allowed--;
        return true;
    }
    account.sent += datagram.size();
    return account.sent <= PathValidation::amplification_max * account.received;
}

std::string AmplificationLimit::describe(const Address& address) const {
    const auto it = addresses_.find(address);
    const Account account = it == addresses_.end() ? Account{} : it->second;
    return std::to_string(account.sent) + " bytes were sent to " + address.to_string() +
           ", which is not validated, for " + std::to_string(account.received) + " received from it";
}

}  // namespace stt::sim
