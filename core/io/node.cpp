// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/node.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/proto/session.hpp"

namespace stt {
namespace {

// The limits per turn, transport and direction: some 2 MiB, so that neither acknowledgements nor wake-ups
// wait for more than a fraction of a millisecond.
constexpr unsigned receives_per_turn = 4;
constexpr unsigned batches_per_turn = 32;
// Closing sends one packet per session, and the answers that were due.
constexpr unsigned batches_at_end = 256;

}  // namespace

Result<std::shared_ptr<Node>> Node::create(std::vector<std::unique_ptr<Transport>> transports,
                                           EndpointConfig config, std::shared_ptr<const Identity> identity) {
    auto loop = Loop::create();
    if (!loop) return loop.error();
    std::vector<Lane> lanes;
    for (auto& transport : transports) lanes.emplace_back(std::move(transport), **loop);
    return std::shared_ptr<Node>(
        new Node(std::move(*loop), std::move(lanes), std::move(config), std::move(identity)));
}

Node::Node(std::shared_ptr<Loop> loop, std::vector<Lane> lanes, EndpointConfig config,
           std::shared_ptr<const Identity> identity)
    : loop_(std::move(loop)),
      identity_(std::move(identity)),
      lanes_(std::move(lanes)),
      local_port_(lanes_.front().transport().local_port()),
      endpoint_(adapted(std::move(config)), system_random()),
      on_datagram_(
          [this](const Address& from, MutableBytes datagram, const std::shared_ptr<const void>& owner) {
              return on_datagram(from, datagram, owner);
          }) {}

EndpointConfig Node::adapted(EndpointConfig config) {
    config.identity = identity_.get();
    config.transports = {};
    TransportSet kinds;
    for (const Lane& lane : lanes_) {
        assert(!kinds.contains(lane.kind()));
        kinds.add(lane.kind());
        config.transports.set(lane.kind(), lane.transport().properties());
    }
    config.is_own = [this](const Address& from) {
        return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
            return lane.kind() == from.transport && lane.transport().is_own(from);
        });
    };
    config.trace = [this](Time, SessionHandle session, const std::string& text) {
        client_->on_engine_trace(session, text);
    };
    return config;
}

void Node::start(std::shared_ptr<NodeClient> client) {
    client_ = std::move(client);
    endpoint_.set_tracing(client_->traces_engine());
    loop_->start(shared_from_this());
}

void Node::ended() { client_.reset(); }

void Node::set_seeds(std::vector<SecretBytes> seeds) {
    endpoint_.set_seeds(std::move(seeds));
    if (state_ == State::unseeded) state_ = State::serving;
}

uint64_t Node::socket_errors() const {
    uint64_t errors = 0;
    for (const Lane& lane : lanes_) errors += lane.errors();
    return errors;
}

Loop::Wait Node::turn() {
    if (state_ == State::shut_down) return {};
    endpoint_.set_tracing(client_->traces_engine());
    for (Lane& lane : lanes_) {
        lane.begin_turn();
        // Datagrams are read before reports: what a peer sent before it left precedes what its host reports
        // about the closed port.
        receive(lane);
        read_reports(lane);
    }

    now_ = clock_now();
    if (endpoint_.next_timeout(now_.time) <= now_.time) endpoint_.handle_timeout(now_);
    deliver_events();
    if (state_ == State::shut_down) return {};
    client_->on_turn(now_);
    if (state_ == State::shut_down) return {};
    const bool more_to_send = transmit();
    now_ = clock_now();
    deliver_events();
    if (state_ == State::shut_down) return {};

    Loop::Wait wait;
    wait.deadline = std::min(endpoint_.next_timeout(now_.time), client_->deadline());
    wait.again = more_to_send ||
                 std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.has_input(); });
    return wait;
}

void Node::receive(Lane& lane) {
    for (unsigned i = 0; i < receives_per_turn && lane.readable(); i++) {
        now_is_arrival_ = false;
        lane.receive(on_datagram_);
    }
}

bool Node::on_datagram(const Address& from, MutableBytes datagram, const std::shared_ptr<const void>& owner) {
    // Read after the batch has arrived. Before, it could be earlier than the time at which the peer received
    // what the batch acknowledges.
    if (!std::exchange(now_is_arrival_, true)) now_ = clock_now();
    return state_ == State::serving && endpoint_.handle_datagram(now_, from, datagram, owner);
}

void Node::read_reports(Lane& lane) {
    lane.read_reports(
        [this](const NetworkReport& report) { endpoint_.handle_network_report(clock_now(), report); });
}

void Node::deliver_events() {
    while (state_ != State::shut_down) {
        auto event = endpoint_.next_event();
        if (!event) return;
        // Confirmed before the session's first packet is sent, which completes the caller's handshake.
        const auto* const change = std::get_if<event::StateChanged>(&event->what);
        if (change && change->state == SessionState::established)
            if (const Session* const session = endpoint_.find(event->session))
                if (Lane* const used = lane(session->info().peer.transport))
                    used->transport().confirm_peer(session->info().peer);
        client_->on_event(now_, std::move(*event));
    }
}

Lane* Node::lane(TransportKind kind) {
    const auto found =
        std::find_if(lanes_.begin(), lanes_.end(), [kind](const Lane& lane) { return lane.kind() == kind; });
    return found == lanes_.end() ? nullptr : &*found;
}

/// Returns true when the endpoint may have more to send.
bool Node::transmit() {
    bool more = false;
    for (Lane& lane : lanes_)
        if (lane.transmit(endpoint_, batches_per_turn)) more = true;
    return more;
}

void Node::shut_down() {
    if (state_ == State::shut_down) return;
    state_ = State::shut_down;
    for (Lane& lane : lanes_) {
        lane.transmit_last(endpoint_, batches_at_end);
        lane.close();
    }
    loop_->stop();
}

}  // namespace stt
