// SPDX-License-Identifier: LGPL-2.1-or-later
/// A node, which is one combination of process, identity, and bound address and port. It has transports, a
/// protocol engine and the I/O thread that drives both.
#pragma once

#include <memory>
#include <vector>

#include "core/io/lane.hpp"
#include "core/io/loop.hpp"
#include "core/io/transport.hpp"
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
    /// Makes a node of open transports, one per kind and at least one. `config.identity`, `config.transports`
    /// and `config.is_own` are overwritten. The errors are those of Loop::create().
    static Result<std::shared_ptr<Node>> create(std::vector<std::unique_ptr<Transport>> transports,
                                                EndpointConfig config,
                                                std::shared_ptr<const Identity> identity);

    // Any thread may call the following.

    /// Starts the I/O thread. Must be called only once. The node holds the client until that thread ends.
    void start(std::shared_ptr<NodeClient> client);
    Loop& loop() { return *loop_; }
    /// The port of the first transport.
    uint16_t local_port() const { return local_port_; }

    // Only the I/O thread may call the following.

    Endpoint& endpoint() { return endpoint_; }
    /// Sets the accepted seeds. Until then all datagrams are dropped, because without seeds every caller
    /// would be informed that its seed is wrong.
    void set_seeds(std::vector<SecretBytes> seeds);
    /// Sends what the endpoint still has to send, closes the transports and stops the loop. The ports are
    /// free afterwards. Idempotent.
    void shut_down();
    /// How often the transports have failed to send, for any reason other than the length of a datagram.
    uint64_t socket_errors() const;

  private:
    enum class State : uint8_t {
        unseeded,  ///< has no seeds yet
        serving,
        shut_down,
    };
    Node(std::shared_ptr<Loop> loop, std::vector<Lane> lanes, EndpointConfig config,
         std::shared_ptr<const Identity> identity);
    /// Tells the engine about the lanes, and has its trace passed to the client.
    EndpointConfig adapted(EndpointConfig config);
    Loop::Wait turn() override;
    void ended() override;
    Lane* lane(TransportKind kind);
    bool on_datagram(const Address& from, MutableBytes datagram, const std::shared_ptr<const void>& owner);
    void receive(Lane& lane);
    void read_reports(Lane& lane);
    void deliver_events();
    bool transmit();

    const std::shared_ptr<Loop> loop_;
    const std::shared_ptr<const Identity> identity_;

    // Used only on the I/O thread after start().
    std::vector<Lane> lanes_;
    const uint16_t local_port_;
    Endpoint endpoint_;
    std::shared_ptr<NodeClient> client_;
    State state_ = State::unseeded;
    Now now_{};
    bool now_is_arrival_ = false;  // now_ was read after the datagrams that are being handled had arrived
    const Transport::DatagramHandler on_datagram_;
};

}  // namespace stt
