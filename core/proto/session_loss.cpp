// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session's path loses, in either direction, and when that is told.
#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

namespace {

long percent(const LossMeter::Report& report) {
    return std::lround(100.0 * static_cast<double>(report.lost) / static_cast<double>(report.packets));
}

}  // namespace

/// Of what outcome_ holds. What no longer fits the path is another matter than what gets lost on it. Only
/// packets that elicit acknowledgements count: whether the others arrive is not known for certain.
void Session::measure_sent_loss(Now now) {
    if (black_hole_.narrow()) return sent_loss_.restart(now.time);
    if (!outcome_.acked.empty()) sent_loss_.on_alive(now.time);
    for (const SentPacket& packet : outcome_.acked)
        if (packet.ack_eliciting) sent_outage_.on_acked(packet.sent);
    sent_outage_.end_step();
    LossMeter::Sum sum;
    for (const SentPacket& packet : outcome_.acked) {
        if (!packet.ack_eliciting) continue;
        if (packet.sent < sent_loss_.counted_from()) continue;
        sum.arrived++;
        if (packet.size >= datagram_min) sum.large++;
        if (packet.state == PacketState::lost && packet.lost_by_reordering && !sent_outage_.took(packet.sent))
            sum.lost--;
    }
    for (const SentPacket& packet : outcome_.lost)
        if (packet.lost_by_reordering && packet.sent >= sent_loss_.counted_from() &&
            !sent_outage_.took(packet.sent))
            sum.lost++;
    if (sum.arrived == 0 && sum.lost == 0) return;
    note_path_loss(sent_loss_.add(now.time, sum), true);
}

void Session::measure_received_loss(Now now, uint64_t number, size_t size) {
    received_loss_.on_alive(now.time);
    const LossMeter::Sum sum{.arrived = 1,
                             .lost = received_gaps_.on_arrival(now.time, number),
                             .large = size >= datagram_min ? 1 : 0};
    note_path_loss(received_loss_.add(now.time, sum), false);
}

void Session::note_path_loss(const std::optional<LossMeter::Report>& report, bool sent) {
    if (!report || state_ != SessionState::established) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(report->within + 500ms).count();
    const char* const format =
        sent ? report->again
                   ? tr_noop("%ld %% of %lld packets to %s were lost in the last %lld s; the loss continues")
                   : tr_noop("%ld %% of %lld packets to %s were lost within %lld s")
        : report->again
            ? tr_noop("%ld %% of %lld packets from %s were lost in the last %lld s; the loss continues")
            : tr_noop("%ld %% of %lld packets from %s were lost within %lld s");
    note(make_error(ErrorCode::path_loss, sent ? Reason::outgoing : Reason::incoming, ErrorOrigin::network,
                    tr(format, percent(*report), static_cast<long long>(report->packets),
                       path_.remote().to_string().c_str(), static_cast<long long>(seconds))));
}

}  // namespace stt
