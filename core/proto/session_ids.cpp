// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_ids.hpp"

#include <utility>

namespace stt {

std::vector<SessionId> SessionIds::all_local() const {
    std::vector<SessionId> all{local_};
    if (local_before_) all.push_back(local_before_);
    if (local_next_) all.push_back(local_next_);
    return all;
}

void SessionIds::offer(SessionId id) {
    local_next_ = id;
    offered_++;
    due_ = true;
}

std::optional<NewSessionIdFrame> SessionIds::take_frame() {
    if (!std::exchange(due_, false)) return std::nullopt;
    return NewSessionIdFrame{offered_, local_next_};
}

bool SessionIds::on_received(SessionId id, SessionId& retired) {
    retired = 0;
    if (id == local_ || id != local_next_) return false;
    retired = std::exchange(local_before_, local_);
    local_ = std::exchange(local_next_, 0);
    due_ = false;
    return true;
}

void SessionIds::on_offered(const NewSessionIdFrame& frame) {
    if (frame.sequence <= remote_sequence_) return;
    remote_sequence_ = frame.sequence;
    remote_spare_ = frame.id;
}

void SessionIds::change_remote() {
    if (remote_spare_) remote_ = std::exchange(remote_spare_, 0);
}

}  // namespace stt
