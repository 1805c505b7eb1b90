// SPDX-License-Identifier: LGPL-2.1-or-later
/// Process × identity × bound port: a socket, the protocol engine behind it, and the I/O thread that drives
/// both.
#pragma once

#include <optional>

#include "core/io/loop.hpp"
#include "core/io/udp_socket.hpp"
#include "core/proto/endpoint.hpp"

namespace stt {

/// Who uses a node's sessions. Called on the I/O thread, with no lock held.
class NodeClient {
  public:
    virtual ~NodeClient() = default;
    virtual void on_event(Now now, Event event) = 0;
    /// Once a turn, after the events and before anything is sent: the time to move data.
    virtual void on_turn(Now now) = 0;
    /// When on_turn must be called at the latest.
    virtual Time deadline() const = 0;
};

class Node final : public Loop::Client, public std::enable_shared_from_this<Node> {
  public:
    /// Binds. `config.identity` is overwritten with `identity`. Errors: those of UdpSocket and Loop.
    static Result<std::shared_ptr<Node>> open(const UdpConfig& udp, EndpointConfig config,
                                              std::shared_ptr<const Identity> identity);

    // Any thread.

    /// Starts the I/O thread; once. The node holds the client until that thread ends.
    void start(std::shared_ptr<NodeClient> client);
    Loop& loop() { return *loop_; }
    uint16_t local_port() const { return local_port_; }

    // The I/O thread.

    Endpoint& endpoint() { return endpoint_; }
    /// Until seeds are set, whatever arrives is dropped: without them every caller would be told that its own
    /// is wrong.
    void set_seeds(std::vector<SecretBytes> seeds);
    /// Sends what the endpoint still has to say, closes the socket and stops the loop. The port is free then.
    void shut_down();
    uint64_t socket_errors() const { return socket_errors_; }

  private:
    Node(std::shared_ptr<Loop> loop, UdpSocket socket, EndpointConfig config,
         std::shared_ptr<const Identity> identity);
    Loop::Wait turn(Loop::Ready ready) override;
    void ended() override;
    bool receive();
    void read_errors();
    void deliver_events();
    bool transmit(unsigned batches_max);

    const std::shared_ptr<Loop> loop_;
    const std::shared_ptr<const Identity> identity_;
    const uint16_t local_port_;

    // The I/O thread only, once started.
    UdpSocket socket_;
    Endpoint endpoint_;
    std::shared_ptr<NodeClient> client_;
    Now now_{};
    UdpSocket::DatagramHandler on_datagram_;
    std::vector<uint8_t> batch_;
    struct Unsent {
        Endpoint::Transmit transmit;
        size_t sent;  // bytes of it
    };
    std::optional<Unsent> unsent_;  // in batch_
    bool blocked_ = false;          // the socket was full
    bool more_to_read_ = false;
    bool seeded_ = false;
    bool shut_down_ = false;
    uint64_t socket_errors_ = 0;
};

}  // namespace stt
