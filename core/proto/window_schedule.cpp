// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/window_schedule.hpp"

namespace stt {

void WindowSchedule::set(StreamId stream, Time at) {
    const auto it = times_.find(stream);
    const bool known = it != times_.end();
    if (at == (known ? it->second : time_never)) return;
    if (known) queue_.erase({it->second, stream});
    if (at == time_never) {
        times_.erase(it);
        return;
    }
    if (known)
        it->second = at;
    else
        times_.emplace_hint(it, stream, at);
    queue_.emplace(at, stream);
}

std::optional<StreamId> WindowSchedule::due(Time now) const {
    return next() <= now && !queue_.empty() ? std::optional(queue_.begin()->second) : std::nullopt;
}

}  // namespace stt
