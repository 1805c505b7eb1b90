// SPDX-License-Identifier: LGPL-2.1-or-later
// What a session's path loses, in either direction, and when that is told.
#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/text.hpp"
#include "core/proto/session.hpp"

namespace stt {

namespace {

long percent(const LossMeter::Finding& finding) {
    return std::lround(100.0 * static_cast<double>(finding.lost) / static_cast<double>(finding.packets));
}

}  // namespace

/// Of what outcome_ holds. What no longer fits the path is another matter than what gets lost on it.
void Session::measure_sent_loss(Now now) {
    if (black_hole_.narrow()) return sent_loss_.restart(now.time);
    int64_t arrived = 0, lost = 0;
    for (const SentPacket& packet : outcome_.acked) {
        if (packet.sent < sent_loss_.counted_from()) continue;
        arrived++;
        if (packet.state == PacketState::lost) lost--;
    }
    for (const SentPacket& packet : outcome_.lost)
        if (packet.lost_by_reordering && packet.sent >= sent_loss_.counted_from()) lost++;
    if (arrived == 0 && lost == 0) return;
    note_path_loss(sent_loss_.add(now.time, arrived, lost), true);
}

void Session::measure_received_loss(Now now, uint64_t number) {
    const int64_t missing = received_gaps_.on_arrival(number);
    const auto finding = received_loss_.add(now.time, 1, missing);
    if (received_loss_.counted_from() == now.time) received_gaps_.restart(number + 1);
    note_path_loss(finding, false);
}

void Session::note_path_loss(const std::optional<LossMeter::Finding>& finding, bool sent) {
    if (!finding || state_ != SessionState::established) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(finding->within + 500ms).count();
    const char* const format =
        sent ? finding->again
                   ? tr_noop("%ld %% of %lld packets to %s were lost within %lld s, and so it goes on")
                   : tr_noop("%ld %% of %lld packets to %s were lost within %lld s")
        : finding->again
            ? tr_noop("%ld %% of %lld packets from %s were lost within %lld s, and so it goes on")
            : tr_noop("%ld %% of %lld packets from %s were lost within %lld s");
    note(make_error(ErrorCode::path_loss, sent ? Reason::outgoing : Reason::incoming, ErrorOrigin::network,
                    tr(format, percent(*finding), static_cast<long long>(finding->packets),
                       path_.remote().to_string().c_str(), static_cast<long long>(seconds))));
}

}  // namespace stt
