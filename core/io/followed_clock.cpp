// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/followed_clock.hpp"

namespace stt {

std::shared_ptr<PeerClock> FollowedClock::get() const {
    const std::lock_guard lock(mutex_);
    return clock_;
}

void FollowedClock::follow(const NodeId& node, Time now) {
    auto known = PeerClocks::process().get(node, now);
    const std::lock_guard lock(mutex_);
    clock_ = std::move(known);
}

void FollowedClock::on_measured(Time now, Session& from, const ClockSample& sample) {
    if (!clock_) return;
    if (clock_->add(sample)) from.hasten_clock(now);
    const auto line = clock_->line();
    from.ask_clock_often(line && line->noisy());
}

ClockStats FollowedClock::stats(Time time) const {
    if (!clock_) return {};
    const auto line = clock_->line();
    if (!line) return {};
    const int64_t now = time.time_since_epoch().count();
    return {.state = line->state_at(now),
            .offset = Duration(line->peer_at(now) - now),
            .drift = line->drift,
            .base_delay = Duration(line->base_delay_ns),
            .sigma = Duration(line->sigma_ns)};
}

}  // namespace stt
