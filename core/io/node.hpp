// SPDX-License-Identifier: LGPL-2.1-or-later
/// A node, which is one combination of process, identity and bound port. It has a socket, a protocol engine
/// and the I/O thread that drives both.
#pragma once

#include <optional>

#include "core/io/loop.hpp"
#include "core/io/udp_socket.hpp"
#include "core/proto/endpoint.hpp"

namespace stt {

/// The user of a node's sessions. All calls are made on the I/O thread, with no lock held.
class NodeClient {
  public:
    virtual ~NodeClient() = default;
    virtual void on_event(Now now, Event event) = 0;
    /// Called once per turn, after the events and before anything is sent, so that the client can move data.
    virtual void on_turn(Now now) = 0;
    /// The latest time at which on_turn() must be called.
    virtual Time deadline() const = 0;
    /// Returns whether on_engine_trace() is wanted now. Called once per turn.
    virtual bool traces_engine() const { return false; }
    /// Receives the trace of the engine (TraceOutput::Sink). It must not call the engine.
    virtual void on_engine_trace(SessionHandle session, const std::string& text) {
        (void)session;
        (void)text;
    }
};

class Node final : public Loop::Client, public std::enable_shared_from_this<Node> {
  public:
    /// Binds the socket. `config.identity` is overwritten with `identity`. The errors are those of
    /// UdpSocket::open() and Loop::create().
    static Result<std::shared_ptr<Node>> open(const UdpConfig& udp, EndpointConfig config,
                                              std::shared_ptr<const Identity> identity);

    // Any thread may call the following.

    /// Starts the I/O thread. Must be called only once. The node holds the client until that thread ends.
    void start(std::shared_ptr<NodeClient> client);
    Loop& loop() { return *loop_; }
    uint16_t local_port() const { return local_port_; }

    // Only the I/O thread may call the following.

    Endpoint& endpoint() { return endpoint_; }
    /// Sets the accepted seeds. Until then all datagrams are dropped, because without seeds every caller
    /// would be informed that its seed is wrong.
    void set_seeds(std::vector<SecretBytes> seeds);
    /// Sends what the endpoint still has to send, closes the socket and stops the loop. The port is free
    /// afterwards.
    void shut_down();
    uint64_t socket_errors() const { return socket_errors_; }

  private:
    Node(std::shared_ptr<Loop> loop, UdpSocket socket, EndpointConfig config,
         std::shared_ptr<const Identity> identity);
    /// Has the engine's trace passed to the client.
    EndpointConfig traced(EndpointConfig config);
    Loop::Wait turn(Loop::Ready ready) override;
    void ended() override;
    bool receive();
    void read_errors();
    void deliver_events();
    bool transmit(unsigned batches_max);

    const std::shared_ptr<Loop> loop_;
    const std::shared_ptr<const Identity> identity_;
    const uint16_t local_port_;
    const bool calls_;

    // Used only on the I/O thread after start().
    UdpSocket socket_;
    Endpoint endpoint_;
    std::shared_ptr<NodeClient> client_;
    Now now_{};
    UdpSocket::DatagramHandler on_datagram_;
    std::vector<uint8_t> batch_;
    struct Unsent {
        Endpoint::Transmit transmit;
        size_t sent;  // bytes of it that have been sent
    };
    std::optional<Unsent> unsent_;  // its bytes are in batch_
    bool blocked_ = false;          // whether the socket's send buffer was full
    bool more_to_read_ = false;
    bool seeded_ = false;
    bool shut_down_ = false;
    uint64_t socket_errors_ = 0;
};

}  // namespace stt
