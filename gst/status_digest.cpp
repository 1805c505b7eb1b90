// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/status_digest.hpp"

#include <utility>

namespace stt {

/// Counts a report if it is allowed. Called with the lock held.
bool StatusDigest::may_report(TimePoint now) {
    while (!reported_.empty() && now - reported_.front() >= window) reported_.pop_front();
    if (reported_.size() >= changes_max) return false;
    reported_.push_back(now);
    return true;
}

StatusDigest::Outcome StatusDigest::add(const LinkStatus& status, TimePoint now) {
    const std::lock_guard lock(mutex_);
    switch (status.state) {
        case LinkState::connected:
        case LinkState::resumed:
        case LinkState::closed:
            waiting_.reset();
            return {.report = true, .later = std::nullopt};
        case LinkState::connecting:
        case LinkState::handshaking:
        case LinkState::reconnecting:
            break;
    }
    if (waiting_) {
        waiting_ = Waiting{status, waiting_->merged + 1};
        return {};
    }
    if (may_report(now)) return {.report = true, .later = std::nullopt};
    waiting_ = Waiting{status, 0};
    return {.report = false, .later = reported_.front() + window - now};
}

std::optional<StatusDigest::Waiting> StatusDigest::take(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (!waiting_ || !may_report(now)) return std::nullopt;
    return std::exchange(waiting_, std::nullopt);
}

void StatusDigest::clear() {
    const std::lock_guard lock(mutex_);
    reported_.clear();
    waiting_.reset();
}

}  // namespace stt
