// SPDX-License-Identifier: LGPL-2.1-or-later
/// UDP as a transport.
#pragma once

#include "core/io/transport.hpp"
#include "core/io/udp_socket.hpp"

namespace stt {

class UdpTransport final : public Transport {
  public:
    /// Opens and binds a socket. `calls` means that this node calls the nodes that it sends to
    /// (udp_report()). The errors are those of UdpSocket::open().
    static Result<std::unique_ptr<Transport>> open(const UdpConfig& config, bool calls);

    TransportKind kind() const override { return TransportKind::udp; }
    const TransportProperties& properties() const override { return udp_properties; }
    uint16_t local_port() const override { return socket_.local_address().port; }
    int fd() const override { return socket_.fd(); }
    bool is_own(const Address& from) const override;
    bool receive(const DatagramHandler& handler) override;
    bool read_reports(size_t most, const ReportHandler& handler) override;
    Sent send(const Address& to, Bytes batch, size_t segment, Recipient recipient) override;
    void confirm_peer(const Address& peer) override { socket_.confirm_peer(peer); }
    void close() override { socket_.close(); }

  private:
    UdpTransport(UdpSocket socket, bool calls) : socket_(std::move(socket)), calls_(calls) {}

    UdpSocket socket_;
    const bool calls_;
};

}  // namespace stt
