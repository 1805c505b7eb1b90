// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/node.hpp"

#include "core/proto/session.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {
namespace {

// The limits per turn and direction: some 2 MiB, so that neither acknowledgements nor wake-ups wait for more
// than a fraction of a millisecond.
constexpr unsigned receives_per_turn = 4;
constexpr unsigned batches_per_turn = 32;
/// The least time between two turns while the socket is full, if no descriptor is ready before.
constexpr Duration blocked_turn_min = 1ms;
// Closing sends one packet per session, and the answers that were due.
constexpr unsigned batches_at_end = 256;

// A caller may return to another address of this host, and it is authenticated only after it was answered.
SourceOf source_for(Bytes batch) {
    const auto type = packet_type(batch);
    return type && *type < PacketType::session_even ? SourceOf::asker : SourceOf::peer;
}

}  // namespace

Result<std::shared_ptr<Node>> Node::open(const UdpConfig& udp, EndpointConfig config,
                                         std::shared_ptr<const Identity> identity) {
    auto socket = UdpSocket::open(udp);
    if (!socket) return socket.error();
    auto loop = Loop::create();
    if (!loop) return loop.error();
    config.identity = identity.get();
    config.transports.set(TransportKind::udp, udp_properties);
    config.is_own = [local = socket->local_address()](const Address& from) {
        const bool all = local.ip == Address{}.ip || local.ip == Address::v4({0, 0, 0, 0}, 0).ip;
        return from.port == local.port && (all ? !SourceAddresses::has_left(from.ip) : from.ip == local.ip);
    };
    return std::shared_ptr<Node>(
        new Node(std::move(*loop), std::move(*socket), std::move(config), std::move(identity)));
}

Node::Node(std::shared_ptr<Loop> loop, UdpSocket socket, EndpointConfig config,
           std::shared_ptr<const Identity> identity)
    : loop_(std::move(loop)),
      identity_(std::move(identity)),
      local_port_(socket.local_address().port),
      calls_(!config.listening),
      socket_(std::move(socket)),
      endpoint_(traced(std::move(config)), system_random()),
      batch_(udp_properties.batch_bytes) {
    on_datagram_ = [this](const Address& from, MutableBytes datagram,
                          const std::shared_ptr<const void>& owner) {
        if (seeded_ && endpoint_.handle_datagram(now_, from, datagram, owner)) socket_.confirm_sender(from);
    };
}

EndpointConfig Node::traced(EndpointConfig config) {
    config.trace = [this](Time, SessionHandle session, const std::string& text) {
        client_->on_engine_trace(session, text);
    };
    return config;
}

void Node::start(std::shared_ptr<NodeClient> client) {
    client_ = std::move(client);
    endpoint_.set_tracing(client_->traces_engine());
    loop_->start(socket_.fd(), shared_from_this());
}

void Node::ended() { client_.reset(); }

void Node::set_seeds(std::vector<SecretBytes> seeds) {
    endpoint_.set_seeds(std::move(seeds));
    seeded_ = true;
}

Loop::Wait Node::turn(Loop::Ready ready) {
    if (shut_down_) return {};
    endpoint_.set_tracing(client_->traces_engine());
    // Datagrams are read before errors: what a peer sent before it left precedes what its host reports about
    // the closed port.
    if (ready.readable || more_to_read_) more_to_read_ = receive();
    if (ready.error) read_errors();

    now_ = clock_now();
    if (endpoint_.next_timeout(now_.time) <= now_.time) endpoint_.handle_timeout(now_);
    deliver_events();
    if (shut_down_) return {};
    client_->on_turn(now_);
    if (shut_down_) return {};
    const bool more_to_send = transmit(batches_per_turn);
    deliver_events();
    if (shut_down_) return {};

    Loop::Wait wait;
    const Time later = clock_now().time;
    wait.deadline = std::min(endpoint_.next_timeout(later), client_->deadline());
    // What is due to be sent has to wait for room in the socket.
    if (blocked_) wait.deadline = std::max(wait.deadline, later + blocked_turn_min);
    wait.writable = blocked_;
    wait.again = more_to_read_ || more_to_send;
    return wait;
}

// Returns true when there may be more to receive.
bool Node::receive() {
    for (unsigned i = 0; i < receives_per_turn; i++) {
        now_ = clock_now();
        if (!socket_.receive(on_datagram_)) return false;
    }
    return true;
}

void Node::read_errors() {
    now_ = clock_now();
    while (const auto error = socket_.next_error())
        endpoint_.handle_network_report(now_, udp_report(*error, calls_));
}

void Node::deliver_events() {
    while (!shut_down_) {
        auto event = endpoint_.next_event();
        if (!event) return;
        // Confirmed before the session's first packet is sent, which completes the caller's handshake.
        const auto* const change = std::get_if<event::StateChanged>(&event->what);
        if (change && change->state == SessionState::established)
            if (const Session* const session = endpoint_.find(event->session))
                socket_.confirm_peer(session->info().peer);
        client_->on_event(now_, std::move(*event));
    }
}

// Returns true when the endpoint may have more to send.
bool Node::transmit(unsigned batches_max) {
    blocked_ = false;
    for (unsigned i = 0; i < batches_max; i++) {
        now_ = clock_now();
        if (!unsent_) {
            const auto next = endpoint_.poll_transmit(now_, batch_, udp_properties.batch_datagrams);
            if (!next) return false;
            unsent_ = {*next, 0};
        }
        const auto& [transmit, done] = *unsent_;
        const Bytes rest = Bytes(batch_).subspan(done, transmit.size - done);
        const UdpSocket::Sent sent = socket_.send(transmit.to, rest, transmit.segment, source_for(batch_));
        if (sent.outcome == UdpSocket::Sent::Outcome::would_block) {
            unsent_->sent += sent.size;
            blocked_ = true;
            return false;
        }
        if (sent.outcome == UdpSocket::Sent::Outcome::failed) {
            if (sent.failure != UdpFailure::too_big) socket_errors_++;
            const LostDatagram lost{sent.failure, transmit.to, transmit.segment, {.local = true}};
            endpoint_.handle_network_report(now_, udp_report(lost, calls_));
        }
        unsent_.reset();
    }
    return true;
}

void Node::shut_down() {
    if (shut_down_) return;
    shut_down_ = true;
    transmit(batches_at_end);
    loop_->unwatch();
    socket_.close();
    loop_->stop();
}

}  // namespace stt
