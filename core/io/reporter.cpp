// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/reporter.hpp"

#include <utility>

#include "core/io/loop.hpp"

namespace stt {

Reporter::Reporter(const LinkConfig& config, LinkObserver& observer, Subject& subject)
    : config_(config), observer_(observer), subject_(subject) {}

std::string Reporter::peer_text(const SessionInfo& session) const {
    if (session.peer != Address{}) return session.peer.to_string();
    return config_.caller ? config_.host + ":" + std::to_string(config_.port) : std::string();
}

// States.

void Reporter::set_state(LinkState next) {
    const Facts facts = subject_.facts();
    const bool moved = facts.established && facts.session.peer != peer_;
    if (closed() || (state_ == next && circuit_ == facts.circuit && !moved)) return;
    if (ended() && next != LinkState::closed) return;  // callers who are turned away are no news
    state_ = next;
    circuit_ = facts.circuit;
    peer_ = facts.session.peer;
    subject_.on_state_changed();
    observer_.on_status({state_, facts.session, peer_text(facts.session), circuit_});
}

// Errors.

/// Whether `error`, which does not end the link, is to be reported now.
bool Reporter::admit(Error& error) {
    error.terminal = false;
    return !ended() && digest_.admit(clock_now().time, error);
}

ErrorReport Reporter::describe(Error error) {
    const Facts facts = subject_.facts();
    ErrorReport report;
    report.error = std::move(error);
    report.caller = config_.caller;
    report.attempt = facts.attempt;
    report.peer = peer_text(facts.session);
    report.session = facts.session;
    report.stream = facts.stream;
    return report;
}

ErrorReport Reporter::describe(Error error, const std::string& other) {
    if (other.empty()) return describe(std::move(error));
    ErrorReport report;
    report.error = std::move(error);
    report.caller = config_.caller;
    report.peer = other;
    return report;
}

void Reporter::report(Error error, std::optional<Duration> retry_after) {
    if (!admit(error)) return;
    ErrorReport report = describe(std::move(error));
    report.retrying = retry_after.has_value();
    report.next_delay = retry_after.value_or(Duration::zero());
    observer_.on_error(report);
}

void Reporter::warn(Error error) {
    if (!admit(error)) return;
    ErrorReport report = describe(std::move(error));
    report.warned_of = true;
    observer_.on_error(report);
}

void Reporter::report_unauthenticated(Error error) {
    if (!admit(error)) return;
    ErrorReport report = describe(std::move(error));
    report.hearsay = true;
    observer_.on_error(report);
}

void Reporter::report_other(Error error, const Address& peer) {
    if (ended()) return;
    error.terminal = false;
    const std::string other = peer.to_string();
    if (digest_.admit(clock_now().time, error, other)) observer_.on_error(describe(std::move(error), other));
}

void Reporter::report_end(const ErrorReport& report) {
    if (!closed()) observer_.on_error(report);
}

void Reporter::summarise(ErrorDigest::Summary summary) {
    ErrorReport report = describe(std::move(summary.last), summary.stranger);
    report.repeated = summary.repeated;
    observer_.on_error(report);
}

void Reporter::summarise_due(Time now) {
    while (!closed()) {
        auto summary = digest_.take_due(now);
        if (!summary) return;
        summarise(std::move(*summary));
    }
}

void Reporter::summarise_all() {
    while (!closed()) {
        auto summary = digest_.take_any();
        if (!summary) return;
        summarise(std::move(*summary));
    }
}

// The rest.

void Reporter::trace(const std::string& text) {
    if (!closed()) observer_.on_trace(text);
}

void Reporter::ask(const ErrorReport& report, std::function<void(RetryDecision)> reply) {
    if (!closed()) observer_.on_decision(report, std::move(reply));
}

void Reporter::stream_opened(StreamId stream, const std::vector<uint8_t>& header) {
    if (!closed()) observer_.on_stream_opened(stream, header);
}

void Reporter::stream_ready(StreamId stream, bool again) {
    if (!closed()) observer_.on_stream_ready(stream, again);
}

void Reporter::stream_closed(StreamId stream, const Error& error) {
    if (!closed()) observer_.on_stream_closed(stream, error);
}

std::optional<OutMessage> Reporter::gap(const SendQueue::Account& lost, bool uncertain) {
    if (closed() || lost.buffers == 0) return std::nullopt;
    return observer_.on_gap(lost, uncertain);
}

std::optional<OutMessage> Reporter::late_start() {
    return closed() ? std::nullopt : observer_.on_late_start();
}

void Reporter::dropping() {
    if (!closed()) observer_.on_giving_up();
}

void Reporter::upstream_message(InMessage message) {
    if (!closed()) observer_.on_upstream_message(std::move(message));
}

}  // namespace stt
