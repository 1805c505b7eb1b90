// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/flight_limit.hpp"

#include <algorithm>

namespace stt {

void FlightLimit::on_step(const Step& step) {
    acked_ += step.acked;
    lost_ += step.lost;
    if (bytes_ != unlimited) {
        bytes_ += step.acked;
        if (bytes_ >= step.window) bytes_ = unlimited;
    }
    if (!step.any_acked || step.newest < end_) return;
    if (lost_ >= lost_packets * step.max_datagram && lost_ > lost_ratio * acked_)
        bytes_ = std::min(bytes_, std::max(packets_min * step.max_datagram, 2 * acked_));
    acked_ = lost_ = 0;
    end_ = step.next;
}

}  // namespace stt
