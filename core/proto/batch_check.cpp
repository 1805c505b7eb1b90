// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/batch_check.hpp"

#include <algorithm>

namespace stt {

void BatchCheck::on_outcome(Time now, const Recovery::Outcome& outcome) {
    if (!allowed()) return;
    for (const SentPacket& packet : outcome.acked) {
        if (packet.batched) {
            rounds_ = 0;
            single_acked_ = false;
        } else if (packet.ack_eliciting && packet.sent >= round_start_) {
            single_acked_ = true;
        }
    }
    const bool lost = std::any_of(outcome.lost.begin(), outcome.lost.end(), [&](const SentPacket& packet) {
        return packet.batched && packet.sent >= round_start_;
    });
    if (!lost || !single_acked_) return;
    rounds_++;
    round_start_ = now;
    single_acked_ = false;
}

}  // namespace stt
