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
            reported_.clear();  // what becomes of the session is reported, whatever came before
            [[fallthrough]];
        case LinkState::closed: {
            const uint64_t merged = waiting_ ? waiting_->merged + 1 : 0;
            waiting_.reset();
            return {.report = true, .merged = merged, .later = std::nullopt};
        }
        case LinkState::connecting:
        case LinkState::handshaking:
        case LinkState::reconnecting:
            break;
    }
    if (waiting_) {
        waiting_ = Waiting{status, waiting_->merged + 1};
        return {};
    }
    if (may_report(now)) return {.report = true, .merged = 0, .later = std::nullopt};
    waiting_ = Waiting{status, 0};
    return {.report = false, .merged = 0, .later = reported_.front() + window - now};
}

std::optional<StatusDigest::Waiting> StatusDigest::take(TimePoint now) {
    const std::lock_guard lock(mutex_);
    if (!waiting_) return std::nullopt;
    // The clock of whoever calls may be a little ahead. Nobody would call again.
    may_report(now);
    return std::exchange(waiting_, std::nullopt);
}

void StatusDigest::clear() {
    const std::lock_guard lock(mutex_);
    reported_.clear();
    waiting_.reset();
}

}  // namespace stt
