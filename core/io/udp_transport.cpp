// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/udp_transport.hpp"

#include <utility>

namespace stt {

Result<std::unique_ptr<Transport>> UdpTransport::open(const UdpConfig& config, bool calls) {
    auto socket = UdpSocket::open(config);
    if (!socket) return socket.error();
    return std::unique_ptr<Transport>(new UdpTransport(std::move(*socket), calls));
}

bool UdpTransport::is_own(const Address& from) const {
    const Address& local = socket_.local_address();
    const bool all = local.ip == Address{}.ip || local.ip == Address::v4({0, 0, 0, 0}, 0).ip;
    return from.port == local.port && (all ? !SourceAddresses::has_left(from.ip) : from.ip == local.ip);
}

bool UdpTransport::receive(const DatagramHandler& handler) {
    return socket_.receive(
        [&](const Address& from, MutableBytes datagram, const std::shared_ptr<const void>& owner) {
            if (handler(from, datagram, owner)) socket_.confirm_sender(from);
        });
}

bool UdpTransport::read_reports(size_t most, const ReportHandler& handler) {
    return socket_.read_errors(most, [&](const LostDatagram& lost) { handler(udp_report(lost, calls_)); });
}

Transport::Sent UdpTransport::send(const Address& to, Bytes batch, size_t segment, Recipient recipient) {
    const SourceOf source = recipient == Recipient::asker ? SourceOf::asker : SourceOf::peer;
    const UdpSocket::Sent sent = socket_.send(to, batch, segment, source);
    switch (sent.outcome) {
        case UdpSocket::Sent::Outcome::done:
            return {Sent::Outcome::done, sent.size};
        case UdpSocket::Sent::Outcome::would_block:
            return {Sent::Outcome::would_block, sent.size};
        case UdpSocket::Sent::Outcome::failed:
            break;
    }
    const LostDatagram lost{sent.failure, to, segment, {.local = true}};
    return {Sent::Outcome::failed, sent.size, udp_report(lost, calls_)};
}

}  // namespace stt
