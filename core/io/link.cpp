// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/link.hpp"

#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {
namespace {

// What a receiver may have under way against the direction before send_upstream refuses.
constexpr uint64_t upstream_limit = 256 << 10;

// How long stats() waits for the I/O thread before it makes do with what it has.
constexpr auto stats_patience = 50ms;

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

Link::Impl::Impl(LinkConfig link_config, LinkObserver& link_observer)
    : config(std::move(link_config)),
      observer(link_observer),
      outbox(is_sender() ? config.send_queue_bytes : upstream_limit, [this] { node->loop().wake(); }),
      inbox([this] { node->loop().wake(); }),
      retry(
          {config.retry_initial_delay, config.retry_max_delay, config.reconnect_timeout, config.max_retries},
          system_random()),
      stream_header(config.stream_header) {}

Result<std::shared_ptr<Link>> Link::open(LinkConfig config, LinkObserver& observer) {
    auto seeds = std::make_shared<std::vector<SecretBytes>>(std::move(config.seeds));
    auto passphrase = std::make_shared<SecretBytes>(std::move(config.passphrase));
    const auto impl = std::make_shared<Impl>(adapted(std::move(config)), observer);
    const LinkConfig& c = impl->config;

    UdpConfig udp;
    udp.local_address = c.local_address;
    udp.local_port = c.caller ? c.local_port : c.port;
    udp.send_buffer = c.socket_send_buffer;
    udp.receive_buffer = c.socket_receive_buffer;
    udp.send_mode = c.offload ? SendMode::segmentation : SendMode::several;
    udp.receive_offload = c.offload;
    udp.answer_as_called = !c.caller;
    EndpointConfig endpoint;
    endpoint.listening = !c.caller;
    endpoint.max_sessions = c.max_sessions;
    endpoint.session = c.session;
    auto node = Node::open(udp, std::move(endpoint), c.identity);
    if (!node) return node.error();
    impl->node = *node;
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
    if (!impl_->upstream_open) return false;
    return impl_->outbox.push(std::move(message), Unit::event, 0, 1ns) == QueueStatus::ok;
}

void Link::set_seeds(std::vector<SecretBytes> seeds) {
    auto shared = std::make_shared<std::vector<SecretBytes>>(std::move(seeds));
    impl_->node->loop().post([impl = impl_.get(), shared] { impl->use_seeds(std::move(*shared)); });
}

void Link::fail(Error error) {
    impl_->node->loop().post([impl = impl_.get(), error = std::move(error)] { impl->end(error, false); });
}

LinkStats Link::stats() const {
    Impl& impl = *impl_;
    if (impl.node->loop().on_thread()) impl.renew_stats(false);
    std::unique_lock lock(impl.stats_mutex);
    if (!impl.node->loop().on_thread()) {
        const uint64_t before = impl.stats_serial;
        impl.stats_wanted = true;
        impl.node->loop().wake();
        // Not for good: the I/O thread may be in a callback that waits for a lock the caller holds.
        impl.stats_fresh.wait_for(lock, stats_patience,
                                  [&] { return impl.stats_final || impl.stats_serial != before; });
    }
    LinkStats stats = impl.stats;
    lock.unlock();
    stats.queued_bytes = impl.outbox.queued_bytes();
    return stats;
}

void Link::Impl::renew_stats(bool last) {
    LinkStats fresh;
    fresh.state = state;
    fresh.circuit = retry.circuit();
    fresh.info = info;
    fresh.sessions = sessions;
    fresh.reconnects = sessions > 0 ? sessions - 1 : 0;
    fresh.resumptions = resumptions;
    fresh.socket_errors = node->socket_errors();
    if (const Session* s = current()) fresh.session = s->stats();
    fresh.session.add_counters(past);
    if (clock) {
        const int64_t now = clock_now().time.time_since_epoch().count();
        if (const auto line = clock->line())
            fresh.clock = {.state = line->state_at(now),
                           .offset = Duration(line->peer_at(now) - now),
                           .drift = line->drift,
                           .base_delay = Duration(line->base_delay_ns),
                           .sigma = Duration(line->sigma_ns)};
    }
    const std::lock_guard lock(stats_mutex);
    stats = fresh;
    stats_serial++;
    stats_final = last;
    stats_fresh.notify_all();
}

void Link::Impl::start(SecretBytes passphrase, std::vector<SecretBytes> seeds) {
    set_state(LinkState::connecting);
    if (closed) return;
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
    if (closed) return;
    if (seed) {
        std::vector<SecretBytes> seeds;
        seeds.push_back(std::move(*seed));
        have_seeds(std::move(seeds));
        return;
    }
    // Settings refuse what is too short.
    give_up(make_error(ErrorCode::resource_exhausted, Reason::passphrase, ErrorOrigin::local,
                       tr("cannot allocate the %zu MiB of memory that are needed to stretch the passphrase",
                          passphrase_memory >> 20)));
}

void Link::Impl::use_seeds(std::vector<SecretBytes> seeds) {
    if (config.caller && !seeds.empty())
        peer_known_as = peer_key(config.host, config.port, seeds.front().bytes());
    node->set_seeds(std::move(seeds));
}

void Link::Impl::have_seeds(std::vector<SecretBytes> seeds) {
    use_seeds(std::move(seeds));
    if (!config.caller || given_up) return;
    const Now now = clock_now();
    retry.start(now.time);
    begin_attempt(now);
}

void Link::Impl::on_turn(Now now) {
    if (now.time >= retry_at) {
        retry_at = time_never;
        if (retry.remaining(now.time) == Duration::zero())
            give_up_in_time(last_error);
        else
            begin_attempt(now);
    }
    if (now.time >= proven_at) {
        proven_at = time_never;
        retry.succeeded(now.time);
        set_state(state);  // the circuit may have closed
    }
    if (!closed && now.time >= stream_expected_by) {
        stream_expected_by = time_never;
        warn(make_error(ErrorCode::timeout, Reason::no_stream, ErrorOrigin::peer,
                        tr("the peer has opened no stream: are both ends receivers?")));
    }
    if (!closed && now.time >= stream_idle_at()) on_stream_idle();
    while (!closed) {
        auto summary = digest.take_due(now.time);
        if (!summary) break;
        summarise(std::move(*summary));
    }
    if (!closed && established) set_state(state);  // the peer may have moved
    if (!closed && is_sender()) tend_outbox(now);
    if (!closed) move_data(now);
    if (!closed && stats_wanted.exchange(false)) renew_stats(false);
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
    resolver.cancel();
    stretching.reset();
    outbox.fail();
    inbox.fail();
    if (Session* s = current()) {
        info = s->info();
        account_inbox(clock_now(), *s);
        s->close(clock_now(), CloseReason::graceful, {});
    }
    if (Session* s = find(attempt)) s->close(clock_now(), CloseReason::graceful, {});
    summarise_all();
    tell_undelivered();
    if (!given_up) set_state(LinkState::closed);
    closed = true;
    renew_stats(true);
    node->shut_down();
}

// ---

std::string Link::Impl::peer_text() const {
    if (info.peer != Address{}) return info.peer.to_string();
    return config.caller ? config.host + ":" + std::to_string(config.port) : std::string();
}

void Link::Impl::set_state(LinkState next) {
    renew_info();
    const bool moved = established && info.peer != peer_told;
    if (closed || (state == next && circuit_told == retry.circuit() && !moved)) return;
    if (given_up && next != LinkState::closed) return;  // callers who are turned away are no news
    state = next;
    circuit_told = retry.circuit();
    peer_told = info.peer;
    renew_stats(false);  // who asks when told is not to hear of the time before
    observer.on_status({state, info, peer_text(), circuit_told});
}

ErrorReport Link::Impl::report_of(Error error) {
    renew_info();
    ErrorReport report;
    report.error = std::move(error);
    report.caller = config.caller;
    report.attempt = config.caller ? retry.attempt() : 0;
    report.peer = peer_text();
    report.session = info;
    report.stream = stream;
    return report;
}

void Link::Impl::report(Error error, std::optional<Duration> retry_after) {
    if (closed || given_up) return;
    error.terminal = false;
    if (!digest.admit(clock_now().time, error)) return;
    ErrorReport told = report_of(std::move(error));
    told.retrying = retry_after.has_value();
    told.next_delay = retry_after.value_or(Duration::zero());
    observer.on_error(told);
}

void Link::Impl::warn(Error error) {
    if (closed || given_up || !digest.admit(clock_now().time, error)) return;
    ErrorReport told = report_of(std::move(error));
    told.warned_of = true;
    observer.on_error(told);
}

void Link::Impl::report_hearsay(Error error) {
    error.terminal = false;
    if (closed || given_up || !digest.admit(clock_now().time, error)) return;
    ErrorReport told = report_of(std::move(error));
    told.hearsay = true;
    observer.on_error(told);
}

ErrorReport Link::Impl::report_about(Error error, const std::string& stranger) {
    if (stranger.empty()) return report_of(std::move(error));
    ErrorReport report;
    report.error = std::move(error);
    report.caller = config.caller;
    report.peer = stranger;
    return report;
}

void Link::Impl::report_other(Error error, const Address& peer) {
    if (closed || given_up) return;
    error.terminal = false;
    const std::string stranger = peer.to_string();
    if (digest.admit(clock_now().time, error, stranger))
        observer.on_error(report_about(std::move(error), stranger));
}

void Link::Impl::summarise(ErrorDigest::Summary summary) {
    ErrorReport told = report_about(std::move(summary.last), summary.stranger);
    told.repeated = summary.repeated;
    observer.on_error(told);
}

void Link::Impl::summarise_all() {
    while (!closed) {
        auto summary = digest.take_any();
        if (!summary) return;
        summarise(std::move(*summary));
    }
}

void Link::Impl::end(Error error, bool tell) {
    if (closed || given_up) return;
    drop_question();
    if (closed || std::exchange(given_up, true)) return;
    summarise_all();
    if (closed) return;
    resolver.cancel();
    stretching.reset();
    retry_at = stream_expected_by = time_never;
    ErrorReport told = report_of(error);
    told.error.terminal = true;
    if (Session* s = find(attempt)) s->close(clock_now(), CloseReason::graceful, {});
    if (Session* s = current()) {
        s->close(clock_now(), CloseReason::error, std::move(error));
        s->abandon();
    }
    upstream_open = false;
    // Where everything has been passed on, and no more can come, a session was only wanted to say so.
    if (!finished || established || config.keep_listening) {
        tell_undelivered();
        // The observer first: a streaming thread that sees the queue fail may rely on the error having been
        // told.
        if (tell) observer.on_error(told);
        outbox.fail();
        inbox.fail();
    }
    set_state(LinkState::closed);
}

}  // namespace stt
