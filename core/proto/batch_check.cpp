// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/batch_check.hpp"

#include <algorithm>

namespace stt {

void BatchCheck::on_outcome(Time now, Duration round_trip, const Recovery::Outcome& outcome) {
    for (const SentPacket& packet : outcome.acked) {
        if (!packet.batched) continue;
        batch_sent_ = std::max(batch_sent_, packet.sent);
        pause_ = pause_initial;
    }
    if (single_sent_ <= batch_sent_) single_sent_ = time_never;
    for (const SentPacket& packet : outcome.acked) {
        if (!packet.batched && packet.ack_eliciting && packet.sent > batch_sent_)
            single_sent_ = std::min(single_sent_, packet.sent);
    }
    if (single_sent_ == time_never) return;
    bool lost = false, lost_between = false;
    for (const SentPacket& packet : outcome.lost) {
        if (!packet.batched || packet.sent <= std::max(batch_sent_, allowed_at_)) continue;
        lost = true;
        lost_between = lost_between || packet.sent > single_sent_;
    }
    if (!lost) return;
    // Without a single datagram in between, the cause may have been an outage, which affects all datagrams.
    // Then only what is sent again now leaves in single datagrams.
    allowed_at_ = now + (lost_between ? pause_ : round_trip);
    if (lost_between) pause_ = std::min<Duration>(pause_ * 8, pause_max);
    single_sent_ = time_never;
}

}  // namespace stt
