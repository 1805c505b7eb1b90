// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path_loss.hpp"

#include <cmath>

#include "core/base/text.hpp"

namespace stt {

namespace {

long percent(const LossMeter::Finding& finding) {
    return std::lround(100.0 * static_cast<double>(finding.lost) / static_cast<double>(finding.packets));
}

const char* format_of(bool sent, bool again) {
    if (sent && again)
        return tr_noop("%ld %% of %lld packets to %s were lost within %lld s, and so it goes on");
    if (sent) return tr_noop("%ld %% of %lld packets to %s were lost within %lld s");
    if (again) return tr_noop("%ld %% of %lld packets from %s were lost within %lld s, and so it goes on");
    return tr_noop("%ld %% of %lld packets from %s were lost within %lld s");
}

}  // namespace

std::optional<Error> PathLoss::on_outcome(Time now, const Recovery::Outcome& outcome, bool narrow) {
    if (narrow) {
        sent_.restart(now);
        return std::nullopt;
    }
    int64_t arrived = 0, lost = 0;
    for (const SentPacket& packet : outcome.acked) {
        if (packet.sent < sent_.counted_from()) continue;
        arrived++;
        if (packet.state == PacketState::lost) lost--;
    }
    for (const SentPacket& packet : outcome.lost)
        if (packet.lost_by_reordering && packet.sent >= sent_.counted_from()) lost++;
    if (arrived == 0 && lost == 0) return std::nullopt;
    const auto finding = sent_.add(now, arrived, lost);
    return finding ? std::optional(error(*finding, true)) : std::nullopt;
}

std::optional<Error> PathLoss::on_arrival(Time now, uint64_t number) {
    const int64_t missing = gaps_.on_arrival(number);
    const auto finding = received_.add(now, 1, missing);
    if (received_.counted_from() == now) gaps_.restart(number + 1);
    return finding ? std::optional(error(*finding, false)) : std::nullopt;
}

void PathLoss::begin(Time now, uint64_t number) {
    sent_.restart(now);
    received_.restart(now);
    gaps_.restart(number);
}

Error PathLoss::error(const LossMeter::Finding& finding, bool sent) const {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(finding.within + 500ms).count();
    const char* const format = format_of(sent, finding.again);
    return make_error(ErrorCode::path_loss, sent ? Reason::outgoing : Reason::incoming, ErrorOrigin::network,
                      tr(format, percent(finding), static_cast<long long>(finding.packets),
                         peer_.to_string().c_str(), static_cast<long long>(seconds)));
}

}  // namespace stt
