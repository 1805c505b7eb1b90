// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/current_session.hpp"

namespace stt {

void CurrentSession::renew_info() {
    if (const Session* const session = get()) info_ = session->info();
}

void CurrentSession::begin(const Session& fresh) {
    replace(fresh.handle());
    state_ = State::established;
    count_++;
    info_ = fresh.info();
}

void CurrentSession::resume(const Session& fresh) {
    begin(fresh);
    resumptions_++;
}

void CurrentSession::lose(Time now) {
    state_ = State::lost;
    lost_at_ = now;
}

void CurrentSession::end() {
    replace(0);
    state_ = State::none;
}

void CurrentSession::replace(SessionHandle next) {
    if (const Session* const earlier = get()) past_.add_counters(earlier->stats());
    handle_ = next;
}

SessionStats CurrentSession::stats() const {
    SessionStats stats;
    if (const Session* const session = get()) stats = session->stats();
    stats.add_counters(past_);
    return stats;
}

}  // namespace stt
