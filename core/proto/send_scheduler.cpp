// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/send_scheduler.hpp"

#include <cassert>

namespace stt {

void SendScheduler::set(StreamId stream, uint8_t priority, SendStream::Pending pending) {
    const Turn turn{priority, stream};
    if (pending == SendStream::Pending::nothing)
        pending_.erase(turn);
    else
        pending_.insert(turn);
    if (pending == SendStream::Pending::lost_data)
        lost_.insert(turn);
    else
        lost_.erase(turn);
    assert(lost_.size() <= pending_.size());
}

std::optional<StreamId> SendScheduler::next(bool credit) const {
    const Turns& waiting = turns(credit);
    if (waiting.empty()) return std::nullopt;
    const Turn& first = *waiting.begin();
    const auto last = last_served_.find(first.priority);
    if (last == last_served_.end()) return first.stream;
    const auto after = waiting.upper_bound({first.priority, last->second});
    const bool wraps = after == waiting.end() || after->priority != first.priority;
    return wraps ? first.stream : after->stream;
}

}  // namespace stt
