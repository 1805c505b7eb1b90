// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/paths.hpp"

#include <algorithm>
#include <cassert>

namespace stt {

namespace {

/// The size in bytes of a packet with FINAL and PATH_CHALLENGE.
constexpr size_t unpadded_max = session_overhead + 23;

}  // namespace

Paths::Paths(const Address& peer, const SessionConfig& config, const TransportTable& transports,
             Random& random, Trace trace)
    : config_(config), transports_(transports), random_(random), trace_(trace), active_(make(peer)) {}

std::unique_ptr<Path> Paths::make(const Address& peer) const {
    return std::make_unique<Path>(peer, transports_.of(peer), config_, datagram_limit_);
}

void Paths::add_to(SessionStats& stats) const {
    Recovery::Counters sent = past_;
    sent.add(active_->recovery().counters());
    if (previous_) sent.add(previous_->recovery().counters());
    stats.packets_sent += sent.packets_sent;
    stats.packets_lost += sent.packets_lost;
    stats.packets_spurious += sent.packets_spurious;
    stats.bytes_sent += sent.bytes_sent;
    stats.bytes_lost += sent.bytes_lost;
    stats.probes += sent.probes;
    active_->add_to(stats);
}

void Paths::limit_datagram(uint64_t most) {
    datagram_limit_ = std::min(datagram_limit_, most);
    active_->limit_datagram(datagram_limit_);
}

void Paths::on_newest_from(Time now, const Address& from, size_t bytes) {
    if (from == active_->peer()) return;
    if (!candidate_ || candidate_->peer != from) {
        trace_([&] { return "path: validation of " + from.to_string() + " begins"; });
        candidate_ = Candidate{from, PathValidation(now, random_)};
    }
    candidate_->validation.on_received(bytes);
}

std::optional<Paths::Outgoing> Paths::take_frame(Time now, TransportKind transport) {
    if (!response_ || response_->to.transport != transport) return take_challenge(now, transport);
    // The packet is padded to the minimum. The path must carry that size, and the challenge proves that it
    // does (RFC 9000, section 8.2.1).
    const Response response = *std::exchange(response_, std::nullopt);
    return Outgoing{response.to, PathResponseFrame{response.token}, datagram_min};
}

std::optional<Paths::Outgoing> Paths::take_challenge(Time now, TransportKind transport) {
    if (!candidate_ || candidate_->peer.transport != transport) return std::nullopt;
    PathValidation& validation = candidate_->validation;
    if (validation.failed(now)) {
        trace_([&] { return "path: validation of " + candidate_->peer.to_string() + " has failed"; });
        candidate_.reset();
        return std::nullopt;
    }
    const auto token = validation.take_challenge(now, active_->recovery().rtt().smoothed());
    if (!token) return std::nullopt;
    const size_t pad_to = validation.spend(datagram_min) ? datagram_min : 0;
    if (pad_to == 0 && !validation.spend(unpadded_max)) return std::nullopt;
    return Outgoing{candidate_->peer, PathChallengeFrame{*token}, pad_to};
}

bool Paths::validates(const Address& from, const PathValidation::Token& token) const {
    return candidate_ && candidate_->peer == from && candidate_->validation.matches(token);
}

const Recovery::Outcome& Paths::move(Time now) {
    assert(candidate_);
    trace_([&] {
        return "path: " + candidate_->peer.to_string() + " is valid and replaces " +
               active_->peer().to_string();
    });
    std::unique_ptr<Path> next = make(candidate_->peer);
    candidate_.reset();
    return activate(now, std::move(next));
}

const Recovery::Outcome& Paths::start_over(Time now) {
    trace_([&] { return "path: all that was learnt about " + active_->peer().to_string() + " is void"; });
    return activate(now, make(active_->peer()));
}

const Recovery::Outcome& Paths::activate(Time now, std::unique_ptr<Path> next) {
    next->replace(now, *active_);
    if (previous_) past_.add(previous_->recovery().counters());
    previous_ = std::exchange(active_, std::move(next));
    previous_left_ = now;
    return previous_->recovery().retire(now);
}

const Recovery::Outcome* Paths::on_late_ack(Time now, const AckFrame& ack) {
    if (!previous_) return nullptr;
    if (now - previous_left_ <= previous_kept) return &previous_->recovery().on_late_ack(now, ack);
    past_.add(previous_->recovery().counters());
    previous_.reset();
    return nullptr;
}

}  // namespace stt
