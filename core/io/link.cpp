// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/link.hpp"

#include "core/io/link_impl.hpp"
#include "core/io/node_registry.hpp"

namespace stt {
namespace {

/// As long as it takes. Sums with it do not overflow.
constexpr Duration without_end = 24h * 365;

/// Derives the session's settings from the link's.
void adapt(LinkConfig& config) {
    config.session.measure_clock = config.role == StreamRole::receiver;
    // A caller stops by itself. What a listener keeps for lost callers needs a limit.
    const bool endless = config.caller || config.reconnect_timeout == Duration::zero();
    config.session.resume_within = !config.auto_reconnect ? Duration::zero()
                                   : endless              ? without_end
                                                          : config.reconnect_timeout;
}

UdpConfig udp_config(const LinkConfig& config) {
    UdpConfig udp;
    udp.local_address = config.local_address;
    udp.local_port = config.caller ? config.local_port : config.port;
    udp.send_buffer = config.socket_send_buffer;
    udp.receive_buffer = config.socket_receive_buffer;
    udp.send_mode = config.offload ? SendMode::segmentation : SendMode::several;
    udp.receive_offload = config.offload;
    udp.answer_as_called = !config.caller;
    return udp;
}

EndpointConfig endpoint_config(const LinkConfig& config) {
    EndpointConfig endpoint;
    endpoint.listening = !config.caller;
    endpoint.max_sessions = config.max_sessions;
    endpoint.session = config.session;
    return endpoint;
}

}  // namespace

Result<std::shared_ptr<Link>> Link::open(LinkConfig config, LinkObserver& observer) {
    std::vector<SecretBytes> seeds = std::exchange(config.seeds, {});
    SecretBytes passphrase = std::exchange(config.passphrase, {});
    adapt(config);
    auto node =
        NodeRegistry::process().attach({udp_config(config), endpoint_config(config), config.identity});
    if (!node) return node.error();
    const auto impl = std::make_shared<Impl>(std::move(config), std::move(*node), observer);
    impl->start(std::move(seeds), std::move(passphrase));
    return std::shared_ptr<Link>(new Link(impl));
}

Link::Link(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Link::~Link() { close(); }
void Link::close() { impl_->close(); }
uint16_t Link::local_port() const { return impl_->local_port(); }
SendQueue& Link::outbox() { return impl_->outbox(); }
ReceiveQueue& Link::inbox() { return impl_->inbox(); }
void Link::begin_stream(std::vector<uint8_t> header) { impl_->begin_stream(std::move(header)); }
bool Link::send_upstream(OutMessage message) { return impl_->send_upstream(std::move(message)); }
LinkStats Link::stats() const { return impl_->stats(); }
std::shared_ptr<PeerClock> Link::peer_clock() const { return impl_->peer_clock(); }
void Link::fail(Error error) { impl_->fail(std::move(error)); }
void Link::hurry(std::optional<SteadyTime> until) { impl_->hurry(until); }
void Link::set_seeds(std::vector<SecretBytes> seeds) { impl_->set_seeds(std::move(seeds)); }

}  // namespace stt
