// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/sending_policy.hpp"

#include <algorithm>

namespace stt {

void SendingPolicy::start(bool bytes) {
    bytes_ = bytes;
    origin_ = {};
    pipeline_changed_ = true;
    playout_ = 200 * GST_MSECOND;
}

void SendingPolicy::set_playout(GstClockTime latency) {
    // On no path is a smaller value a real backlog, and no receiver plays later than its memory allows.
    const GstClockTime playout = std::clamp<GstClockTime>(latency, 100 * GST_MSECOND, 60 * GST_SECOND);
    if (playout_.exchange(playout) != playout) pipeline_changed();
}

bool SendingPolicy::renew() {
    if (!pipeline_changed_.exchange(false)) return false;
    look_upstream();
    return true;
}

/// Live data must not be held back: a full queue upstream would drop data before it arrives here, and no one
/// would report the loss.
void SendingPolicy::look_upstream() {
    origin_ = find_origin(element_, static_cast<Choice>(connection_.setting(&Settings::live)));
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return;
    GiveUpPolicy policy;
    if (!bytes_) {
        const auto when_full = static_cast<WhenFull>(connection_.setting(&Settings::when_full));
        policy.when_full = when_full == WhenFull::drop || (when_full == WhenFull::automatic && origin_.live);
        policy.max_age = std::chrono::milliseconds(connection_.setting(&Settings::max_age));
        if (policy.when_full && origin_.live) policy.backlog_patience = 10s;
        policy.backlog_allowance = std::chrono::nanoseconds(playout_.load());
    }
    link->outbox().set_policy(policy);
    link->outbox().set_live(origin_.live && (policy.when_full || policy.max_age > Duration::zero()));
}

bool SendingPolicy::waits_for_peer() const {
    switch (static_cast<Choice>(connection_.setting(&Settings::wait_for_connection))) {
        case Choice::no:
            return false;
        case Choice::yes:
            return true;
        case Choice::automatic:
            return !origin_.live;
    }
    return true;
}

bool SendingPolicy::will_wait_for_peer() const {
    const auto wait = static_cast<Choice>(connection_.setting(&Settings::wait_for_connection));
    if (wait != Choice::automatic) return wait == Choice::yes;
    return !find_origin(element_, static_cast<Choice>(connection_.setting(&Settings::live))).live;
}

bool SendingPolicy::unheard() const {
    return !connection_.peer().ready() && !connection_.peer().failed() && !waits_for_peer();
}

}  // namespace stt
