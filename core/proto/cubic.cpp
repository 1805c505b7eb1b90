// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/cubic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stt {

namespace {

constexpr double beta = 0.7;            // RFC 9438, section 4.6
constexpr double steepness = 0.4;       // C, in segments per second³; RFC 9438, section 5
constexpr double initial_packets = 10;  // RFC 6928
// alpha_cubic of RFC 9438, section 4.3: as friendly as Reno with the smaller decrease of CUBIC.
constexpr double friendly_growth = 3 * (1 - beta) / (1 + beta);

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

Cubic::Cubic(uint64_t max_datagram) : max_datagram_(max_datagram) { on_path_change({}); }

void Cubic::on_ack(const AckSample& sample, const RttEstimator& rtt) {
    if (rtt.measured()) smoothed_ = rtt.smoothed();
    const bool recovering = sample.delivered_total + sample.lost_total < recovery_until_;
    if (sample.lost_bytes > 0 && !recovering) return reduce(sample);
    if (sample.acked_bytes == 0 || recovering) return;
    // An application that does not use its window provides no information about a larger one (RFC 9002,
    // section 7.8).
    if (static_cast<double>(sample.prior_in_flight) < window_ / 2) return;
    if (slow_start()) {
        window_ += static_cast<double>(sample.acked_bytes);
        check_delay(sample, rtt);
    } else {
        grow(sample, rtt);
    }
}

void Cubic::reduce(const AckSample& sample) {
    // Fast convergence (RFC 9438, section 4.7) leaves capacity to a newer flow.
    window_max_ = window_ < window_max_ ? window_ * (1 + beta) / 2 : window_;
    window_ = std::max(window_ * beta, window_min());
    threshold_ = window_;
    epoch_ = time_never;
    recovery_until_ = sample.delivered_total + sample.lost_total + sample.in_flight;
}

void Cubic::check_delay(const AckSample& sample, const RttEstimator& rtt) {
    if (sample.rtt > Duration::zero()) round_rtt_ = std::min(round_rtt_, sample.rtt);
    if (sample.prior_delivered < round_end_) return;
    round_end_ = sample.delivered_total;
    const Duration tolerance = std::clamp<Duration>(rtt.minimum() / 8, 4ms, 16ms);
    if (last_round_rtt_ != Duration::max() && round_rtt_ != Duration::max() &&
        round_rtt_ >= last_round_rtt_ + tolerance)
        threshold_ = window_;
    last_round_rtt_ = round_rtt_;
    round_rtt_ = Duration::max();
}

void Cubic::grow(const AckSample& sample, const RttEstimator& rtt) {
    const double segment = static_cast<double>(max_datagram_);
    if (epoch_ == time_never) {
        epoch_ = sample.now;
        window_friendly_ = window_;
        origin_ = std::max(window_, window_max_);
        plateau_after_ =
            Duration(static_cast<int64_t>(std::cbrt((origin_ - window_) / segment / steepness) * 1e9));
    }
    // The value of the cubic function one round trip from now.
    const double t = seconds(sample.now - epoch_ + rtt.smoothed() - plateau_after_);
    const double target = std::clamp(origin_ + steepness * t * t * t * segment, window_, 1.5 * window_);
    const double acked = static_cast<double>(sample.acked_bytes);
    window_friendly_ += friendly_growth * segment * acked / window_;
    window_ += (target - window_) * acked / window_;
    window_ = std::max(window_, window_friendly_);
}

void Cubic::on_persistent_congestion(Time) {
    threshold_ = std::max(window_ * beta, window_min());
    window_max_ = window_;
    window_ = window_min();
    epoch_ = time_never;
}

void Cubic::on_path_change(Time) {
    window_ = initial_packets * static_cast<double>(max_datagram_);
    threshold_ = std::numeric_limits<double>::max();
    window_max_ = 0;
    epoch_ = time_never;
    recovery_until_ = 0;
    smoothed_ = {};
    round_end_ = 0;
    round_rtt_ = last_round_rtt_ = Duration::max();
}

double Cubic::pacing_rate() const {
    if (smoothed_ == Duration::zero()) return 0;
    return (slow_start() ? 2 : 1.25) * window_ / seconds(smoothed_);
}

}  // namespace stt
