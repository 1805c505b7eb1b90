// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path_loss.hpp"

#include <cmath>

#include "core/base/text.hpp"

namespace stt {

namespace {

long percent(const LossMeter::Report& report) {
    return std::lround(100.0 * static_cast<double>(report.lost) / static_cast<double>(report.packets));
}

const char* format_of(bool sent, bool again) {
    if (sent && again)
        return tr_noop("%ld %% of %lld packets to %s were lost in the last %lld s; the loss continues");
    if (sent) return tr_noop("%ld %% of %lld packets to %s were lost within %lld s");
    if (again)
        return tr_noop("%ld %% of %lld packets from %s were lost in the last %lld s; the loss continues");
    return tr_noop("%ld %% of %lld packets from %s were lost within %lld s");
}

}  // namespace

std::optional<Error> PathLoss::on_outcome(Time now, const Recovery::Outcome& outcome, bool narrow) {
    if (narrow) {
        sent_.restart(now);
        return std::nullopt;
    }
    if (!outcome.acked.empty()) sent_.on_alive(now);
    for (const SentPacket& packet : outcome.acked)
        if (packet.ack_eliciting) sent_outage_.on_acked(packet.sent);
    sent_outage_.end_step();
    // It is not known for certain whether packets that are not ack-eliciting arrive.
    LossMeter::Sum sum;
    for (const SentPacket& packet : outcome.acked) {
        if (!packet.ack_eliciting || packet.sent < sent_.counted_from()) continue;
        sum.arrived++;
        if (packet.size >= datagram_min) sum.large++;
        if (packet.state == PacketState::lost && packet.lost_by_reordering && !sent_outage_.took(packet.sent))
            sum.lost--;
    }
    for (const SentPacket& packet : outcome.lost)
        if (packet.lost_by_reordering && packet.sent >= sent_.counted_from() &&
            !sent_outage_.took(packet.sent))
            sum.lost++;
    if (sum.arrived == 0 && sum.lost == 0) return std::nullopt;
    const auto report = sent_.add(now, sum);
    return report ? std::optional(error(*report, true)) : std::nullopt;
}

std::optional<Error> PathLoss::on_arrival(Time now, uint64_t number, size_t size) {
    received_.on_alive(now);
    const LossMeter::Sum sum{
        .arrived = 1, .lost = gaps_.on_arrival(now, number), .large = size >= datagram_min ? 1 : 0};
    const auto report = received_.add(now, sum);
    return report ? std::optional(error(*report, false)) : std::nullopt;
}

void PathLoss::resume(const PathLoss& before) {
    sent_ = before.sent_;
    received_ = before.received_;
    sent_outage_ = before.sent_outage_;
    gaps_ = before.gaps_;
}

Error PathLoss::error(const LossMeter::Report& report, bool sent) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(report.within + 500ms).count();
    const char* const format = format_of(sent, report.again);
    return make_error(ErrorCode::path_loss, sent ? Reason::outgoing : Reason::incoming, ErrorOrigin::network,
                      tr(format, percent(report), static_cast<long long>(report.packets),
                         peer_.to_string().c_str(), static_cast<long long>(seconds)));
}

}  // namespace stt
