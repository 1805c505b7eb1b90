// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_schedule.hpp"

#include <algorithm>
#include <cassert>

namespace stt {

SessionSchedule::SessionSchedule(TransportSet transports) {
    for (size_t i = 0; i < transport_kinds; i++)
        if (const auto kind = static_cast<TransportKind>(i); transports.contains(kind))
            outlets_.push_back({kind});
}

SessionSchedule::Outlet& SessionSchedule::outlet(TransportKind kind) {
    const auto found = std::find_if(outlets_.begin(), outlets_.end(),
                                    [kind](const Outlet& outlet) { return outlet.kind == kind; });
    assert(found != outlets_.end());
    return *found;
}

void SessionSchedule::wake(SessionHandle session) {
    if (session == latest_) return;
    rouse(session);
    for (Outlet& outlet : outlets_) outlet.sending.insert(session);
    latest_ = session;
}

void SessionSchedule::rouse(SessionHandle session) {
    if (const auto it = resting_.find(session); it != resting_.end()) {
        deadlines_.erase({it->second, session});
        resting_.erase(it);
    }
    awake_.insert(session);
    // Its deadlines depend on which transports are blocked, so it is asked when they are free again.
    for (Outlet& outlet : outlets_)
        if (outlet.blocked) outlet.sending.insert(session);
}

void SessionSchedule::on_sent_all(SessionHandle session, TransportKind transport) {
    Outlet& left = outlet(transport);
    assert(!left.blocked);
    left.sending.erase(session);
    if (latest_ == session) latest_ = 0;
}

void SessionSchedule::wake_due(Time now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) wake(deadlines_.begin()->second);
}

void SessionSchedule::forget(SessionHandle session) {
    rouse(session);  // so that it has no deadline
    awake_.erase(session);
    for (Outlet& outlet : outlets_) outlet.sending.erase(session);
    if (latest_ == session) latest_ = 0;
}

void SessionSchedule::block(TransportKind transport) {
    Outlet& full = outlet(transport);
    full.blocked = true;
    // What becomes due meanwhile is no reason to stay awake, so each session is asked afterwards.
    full.sending.insert(awake_.begin(), awake_.end());
}

std::optional<SessionHandle> SessionSchedule::next_to_send(SessionHandle last, TransportKind transport) {
    const Outlet& free = outlet(transport);
    assert(!free.blocked);
    const std::set<SessionHandle>& sessions = free.sending;
    if (sessions.empty()) return std::nullopt;
    const auto it = sessions.upper_bound(last);
    const SessionHandle next = it == sessions.end() ? *sessions.begin() : *it;
    rouse(next);
    return next;
}

std::optional<SessionHandle> SessionSchedule::next_awake(SessionHandle last) const {
    const auto it = awake_.upper_bound(last);
    return it == awake_.end() ? std::nullopt : std::optional(*it);
}

std::vector<SessionHandle> SessionSchedule::idle() const {
    std::vector<SessionHandle> idle(awake_.begin(), awake_.end());
    std::erase_if(idle, [this](SessionHandle session) { return sends(session); });
    return idle;
}

/// Returns whether the session may have something to send by a transport that is not blocked.
bool SessionSchedule::sends(SessionHandle session) const {
    return std::any_of(outlets_.begin(), outlets_.end(), [session](const Outlet& outlet) {
        return !outlet.blocked && outlet.sending.contains(session);
    });
}

void SessionSchedule::rest(SessionHandle session, Time until) {
    assert(awake_.contains(session) && !sends(session));
    awake_.erase(session);
    resting_[session] = until;
    deadlines_.insert({until, session});
    if (latest_ == session) latest_ = 0;
}

}  // namespace stt
