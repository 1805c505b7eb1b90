// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stats_board.hpp"

namespace stt {

LinkStats StatsBoard::ask(const std::function<void()>& wake) {
    std::unique_lock lock(mutex_);
    const uint64_t before = serial_;
    wanted_ = true;
    wake();
    posted_.wait_for(lock, timeout, [&] { return final_ || serial_ != before; });
    return stats_;
}

LinkStats StatsBoard::latest() const {
    const std::lock_guard lock(mutex_);
    return stats_;
}

void StatsBoard::post(const LinkStats& fresh, bool last) {
    const std::lock_guard lock(mutex_);
    stats_ = fresh;
    serial_++;
    final_ = final_ || last;
    posted_.notify_all();
}

}  // namespace stt
