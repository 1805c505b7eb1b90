// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_schedule.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace stt {

void SessionSchedule::wake(SessionHandle session) {
    if (session == latest_) return;
    if (const auto it = resting_.find(session); it != resting_.end()) {
        deadlines_.erase({it->second, session});
        resting_.erase(it);
    }
    awake_.insert(session);
    sending_.insert(session);
    latest_ = session;
}

void SessionSchedule::on_sent_all(SessionHandle session) {
    sending_.erase(session);
    if (latest_ == session) latest_ = 0;
}

void SessionSchedule::wake_due(Time now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) wake(deadlines_.begin()->second);
}

void SessionSchedule::forget(SessionHandle session) {
    wake(session);
    on_sent_all(session);
    awake_.erase(session);
}

std::optional<SessionHandle> SessionSchedule::next_to_send(SessionHandle last) const {
    if (sending_.empty()) return std::nullopt;
    const auto it = sending_.upper_bound(last);
    return it == sending_.end() ? *sending_.begin() : *it;
}

std::optional<SessionHandle> SessionSchedule::next_awake(SessionHandle last) const {
    const auto it = awake_.upper_bound(last);
    return it == awake_.end() ? std::nullopt : std::optional(*it);
}

std::vector<SessionHandle> SessionSchedule::idle() const {
    std::vector<SessionHandle> idle;
    std::set_difference(awake_.begin(), awake_.end(), sending_.begin(), sending_.end(),
                        std::back_inserter(idle));
    return idle;
}

void SessionSchedule::rest(SessionHandle session, Time until) {
    assert(awake_.contains(session) && !sending_.contains(session));
    awake_.erase(session);
    resting_[session] = until;
    deadlines_.insert({until, session});
}

}  // namespace stt
