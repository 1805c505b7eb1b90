// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/link.hpp"

#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {
namespace {

// What a receiver may have under way against the direction before send_upstream refuses.
constexpr uint64_t upstream_limit = 256 << 10;

/// "For as long as it takes", with room for sums.
constexpr Duration without_end = 24h * 365;

LinkConfig adapted(LinkConfig config) {
    config.seeds.clear();
    config.passphrase = {};
    config.session.measure_clock = config.role == StreamRole::receiver;
    // A caller gives up by itself; what a listener keeps for callers who were lost must have an end.
    const bool endless = config.caller || config.reconnect_timeout == Duration::zero();
    config.session.resume_within = !config.auto_reconnect ? Duration::zero()
                                   : endless              ? without_end
                                                          : config.reconnect_timeout;
    return config;
}

}  // namespace

Link::Impl::Impl(LinkConfig link_config, std::shared_ptr<Node> link_node, LinkObserver& link_observer)
    : config(std::move(link_config)),
      node(std::move(link_node)),
      outbox(is_sender() ? config.send_queue_bytes : upstream_limit, [this] { node->loop().wake(); }),
      inbox([this] { node->loop().wake(); }),
      session_(node->endpoint()),
      reporter_(config, link_observer, *this),
      caller_(
          {config, node->endpoint(), session_, reporter_},
          [this](Now now, Error error) { on_attempt_failed(now, std::move(error)); },
          [this] { node->loop().wake(); }),
      stream_(make_stream_end()) {}

std::unique_ptr<StreamEnd> Link::Impl::make_stream_end() {
    const StreamEnd::Parts parts{config, session_, reporter_, outbox};
    if (is_sender()) return std::make_unique<SendingEnd>(parts);
    return std::make_unique<ReceivingEnd>(parts, inbox);
}

Result<std::shared_ptr<Link>> Link::open(LinkConfig config, LinkObserver& observer) {
    auto seeds = std::make_shared<std::vector<SecretBytes>>(std::move(config.seeds));
    auto passphrase = std::make_shared<SecretBytes>(std::move(config.passphrase));
    config = adapted(std::move(config));

    UdpConfig udp;
    udp.local_address = config.local_address;
    udp.local_port = config.caller ? config.local_port : config.port;
    udp.send_buffer = config.socket_send_buffer;
    udp.receive_buffer = config.socket_receive_buffer;
    udp.send_mode = config.offload ? SendMode::segmentation : SendMode::several;
    udp.receive_offload = config.offload;
    udp.answer_as_called = !config.caller;
    EndpointConfig endpoint;
    endpoint.listening = !config.caller;
    endpoint.max_sessions = config.max_sessions;
    endpoint.session = config.session;
    auto node = Node::open(udp, std::move(endpoint), config.identity);
    if (!node) return node.error();
    const auto impl = std::make_shared<Impl>(std::move(config), *node, observer);
    impl->node->loop().post(
        [impl = impl.get(), seeds, passphrase] { impl->start(std::move(*passphrase), std::move(*seeds)); });
    impl->node->start(impl);
    return std::shared_ptr<Link>(new Link(impl));
}

Link::Link(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Link::~Link() { close(); }
void Link::close() { impl_->close_from_any_thread(); }
uint16_t Link::local_port() const { return impl_->node->local_port(); }
SendQueue& Link::outbox() { return impl_->outbox; }
ReceiveQueue& Link::inbox() { return impl_->inbox; }

void Link::begin_stream(std::vector<uint8_t> header) {
    impl_->outbox.begin_next();
    impl_->node->loop().post(
        [impl = impl_.get(), header = std::move(header)] { impl->begin_stream(header); });
}

bool Link::send_upstream(OutMessage message) {
    if (!impl_->stream_->takes_upstream()) return false;
    return impl_->outbox.push(std::move(message), Unit::event, 0, 1ns) == QueueStatus::ok;
}

void Link::set_seeds(std::vector<SecretBytes> seeds) {
    auto shared = std::make_shared<std::vector<SecretBytes>>(std::move(seeds));
    impl_->node->loop().post([impl = impl_.get(), shared] { impl->use_seeds(std::move(*shared)); });
}

void Link::fail(Error error) {
    impl_->node->loop().post([impl = impl_.get(), error = std::move(error)] { impl->end(error, false); });
}

LinkStats Link::stats() const { return impl_->stats(); }
std::shared_ptr<PeerClock> Link::peer_clock() const { return impl_->clock_.get(); }

Reporter::Facts Link::Impl::facts() {
    // The peer's address may change while the session is established.
    session_.renew_info();
    return {.session = session_.info(),
            .established = session_.established(),
            .circuit = caller_.circuit(),
            .attempt = caller_.attempt_number(),
            .stream = stream_->stream()};
}

LinkStats Link::Impl::stats() {
    const bool inside = node->loop().on_thread();
    if (inside) renew_stats(false);
    LinkStats stats = inside ? stats_board_.latest() : stats_board_.ask([this] { node->loop().wake(); });
    stats.queued_bytes = outbox.queued_bytes();
    return stats;
}

void Link::Impl::renew_stats(bool last) {
    LinkStats fresh;
    fresh.state = reporter_.state();
    fresh.circuit = caller_.circuit();
    fresh.info = session_.info();
    fresh.sessions = session_.count();
    fresh.reconnects = fresh.sessions > 0 ? fresh.sessions - 1 : 0;
    fresh.resumptions = session_.resumptions();
    fresh.socket_errors = node->socket_errors();
    fresh.session = session_.stats();
    fresh.clock = clock_.stats(clock_now().time);
    stats_board_.post(fresh, last);
}

void Link::Impl::start(SecretBytes passphrase, std::vector<SecretBytes> seeds) {
    reporter_.set_state(LinkState::connecting);
    if (reporter_.closed()) return;
    if (passphrase.empty()) {
        have_seeds(std::move(seeds));
        return;
    }
    stretching = std::make_shared<const bool>(true);
    stretch(std::move(passphrase), stretching, [self = shared_from_this()](std::optional<SecretBytes> seed) {
        auto shared = std::make_shared<std::optional<SecretBytes>>(std::move(seed));
        self->node->loop().post([impl = self.get(), shared] { impl->stretched(std::move(*shared)); });
    });
}

void Link::Impl::stretched(std::optional<SecretBytes> seed) {
    if (reporter_.closed()) return;
    if (seed) {
        std::vector<SecretBytes> seeds;
        seeds.push_back(std::move(*seed));
        have_seeds(std::move(seeds));
        return;
    }
    // Settings refuse what is too short.
    give_up(make_error(ErrorCode::resource_exhausted, Reason::passphrase, ErrorOrigin::local,
                       tr("the %zu MiB of memory that stretching a passphrase takes could not be had",
                          passphrase_memory >> 20)));
}

void Link::Impl::use_seeds(std::vector<SecretBytes> seeds) {
    if (!seeds.empty()) caller_.set_seed(seeds.front().bytes());
    node->set_seeds(std::move(seeds));
}

void Link::Impl::have_seeds(std::vector<SecretBytes> seeds) {
    use_seeds(std::move(seeds));
    if (config.caller && !reporter_.ended()) caller_.start(clock_now());
}

void Link::Impl::on_turn(Now now) {
    if (auto error = caller_.retry_if_due(now)) give_up_in_time(std::move(*error));
    if (caller_.check_success(now.time)) reporter_.renew();
    heed(now, stream_->expire(now.time));
    reporter_.summarise_due(now.time);
    if (session_.established()) reporter_.renew();  // the peer may have moved
    if (!reporter_.closed()) stream_->tend(now.time);
    if (!reporter_.closed()) heed(now, stream_->move(now.time));
    if (!reporter_.closed() && stats_board_.wanted()) renew_stats(false);
}

void Link::Impl::close_from_any_thread() {
    Loop& loop = node->loop();
    if (loop.on_thread()) {
        close();
        return;
    }
    loop.post([this] { close(); });
    loop.stop();
}

void Link::Impl::close() {
    if (std::exchange(closing, true)) return;
    stretching.reset();
    outbox.fail();
    inbox.fail();
    session_.renew_info();
    if (Session* s = session_.get()) {
        stream_->report_taken(clock_now().time, *s);
        s->close(clock_now(), CloseReason::graceful, {});
    }
    caller_.stop(clock_now());
    reporter_.summarise_all();
    stream_->report_undelivered();
    if (!reporter_.ended()) reporter_.set_state(LinkState::closed);
    reporter_.close();
    renew_stats(true);
    node->shut_down();
}

void Link::Impl::end(Error error, bool tell) {
    if (reporter_.ended()) return;
    drop_question();
    if (reporter_.ended()) return;
    reporter_.fail();
    reporter_.summarise_all();
    if (reporter_.closed()) return;
    caller_.stop(clock_now());
    stretching.reset();
    stream_->on_session_over();
    ErrorReport told = reporter_.describe(error);
    told.error.terminal = true;
    if (Session* s = session_.get()) {
        s->close(clock_now(), CloseReason::error, std::move(error));
        s->abandon();
    }
    // Where everything has been passed on, and no more can come, a session was only wanted to say so.
    if (!stream_->finished() || session_.established() || config.keep_listening) {
        stream_->report_undelivered();
        // The observer first: a streaming thread that sees the queue fail may rely on the error having been
        // told.
        if (tell) reporter_.report_end(told);
        outbox.fail();
        inbox.fail();
    }
    reporter_.set_state(LinkState::closed);
}

}  // namespace stt
