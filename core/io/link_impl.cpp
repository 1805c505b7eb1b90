// SPDX-License-Identifier: LGPL-2.1-or-later
// A link's life, and what follows an error. What the events of its sessions mean is in link_events.cpp.
#include "core/io/link_impl.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/io/node_registry.hpp"
#include "core/io/reached_hosts.hpp"
#include "core/io/stretcher.hpp"

namespace stt {
namespace {

// Bytes that a receiver may have under way against the direction before send_upstream() refuses more.
constexpr uint64_t upstream_limit = 256 << 10;

uint64_t outbox_limit(const LinkConfig& config) {
    return config.role == StreamRole::sender ? config.send_queue_bytes : upstream_limit;
}

}  // namespace

Link::Impl::Impl(LinkConfig config, std::shared_ptr<Node> node, LinkObserver& observer)
    : config_(std::move(config)),
      node_(std::move(node)),
      outbox_(outbox_limit(config_), [this] { node_->loop().wake(); }),
      inbox_([this] { node_->loop().wake(); }),
      session_(node_->endpoint()),
      reporter_(config_, observer, *this),
      caller_(
          {config_, node_->endpoint(), session_, reporter_},
          [this](Now now, Error error) { on_attempt_failed(now, std::move(error)); },
          [this] { node_->loop().wake(); }),
      stream_(make_stream_end()) {}

std::unique_ptr<StreamEnd> Link::Impl::make_stream_end() {
    const StreamEnd::Parts parts{config_, session_, reporter_, outbox_};
    if (config_.role == StreamRole::sender) return std::make_unique<SendingEnd>(parts);
    return std::make_unique<ReceivingEnd>(parts, inbox_);
}

// Any thread. What is posted needs no share of the link: the node holds it until the I/O thread ends.

void Link::Impl::start(std::vector<SecretBytes> seeds, SecretBytes passphrase) {
    auto shared_seeds = std::make_shared<std::vector<SecretBytes>>(std::move(seeds));
    auto shared_passphrase = std::make_shared<SecretBytes>(std::move(passphrase));
    node_->loop().post([this, shared_seeds, shared_passphrase] {
        begin(std::move(*shared_seeds), std::move(*shared_passphrase));
    });
    node_->start(shared_from_this());
}

void Link::Impl::close() {
    Loop& loop = node_->loop();
    if (loop.on_thread()) {
        shut_down();
        return;
    }
    loop.post([this] { shut_down(); });
    loop.stop();
}

void Link::Impl::begin_stream(std::vector<uint8_t> header) {
    outbox_.begin_next();
    node_->loop().post([this, header = std::move(header)] { begin_next_stream(header); });
}

bool Link::Impl::send_upstream(OutMessage message) {
    if (!stream_->takes_upstream()) return false;
    return outbox_.push(std::move(message), Unit::event, 0, Duration::zero()) == QueueStatus::ok;
}

LinkStats Link::Impl::stats() {
    const bool inside = node_->loop().on_thread();
    if (inside) post_stats(false);
    LinkStats stats = inside ? stats_board_.latest() : stats_board_.ask([this] { node_->loop().wake(); });
    stats.queued_bytes = outbox_.queued_bytes();
    return stats;
}

void Link::Impl::fail(Error error) {
    node_->loop().post([this, error = std::move(error)] { end(error, Telling::silent); });
}

void Link::Impl::hurry(std::optional<SteadyTime> until) {
    const Time limit = until ? Time(until->time_since_epoch()) : time_never;
    node_->loop().post([this, limit] { caller_.hurry(clock_now().time, limit); });
}

void Link::Impl::set_seeds(std::vector<SecretBytes> seeds) {
    auto shared = std::make_shared<std::vector<SecretBytes>>(std::move(seeds));
    node_->loop().post([this, shared] { use_seeds(std::move(*shared)); });
}

// Its beginning.

void Link::Impl::begin(std::vector<SecretBytes> seeds, SecretBytes passphrase) {
    reporter_.set_state(LinkState::connecting);
    if (reporter_.closed()) return;
    if (passphrase.empty()) {
        begin_with(std::move(seeds));
        return;
    }
    stretching_ = std::make_shared<const bool>(true);
    stretch(std::move(passphrase), stretching_, [self = shared_from_this()](std::optional<SecretBytes> seed) {
        auto shared = std::make_shared<std::optional<SecretBytes>>(std::move(seed));
        self->node_->loop().post([impl = self.get(), shared] { impl->on_stretched(std::move(*shared)); });
    });
}

void Link::Impl::on_stretched(std::optional<SecretBytes> seed) {
    if (reporter_.closed()) return;
    if (seed) {
        std::vector<SecretBytes> seeds;
        seeds.push_back(std::move(*seed));
        begin_with(std::move(seeds));
        return;
    }
    // The settings refuse a passphrase that is too short: only memory can be lacking.
    end(make_error(ErrorCode::resource_exhausted, Reason::passphrase, ErrorOrigin::local,
                   tr("cannot allocate the %zu MiB of memory that are needed to stretch the passphrase",
                      passphrase_memory >> 20)));
}

void Link::Impl::use_seeds(std::vector<SecretBytes> seeds) {
    if (!seeds.empty()) caller_.set_seed(seeds.front().bytes());
    node_->set_seeds(std::move(seeds));
}

void Link::Impl::begin_with(std::vector<SecretBytes> seeds) {
    use_seeds(std::move(seeds));
    if (!config_.caller || reporter_.ended()) return;
    watch_hosts();
    caller_.start(clock_now());
}

void Link::Impl::watch_hosts() {
    hosts_watch_ = ReachedHosts::process().watch([weak = weak_from_this()](const Address& peer) {
        if (const auto self = weak.lock())
            self->node_->loop().post([impl = self.get(), peer] {
                if (!impl->reporter_.ended()) impl->caller_.on_host_reached(clock_now().time, peer);
            });
    });
}

// A turn.

Time Link::Impl::deadline() const {
    return std::min({caller_.deadline(), stream_->deadline(), reporter_.deadline()});
}

void Link::Impl::on_turn(Now now) {
    if (auto error = caller_.retry_if_due(now)) end_overdue(std::move(*error));
    if (caller_.check_success(now.time)) reporter_.renew();
    conclude(now, stream_->expire(now.time));
    reporter_.summarise_due(now.time);
    if (session_.established()) reporter_.renew();  // the peer may have moved
    if (!reporter_.closed()) stream_->tend(now.time);
    if (!reporter_.closed()) conclude(now, stream_->move(now.time));
    if (!reporter_.closed() && stats_board_.wanted()) post_stats(false);
}

Reporter::Facts Link::Impl::facts() {
    session_.renew_info();
    return {.session = session_.info(),
            .established = session_.established(),
            .circuit = caller_.circuit(),
            .attempt = caller_.attempt_number(),
            .stream = stream_->stream()};
}

void Link::Impl::post_stats(bool last) {
    LinkStats fresh;
    fresh.state = reporter_.state();
    fresh.circuit = caller_.circuit();
    fresh.info = session_.info();
    fresh.sessions = session_.count();
    fresh.reconnects = fresh.sessions > 0 ? fresh.sessions - 1 : 0;
    fresh.resumptions = session_.resumptions();
    fresh.socket_errors = node_->socket_errors();
    fresh.endpoint = node_->endpoint().stats();
    fresh.session = session_.stats();
    fresh.clock = clock_.stats(clock_now().time);
    stats_board_.post(fresh, last);
}

// Its end.

void Link::Impl::shut_down() {
    if (std::exchange(shutting_down_, true)) return;
    const Now now = clock_now();
    stretching_.reset();
    hosts_watch_.reset();
    outbox_.fail();
    inbox_.fail();
    session_.renew_info();
    if (Session* const session = session_.get()) {
        stream_->report_taken(now.time, *session);
        session->close(now, CloseReason::graceful, {});
    }
    if (Session* const arriving = arriving_ ? node_->endpoint().find(arriving_) : nullptr)
        arriving->close(now, CloseReason::graceful, {});
    caller_.stop(now);
    withdraw_question();
    reporter_.summarise_all();
    stream_->report_undelivered();
    if (!reporter_.ended()) reporter_.set_state(LinkState::closed);
    reporter_.close();
    post_stats(true);
    NodeRegistry::process().detach(*node_);
}

void Link::Impl::end(Error error, Telling telling) {
    if (reporter_.ended()) return;
    withdraw_question();
    if (reporter_.ended()) return;
    reporter_.fail();
    reporter_.summarise_all();
    if (reporter_.closed()) return;
    const Now now = clock_now();
    caller_.stop(now);
    stretching_.reset();
    hosts_watch_.reset();
    stream_->on_session_over();
    ErrorReport report = reporter_.describe(error);
    report.error.terminal = true;
    if (Session* const session = session_.get()) {
        session->close(now, CloseReason::error, std::move(error));
        session->abandon();
    }
    // If everything has been passed on, and no more can come, the session was only wanted to say so.
    if (!stream_->finished() || session_.established() || config_.keep_listening) {
        stream_->report_undelivered();
        // The observer first: a streaming thread that sees the queue fail may rely on the error having been
        // reported.
        if (telling == Telling::report) reporter_.report_end(report);
        outbox_.fail();
        inbox_.fail();
    }
    // The end of the link is the last of what is reported: the end of its stream is part of it.
    stream_->leave();
    reporter_.set_state(LinkState::closed);
}

void Link::Impl::end_overdue(Error error) {
    if (config_.auto_reconnect) error.text = tr("%s; reconnect-timeout has expired", error.text.c_str());
    end(std::move(error));
}

// What follows an error.

void Link::Impl::on_attempt_failed(Now now, Error error) {
    // The peer says that the session is not ours to resume, or not what it was.
    if (session_.exists() && error.code == ErrorCode::handshake_failure &&
        error.reason == Reason::wrong_session) {
        if (Session* const lost = session_.get()) lost->abandon();
        on_abandoned();
        if (reporter_.closed()) return;
    }
    const bool retried = caller_.note_failure(now.time, error);
    decide(now, std::move(error), retried);
}

void Link::Impl::decide(Now now, Error error, bool retried) {
    if (reporter_.ended()) return;
    withdraw_question();
    if (reporter_.ended()) return;
    const auto plan = caller_.plan(now.time, error, retried);
    if (!plan) {
        // The observer cannot extend reconnect-timeout.
        end_overdue(caller_.overdue_error(now.time, std::move(error)));
        return;
    }
    ErrorReport report = reporter_.describe(error);
    report.error.terminal = !plan->retried;
    report.retrying = plan->retried;
    report.next_delay = plan->delay;
    reporter_.trace(error.text + (plan->retried ? ": is retried" : ": is not retried"));
    if (config_.caller) caller_.propose_retry(now.time + plan->delay, error);
    const uint64_t number = question_.ask({std::move(error), plan->retried, plan->delay});
    reporter_.ask(report, [self = shared_from_this(), number](RetryDecision decision) {
        if (self->node_->loop().on_thread())
            self->on_decided(number, decision);
        else
            self->node_->loop().post([self, number, decision] { self->on_decided(number, decision); });
    });
}

void Link::Impl::on_decided(uint64_t number, RetryDecision decision) {
    if (reporter_.ended()) return;
    auto asked = question_.answer(number);
    if (!asked) return;
    if (asked->ended_by(decision)) {
        end(std::move(asked->error));
        return;
    }
    if (config_.caller || !asked->retried) drop_session(clock_now(), asked->error);
    Duration delay = asked->delay;
    if (config_.caller) {
        const Time at = caller_.confirm_retry(asked->error);
        if (at != time_never) delay = std::max<Duration>(at - clock_now().time, 0ns);
    }
    reporter_.report(std::move(asked->error), delay);
    reporter_.renew();  // the circuit may have changed
}

void Link::Impl::withdraw_question() {
    auto asked = question_.withdraw();
    if (!asked) return;
    caller_.withdraw_retry();
    reporter_.report(std::move(asked->error));
}

void Link::Impl::drop_session(Now now, const Error& error) {
    if (!session_.established()) return;
    if (Session* const session = session_.get()) {
        // Otherwise the peer has closed it, with an error of its own.
        if (session->state() == SessionState::established) dropped_ = session->handle();
        session->close(now, CloseReason::error, error);
        session->abandon();
    }
    end_session(error);
    reporter_.set_state(LinkState::reconnecting);
}

}  // namespace stt
