// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/peer_clock.hpp"

#include <algorithm>

namespace stt {

std::optional<ClockLine> PeerClock::line() const {
    const std::lock_guard lock(line_mutex_);
    return line_;
}

Time PeerClock::measured() const {
    const std::lock_guard lock(line_mutex_);
    return measured_;
}

bool PeerClock::wait_line(Duration limit, const std::function<bool()>& interrupted) {
    std::unique_lock lock(line_mutex_);
    changed_.wait_for(lock, limit, [&] { return line_ || interrupted(); });
    return line_.has_value();
}

void PeerClock::interrupt() {
    // A thread that has just found that it is not interrupted starts to wait before this lock is acquired,
    // and so is notified.
    const std::lock_guard lock(line_mutex_);
    changed_.notify_all();
}

bool PeerClock::add(const ClockSample& sample) {
    const std::lock_guard estimating(estimator_mutex_);
    const auto outcome = estimator_.add(sample);
    {
        const std::lock_guard lock(line_mutex_);
        const bool first = !line_ && estimator_.line();
        line_ = estimator_.line();
        measured_ = std::max(measured_, Time(Duration(sample.received)));
        if (first) changed_.notify_all();
    }
    return outcome == ClockEstimator::Outcome::relocked;
}

// ---

PeerClocks& PeerClocks::process() {
    static auto* const clocks = new PeerClocks;  // I/O threads may outlive static objects
    return *clocks;
}

size_t PeerClocks::size() const {
    const std::lock_guard lock(mutex_);
    return clocks_.size();
}

std::shared_ptr<PeerClock> PeerClocks::get(const NodeId& node, Time now) {
    const std::lock_guard lock(mutex_);
    drop_unused(now);
    const auto known = clocks_.find(node);
    if (known != clocks_.end()) {
        known->second.asked_for = now;
        return known->second.clock;
    }
    auto clock = std::make_shared<PeerClock>();
    if (clocks_.size() < clocks_max) clocks_[node] = {clock, now};
    return clock;
}

void PeerClocks::drop_unused(Time now) {
    auto oldest = clocks_.end();
    Time oldest_used = time_never;
    for (auto it = clocks_.begin(); it != clocks_.end();) {
        // An unheld clock can only become held in get(), under this mutex.
        const bool held = it->second.clock.use_count() > 1;
        const Time used = std::max(it->second.asked_for, it->second.clock->measured());
        if (!held && now - used > kept_for) {
            it = clocks_.erase(it);
            continue;
        }
        if (!held && used < oldest_used) {
            oldest = it;
            oldest_used = used;
        }
        ++it;
    }
    if (clocks_.size() >= clocks_max && oldest != clocks_.end()) clocks_.erase(oldest);
}

}  // namespace stt
