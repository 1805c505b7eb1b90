// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/black_hole.hpp"

#include <algorithm>

namespace stt {

BlackHole::Finding BlackHole::on_outcome(Time now, uint64_t current, const Recovery::Outcome& outcome) {
    const uint64_t large = current > datagram_min ? datagram_min + 1 : datagram_min;
    // Probes above the size in use are expected to be lost. Those up to datagram_min are made by this class.
    const auto counts = [&](const SentPacket& packet) {
        return packet.size >= large && (!packet.mtu_probe || packet.size <= datagram_min);
    };
    if (std::any_of(outcome.acked.begin(), outcome.acked.end(), counts)) {
        const bool was_narrow = narrow();
        reset();
        if (was_narrow) return Finding::restored;
    }
    if (suspects()) smaller_acked_ += static_cast<unsigned>(outcome.acked.size());

    bool any_lost = false, next_round = false;
    for (const SentPacket& packet : outcome.lost) {
        // The end of the data may make a probe that is smaller.
        if (!counts(packet) && !(narrow() && packet.mtu_probe && packet.size <= datagram_min)) continue;
        if (lost_++ == 0) first_lost_ = now;
        any_lost = true;
        next_round = next_round || packet.sent >= round_begin_;
    }
    if (!any_lost) return Finding::none;
    if (next_round) {
        round_begin_ = now;
        rounds_++;
    }
    if (current > datagram_min) {
        if (rounds_ < rounds_min) return Finding::none;
        reset();
        return Finding::shrunk;
    }
    if (state_ == State::open) {
        if (rounds_ < rounds_min || lost_ < lost_min || smaller_acked_ < smaller_acked_min)
            return Finding::none;
        state_ = State::narrow;
        narrow_since_ = next_probe_ = now;
    }
    if (now - narrow_since_ >= patience_) return Finding::lost;
    if (state_ == State::reported || now - narrow_since_ < report_after ||
        now - first_lost_ < report_after_loss)
        return Finding::none;
    state_ = State::reported;
    return Finding::too_narrow;
}

void BlackHole::on_probe_sent(Time now) {
    next_probe_ = now + (now - narrow_since_ < silence_fast_for ? silence_probe_fast : silence_probe_slow);
}

void BlackHole::reset() {
    state_ = State::open;
    rounds_ = lost_ = smaller_acked_ = 0;
}

}  // namespace stt
