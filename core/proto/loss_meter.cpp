// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/loss_meter.hpp"

#include <utility>

namespace stt {

std::optional<LossMeter::Finding> LossMeter::add(Time now, int64_t arrived, int64_t lost) {
    if (arrived == 0) {
        second_.lost += lost;
        return std::nullopt;
    }
    // What is lost between the last arrival before an outage and the first after it does not count.
    const Duration quiet = now - std::exchange(last_arrival_, now);
    if (quiet > silence) {
        restart(now);
        return std::nullopt;
    }
    if (quiet > outage) {
        counted_from_ = now;
        lost = 0;
    }
    second_.add({arrived, lost});
    return now - second_begin_ < 1s ? std::nullopt : end_second(now);
}

void LossMeter::restart(Time now) {
    counted_from_ = second_begin_ = last_arrival_ = now;
    second_ = row_ = {};
    seconds_ = 0;
}

std::optional<LossMeter::Finding> LossMeter::end_second(Time now) {
    const Time begin = std::exchange(second_begin_, now);
    const Sum second = std::exchange(second_, {});
    if (!second.more_than(share_told) || seconds_ == seconds_max) {
        row_ = {};
        seconds_ = 0;
        return std::nullopt;
    }
    if (seconds_++ == 0) row_begin_ = begin;
    row_.add(second);
    if (seconds_ < seconds_min || row_.packets() < packets_min) return std::nullopt;
    return tell(now);
}

std::optional<LossMeter::Finding> LossMeter::tell(Time now) {
    const bool again = told_ != Time{} && now - found_ < quiet_again;
    found_ = now;
    if (!again || untold_.packets() == 0) untold_begin_ = row_begin_;
    if (!again) untold_ = {};
    untold_.add(std::exchange(row_, {}));
    seconds_ = 0;
    if (again && now - told_ < told_again) return std::nullopt;
    told_ = now;
    const Sum sum = std::exchange(untold_, {});
    return Finding{sum.lost, sum.packets(), now - untold_begin_, again};
}

}  // namespace stt
