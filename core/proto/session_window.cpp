// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_window.hpp"

namespace stt {

bool SessionWindow::on_received(uint64_t bytes) {
    received_ += bytes;
    return received_ <= limit_;
}

void SessionWindow::on_taken(uint64_t bytes) {
    assert(bytes <= received_ - taken_);
    taken_ += bytes;
    raise_limit();
}

void SessionWindow::grow(uint64_t stream_window) {
    if (2 * stream_window <= window_) return;
    window_ = 2 * stream_window;
    raise_limit();
}

/// The peer is informed when a quarter of the window has opened. It then still has the rest to fill, and few
/// frames are needed.
void SessionWindow::raise_limit() {
    limit_ = std::max(limit_, taken_ + window_);
    if (limit_ - limit_sent_ >= window_ / 4) frame_due_ = true;
}

void SessionWindow::on_frame_sent() {
    limit_sent_ = limit_;
    frame_due_ = false;
}

}  // namespace stt
