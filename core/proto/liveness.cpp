// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/liveness.hpp"

#include <algorithm>
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

Liveness::Liveness(Time now, Duration interval, Duration timeout)
    : interval_(interval), timeout_(timeout), last_received_(now) {}

Time Liveness::on_received(Time now) {
    doubt_deadline_ = time_never;
    return std::exchange(last_received_, now);
}

Time Liveness::next_probe() const {
    const Time since = std::max(last_sent_, last_received_);
    return since + (since - last_received_ < silence_fast_for ? silence_probe_fast : silence_probe_slow);
}

Time Liveness::next_interval() const {
    // Three keep-alives per timeout.
    Duration interval = std::min(interval_, timeout_ / 3);
    if (peer_timeout_ > Duration::zero()) interval = std::min(interval, peer_timeout_ / 3);
    return std::max(last_received_, last_sent_) + std::max<Duration>(interval, interval_min);
}

void Liveness::ask(Time now) {
    keep_alive_due_ = true;
    last_sent_ = now;
}

void Liveness::doubt(Time now, Duration patience) {
    if (doubt_deadline_ != time_never) return;
    doubt_deadline_ = now + patience;
    ask(now);
}

void Liveness::on_refused(Time now) {
    if (doubt_deadline_ != time_never) doubt_deadline_ = now;
}

std::optional<Error> Liveness::lost(Time now) const {
    const bool doubted = now >= doubt_deadline_;
    if (!doubted && now < timeout_deadline()) return std::nullopt;
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_received_).count();
    return make_error(ErrorCode::session_timeout, doubted ? Reason::doubted : Reason::keepalive_timeout,
                      ErrorOrigin::network,
                      doubted ? tr("another caller has connected, and the present one no longer answers")
                              : tr("nothing was heard from the peer for %" PRId64 " ms", int64_t{waited}))
        .ending();
}

}  // namespace stt
