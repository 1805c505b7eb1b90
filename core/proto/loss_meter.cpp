// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/loss_meter.hpp"

#include <algorithm>
#include <utility>

namespace stt {

bool LossMeter::on_alive(Time now) {
    if (now - std::exchange(last_alive_, now) <= silence) return false;
    restart(now);
    return true;
}

void LossMeter::restart(Time now) {
    counted_from_ = interval_begin_ = last_alive_ = now;
    interval_ = {};
    end_run();
}

void LossMeter::end_run() {
    run_ = {};
    intervals_ = counting_ = 0;
}

std::optional<LossMeter::Report> LossMeter::add(Time now, const Sum& packets) {
    interval_.add(packets);
    // Anybody can send packets that arrive damaged. They can hide no more loss than this, and only while they
    // come.
    interval_.lost = std::max<int64_t>(interval_.lost, -static_cast<int64_t>(interval_packets_min));
    // Packets that arrive show that the path is not cut.
    if (packets.arrived == 0 || now - interval_begin_ < 1s || interval_.packets() < interval_packets_min)
        return std::nullopt;
    return end_interval(now);
}

std::optional<LossMeter::Report> LossMeter::end_interval(Time now) {
    const Time begin = std::exchange(interval_begin_, now);
    const Sum interval = std::exchange(interval_, {});
    since_.add(interval);
    const bool lossy = interval.more_than(share_min);
    if (interval.large > 0) large_arrived_ = now;
    large_fit_ = interval.large > 0 || (lossy && large_fit_ && now - large_arrived_ < narrow_for);
    if (!lossy) {
        end_run();
        return std::nullopt;
    }
    if (intervals_++ == 0) run_begin_ = begin;
    if (interval.large > 0 || !large_fit_) counting_++;
    run_.add(interval);
    const bool enough = intervals_ >= intervals_min && counting_ >= large_intervals_min;
    if (!enough || run_.packets() < packets_min) return std::nullopt;
    return report(now);
}

std::optional<LossMeter::Report> LossMeter::report(Time now) {
    const bool again = reported_ != Time{} && run_begin_ - last_run_ < quiet_again;
    last_run_ = now;
    const Sum run = run_;
    end_run();
    if (again && now - reported_ < report_again) return std::nullopt;
    const Sum since = std::exchange(since_, {});
    const Time begin = again ? reported_ : run_begin_;
    reported_ = now;
    const Sum& sum = again ? since : run;
    return Report{sum.lost, sum.packets(), now - begin, again};
}

}  // namespace stt
