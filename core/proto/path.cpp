// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path.hpp"

#include <algorithm>
#include <cassert>
#include <cinttypes>
#include <string>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

namespace {

/// Returns the datagram size that the configured mtu gives where an IP packet has `headers` bytes of headers,
/// or none if the MTU is discovered.
std::optional<uint64_t> fixed_datagram(const SessionConfig& config, uint64_t headers) {
    if (!config.mtu) return std::nullopt;
    assert(*config.mtu >= datagram_min + headers);
    return *config.mtu - headers;
}

}  // namespace

Path::Path(const Address& peer, const TransportProperties& transport, const SessionConfig& config,
           uint64_t datagram_limit)
    : peer_(peer),
      transport_(transport),
      config_(config),
      recovery_(make_congestion_controller(
          config.congestion, fixed_datagram(config, transport.headers_size(peer)).value_or(datagram_min))),
      mtu_(fixed_datagram(config, transport.headers_size(peer)), transport.longest_datagram),
      black_hole_(config.keepalive_timeout),
      loss_(peer) {
    recovery_.set_pacing_ceiling(config.pacing_ceiling);
    limit_datagram(datagram_limit);
}

void Path::replace(Time now, const Path& before) {
    recovery_.set_peer_ack_delay(before.recovery_.peer_ack_delay());
    recovery_.begin(now, before.recovery_.next_number());
    loss_.resume(before.loss_);
}

uint64_t Path::live_window() const {
    const CongestionController& controller = recovery_.controller();
    const double bandwidth = controller.bandwidth();
    const double round_trip = std::chrono::duration<double>(recovery_.rtt().smoothed()).count();
    const auto known = static_cast<uint64_t>(1.25 * bandwidth * round_trip);
    return bandwidth <= 0 || controller.starting() ? std::max(known, controller.window()) : known;
}

void Path::add_to(SessionStats& stats) const {
    stats.in_flight = recovery_.in_flight();
    stats.congestion_window = recovery_.window();
    stats.pacing_rate = recovery_.controller().pacing_rate();
    stats.bandwidth = recovery_.controller().bandwidth();
    stats.rtt = recovery_.rtt().smoothed();
    stats.rtt_min = recovery_.rtt().minimum();
    stats.rtt_variation = recovery_.rtt().variation();
    stats.mtu = mtu_.current();
}

void Path::limit_datagram(uint64_t most) {
    mtu_.limit(most);
    use_datagram_size();
}

/// Two data packets fit beside the probe, and their arrival shows when it is lost.
uint64_t Path::mtu_probe_room() const {
    const uint64_t window = recovery_.window();
    return window - std::min(window, 2 * mtu_.current());
}

std::optional<uint64_t> Path::mtu_probe_due(Time now) const {
    return narrow() ? std::nullopt : mtu_.probe_due(now, mtu_probe_room());
}

void Path::on_too_big(Time now, uint64_t size, std::vector<Error>& notes) {
    if (mtu_.on_too_big(now, size)) notes.push_back(mtu_too_large(size));
    use_datagram_size();
}

void Path::report_narrow(Time now, Error error, std::vector<Error>& notes) {
    if (narrow_reported_ != time_never && now - narrow_reported_ < config_.keepalive_timeout) return;
    narrow_reported_ = now;
    notes.push_back(std::move(error));
}

Error Path::too_narrow_error() const {
    return make_error(ErrorCode::session_timeout, Reason::mtu, ErrorOrigin::network,
                      tr("the path to %s does not carry IP packets of %" PRIu64
                         " bytes: none got through within keepalive-timeout, although smaller ones did",
                         peer_.to_string().c_str(), ip_packet(datagram_min)))
        .ending();
}

Error Path::mtu_too_large(uint64_t datagram) const {
    return make_error(
        transport_.send_failed, Reason::mtu, ErrorOrigin::local,
        tr("mtu=%" PRIu64 " is too large: IP packets of %" PRIu64
           " bytes do not fit the path to %s; the session continues with %" PRIu64,
           *config_.mtu, ip_packet(datagram), peer_.to_string().c_str(), ip_packet(mtu_.current())));
}

BlackHole::Finding Path::on_outcome(Time now, const Recovery::Outcome& outcome, std::vector<Error>& notes) {
    const BlackHole::Finding finding = black_hole_.on_outcome(now, mtu_.current(), outcome);
    batches_.on_outcome(now, recovery_.rtt().smoothed(), outcome);
    if (auto error = loss_.on_outcome(now, outcome, narrow())) notes.push_back(std::move(*error));
    for (const SentPacket& packet : outcome.acked) {
        if (!packet.mtu_probe) continue;
        mtu_.on_probe_acked(now, packet.number);
        use_datagram_size();
    }
    for (const SentPacket& packet : outcome.lost)
        if (packet.mtu_probe && mtu_.on_probe_lost(now, packet.number))
            notes.push_back(mtu_too_large(packet.size));
    return finding;
}

void Path::on_finding(Time now, BlackHole::Finding finding, std::vector<Error>& notes) {
    switch (finding) {
        case BlackHole::Finding::shrunk:
            mtu_.on_black_hole(now);
            use_datagram_size();
            break;
        case BlackHole::Finding::too_narrow:
            report_narrow(
                now,
                make_error(transport_.send_failed, Reason::mtu, ErrorOrigin::network,
                           tr("IP packets of %" PRIu64 " bytes no longer get through to %s, although smaller "
                              "ones do; the stream waits until they do",
                              ip_packet(datagram_min), peer_.to_string().c_str())),
                notes);
            break;
        case BlackHole::Finding::none:
        case BlackHole::Finding::lost:
        case BlackHole::Finding::restored:
            break;
    }
}

void Path::on_arrival(Time now, uint64_t number, size_t size, std::vector<Error>& notes) {
    if (auto error = loss_.on_arrival(now, number, size)) notes.push_back(std::move(*error));
}

}  // namespace stt
