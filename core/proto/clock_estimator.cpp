// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_estimator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/wrapping.hpp"

namespace stt {
namespace {

/// An exchange that took longer, or that the peer held longer, is useless.
constexpr int64_t exchange_max_ns = 60'000'000'000;
/// While it settles, the line may step: until this many exchanges, and this many seconds after the lock.
constexpr uint64_t settle_exchanges = 3;
constexpr double settle_for = 2;
/// If the paths have trusted none of this many exchanges after a re-lock, the known network is no longer
/// there.
constexpr uint64_t network_exchanges = 12;

constexpr double drift_unknown = 100e-6;  // drift of a cheap crystal in the cold
constexpr double drift_kept = 3e-6;       // effect of temperature on the drift within minutes
constexpr double drift_memory = 200;
/// By how much the drift may change while nothing is measured, per second.
constexpr double wander = 3e-6;
constexpr double jump_min = 1e-3;
/// For this many seconds after a shorter path was found, points off the line do not indicate a jump of a
/// clock.
constexpr double floor_settles = 30;
/// A gap is closed within this many seconds, or as fast as clock_slew_max permits.
constexpr double slew_time = 5;
constexpr double delay_window = 10;
/// The number of consecutive exchanges off the line that show a jump.
constexpr size_t steps_certain = 3;

double seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }
int64_t nanoseconds(double s) { return std::llround(s * 1e9); }

int64_t round_trip_of(const ClockSample& sample) {
    return (sample.received - sample.sent) - (sample.peer_sent - sample.peer_received);
}

/// Peer minus local in the middle of an exchange, in nanoseconds.
int64_t offset_of(const ClockSample& sample) {
    return wrapping_sub(wrapping_sub(sample.peer_received, sample.sent), round_trip_of(sample) / 2);
}

/// Returns whether `later` is not before `earlier`, and not later by more than an exchange may take.
bool plausible_span(int64_t earlier, int64_t later) {
    const int64_t span = wrapping_sub(later, earlier);
    return span >= 0 && span <= exchange_max_ns;
}

/// A negative round trip means that a clock stood still meanwhile, or that the peer invents times.
bool makes_sense(const ClockSample& sample) {
    return plausible_span(sample.sent, sample.received) &&
           plausible_span(sample.peer_received, sample.peer_sent) && round_trip_of(sample) >= 0;
}

}  // namespace

double ClockEstimator::Output::at(double t) const {
    const double elapsed = t - time;
    return offset + drift * elapsed + slew * std::clamp(elapsed, 0.0, slew_for);
}

ClockEstimator::Exchange ClockEstimator::measure(const ClockSample& sample) const {
    const double taken = seconds(sample.received - sample.sent);
    const double seen = seconds(wrapping_sub(sample.received, origin_));
    return {.time = seen - taken / 2,
            .seen = seen,
            .rtt = seconds(round_trip_of(sample)),
            .gap = seconds(wrapping_sub(offset_of(sample), base_))};
}

bool ClockEstimator::settling(double time) const {
    return exchanges_ <= settle_exchanges || time - locked_at_ < settle_for;
}

ClockEstimator::Outcome ClockEstimator::add(const ClockSample& sample) {
    const bool first = generation_ == 0;
    if (!makes_sense(sample) || (!first && sample.received < last_received_)) return Outcome::ignored;
    if (first) origin_ = sample.received;
    const Exchange exchange = measure(sample);
    note_delay(exchange);
    Outcome outcome = Outcome::relocked;
    if (first)
        relock({&sample, 1}, false);
    else
        outcome = judge(sample, exchange);
    last_received_ = sample.received;
    last_peer_ = sample.peer_sent;
    publish();
    return outcome;
}

ClockPaths::Verdict ClockEstimator::judge_path(const Exchange& exchange) {
    const ClockPaths::Verdict verdict = paths_.judge({.time = exchange.time,
                                                      .rtt = exchange.rtt,
                                                      .gap = exchange.gap - fit_.at(exchange.time),
                                                      .error = fit_.sigma_at(exchange.time),
                                                      .noise = fit_.noise(),
                                                      .slope = fit_.slope()});
    if (verdict.forget) fit_.forget(*verdict.forget);
    if (verdict.fell > 0) fit_.raise_excess(verdict.path, verdict.fell);
    if (verdict.fell > jump_min) floor_fell_at_ = exchange.time;
    return verdict;
}

ClockEstimator::Outcome ClockEstimator::judge(const ClockSample& sample, const Exchange& exchange) {
    if (jumped(exchange)) {
        // A clock that went back is a different one, whose drift is unknown.
        relock({&sample, 1}, wrapping_sub(sample.peer_sent, last_peer_) > -exchange_max_ns);
        return Outcome::relocked;
    }
    const ClockPaths::Verdict verdict = judge_path(exchange);
    if (verdict.was_queue) {
        paths_.reset();
        relock({&sample, 1}, true);
        return Outcome::relocked;
    }
    exchanges_++;
    network_known_ = network_known_ || verdict.trusted;
    if (settling(exchange.time)) {
        // Even the worst exchange is better than none, and has a correspondingly low weight.
        take(exchange, verdict);
        return verdict.trusted ? Outcome::trusted : Outcome::distrusted;
    }
    check_network();
    if (!verdict.trusted) return Outcome::distrusted;
    if (off_line(exchange, verdict)) {
        const bool above = exchange.gap - verdict.bias > fit_.at(exchange.time);
        if (above != off_above_) off_.clear();
        off_above_ = above;
        off_.push_back(sample);
        if (off_.size() < steps_certain) return Outcome::distrusted;
        relock(std::vector<ClockSample>(off_), true);
        return Outcome::relocked;
    }
    off_.clear();
    take(exchange, verdict);
    return Outcome::trusted;
}

/// The true offset lies within half the round trip of the measured one, whatever the path.
bool ClockEstimator::jumped(const Exchange& exchange) const {
    const double doubt = settling(exchange.time) ? longest_rtt_ / 2 : 3 * fit_.sigma_at(exchange.time);
    const double bound = exchange.rtt / 2 + doubt + wander * (exchange.time - accepted_at_) + jump_min;
    return std::abs(exchange.gap - fit_.at(exchange.time)) > bound;
}

/// A clock may also jump by less than that. The round trips then stay the same, but the offsets do not.
bool ClockEstimator::off_line(const Exchange& exchange, const ClockPaths::Verdict& verdict) const {
    if (exchange.time - floor_fell_at_ < floor_settles) return false;
    const double bound = verdict.excess / 2 + 3 * fit_.sigma_at(exchange.time) + verdict.scatter +
                         std::max(jump_min, 4 * fit_.noise());
    return std::abs(exchange.gap - verdict.bias - fit_.at(exchange.time)) > bound;
}

void ClockEstimator::relock(std::span<const ClockSample> samples, bool keep_drift) {
    generation_++;
    base_ = offset_of(samples.back());
    drift_known_ = drift_known_ && keep_drift;
    slow_drift_ = drift_known_ ? fit_.drift() : 0;
    prior_ = {slow_drift_, drift_known_ ? drift_kept : drift_unknown};
    fit_.clear();
    pairs_.clear();
    paths_.clear_candidate();
    off_.clear();
    network_known_ = false;
    exchanges_ = 0;
    longest_rtt_ = 0;
    locked_at_ = slow_at_ = measure(samples.back()).seen;
    floor_fell_at_ = locked_at_;
    for (const ClockSample& sample : samples) {
        const Exchange exchange = measure(sample);
        const ClockPaths::Verdict verdict = judge_path(exchange);
        exchanges_++;
        network_known_ = network_known_ || verdict.trusted;
        take(exchange, verdict);
    }
}

void ClockEstimator::pair(const Exchange& exchange, const ClockPaths::Verdict& verdict) {
    if (std::exchange(pairs_path_, verdict.path) != verdict.path) pairs_.clear();
    const auto pair = pairs_.add({exchange.time, exchange.rtt, exchange.gap - verdict.bias},
                                 [&](double time) { return fit_.at(time); });
    if (!pair) return;
    const double fell = paths_.lower_floor(pair->rtt);
    fit_.raise_excess(verdict.path, fell);
    fit_.add_pair({pair->time, pair->offset, 0, std::hypot(verdict.scatter, pair->error), verdict.path});
}

void ClockEstimator::take(const Exchange& exchange, const ClockPaths::Verdict& verdict) {
    fit_.add({exchange.time, exchange.gap - verdict.bias, verdict.excess, verdict.scatter, verdict.path});
    if (verdict.trusted) pair(exchange, verdict);
    fit_.solve(exchange.time, prior_, paths_.current().floor_error());
    accepted_at_ = exchange.time;
    if (settling(exchange.time)) longest_rtt_ = std::max(longest_rtt_, exchange.rtt);
    renew_prior(exchange.time);
    steer(exchange.seen);
}

/// Temperature changes a drift slowly. The drift of the last minutes is more reliable than a few offsets.
void ClockEstimator::renew_prior(double time) {
    if (!drift_known_) {
        if (fit_.drift_sigma() > drift_kept) return;
        drift_known_ = true;
        slow_drift_ = fit_.drift();
    } else {
        slow_drift_ += (fit_.drift() - slow_drift_) * -std::expm1(-(time - slow_at_) / drift_memory);
    }
    slow_at_ = time;
    prior_ = {slow_drift_, drift_kept};
}

/// Bends the published line towards the estimate.
void ClockEstimator::steer(double time) {
    const double target = fit_.at(time), drift = fit_.drift();
    if (settling(time)) {
        output_ = {.time = time, .offset = target, .drift = drift};
        return;
    }
    const double offset = output_.at(time), gap = target - offset;
    const double slew = std::clamp(gap / slew_time, -clock_slew_max, clock_slew_max);
    // The slew ends when the gap is closed, even if nothing more is measured.
    output_ = {.time = time,
               .offset = offset,
               .drift = drift,
               .slew = slew,
               .slew_for = std::max(slew_time, std::abs(gap) / clock_slew_max)};
}

/// No exchange was trusted after a re-lock, so the known network is no longer there.
void ClockEstimator::check_network() {
    if (network_known_ || exchanges_ < network_exchanges) return;
    network_known_ = true;
    const double floor = paths_.current().floor();
    const std::vector<ClockFit::Point> points = fit_.points();
    paths_.reset();
    fit_.clear();
    for (ClockFit::Point point : points) {
        const ClockPaths::Verdict verdict = judge_path(
            {.time = point.time, .seen = point.time, .rtt = floor + point.excess, .gap = point.offset});
        point.excess = verdict.excess;
        point.path = verdict.path;
        fit_.add(point);
    }
}

void ClockEstimator::note_delay(const Exchange& exchange) {
    const auto window = static_cast<int64_t>(std::floor(exchange.seen / delay_window));
    const int64_t passed =
        delay_window_ < 0 ? delay_windows : std::min<int64_t>(window - delay_window_, delay_windows);
    std::shift_right(shortest_.begin(), shortest_.end(), passed);
    std::fill_n(shortest_.begin(), passed, std::numeric_limits<double>::infinity());
    delay_window_ = window;
    shortest_.front() = std::min(shortest_.front(), exchange.rtt);
}

void ClockEstimator::publish() {
    if (generation_ == 1 && exchanges_ < settle_exchanges && !line_) return;
    const auto local = [&](double time) { return wrapping_add(origin_, nanoseconds(time)); };
    line_ = {.local_ns = local(output_.time),
             .offset_ns = wrapping_add(base_, nanoseconds(output_.offset)),
             .drift = output_.drift,
             .slew = output_.slew,
             .slew_for_ns = nanoseconds(output_.slew_for),
             .generation = generation_,
             .base_delay_ns = nanoseconds(*std::min_element(shortest_.begin(), shortest_.end()) / 2),
             .sigma_ns = nanoseconds(fit_.sigma_at(output_.time)),
             .settled_ns = local(locked_at_ + settle_for),
             .accepted_ns = local(accepted_at_)};
}

}  // namespace stt
