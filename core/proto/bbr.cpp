// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/bbr.hpp"

#include <cmath>
#include <utility>

namespace stt {

namespace {

// 4 × ln 2 is the smallest gain that doubles the rate every round trip while rounds overlap.
constexpr double startup_gain = 2.77;
constexpr double drain_gain = 0.35;
constexpr double up_gain = 1.25;
constexpr double down_gain = 0.75;
// Twice the product leaves space for delayed and aggregated acknowledgements and for losses not yet known.
constexpr double window_gain = 2;
// Slightly below the estimate, so that its errors make a queue shrink rather than grow.
constexpr double pacing_margin = 0.99;
constexpr double startup_growth = 1.25;
constexpr unsigned startup_rounds_without_growth = 3;
// If a probe finds this much more in a round trip, another one follows at once.
constexpr double up_growth = 1.1;
constexpr unsigned cruise_rounds_min = 5;
constexpr unsigned cruise_rounds_spread = 4;

constexpr Duration min_rtt_lifetime = 10s;
constexpr Duration probe_rtt_duration = 200ms;
constexpr double probe_rtt_gain = 0.5;

// Losses count as congestion if they exceed those that the baseline predicts by more than a margin. The
// margin is this ratio of the bytes in flight, plus this many packets or standard deviations of the
// prediction, whichever is more. Chance thus does not decide in small windows.
constexpr double overload_ratio = 0.05;
constexpr double overload_packets = 3;
constexpr double overload_deviations = 2;
constexpr double bound_step = 0.85;
constexpr double baseline_packets_min = 64, baseline_packets_max = 4096;
constexpr double baseline_max = 0.1;       // without evidence
constexpr double calm_baseline_max = 0.5;  // with evidence, which fades within a few cycles
constexpr double calm_packets_min = 24, calm_packets_kept = 192;
// Above the smallest RTT; a shorter queue counts as none.
constexpr Duration calm_delay = 2ms;
// Shorter round trips mostly consist of thread scheduling, and do not show that there is no queue.
constexpr Duration calm_rtt_min = 2 * calm_delay;
constexpr int jitter_rounds = 8;  // rounds over which jitter is averaged
// If `up` loses this much more, the rate is considered the cause. Chance has less effect on so few packets.
constexpr double rate_independent = 0.08;

// The number of rounds for which an estimate from before an outage remains valid. One earns the window, two
// fill the path, and two measure it.
constexpr size_t rounds_after_outage = 5;

constexpr Duration aggregation_max = 100ms;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

// The lengths of cruises must not synchronise with those of other sessions. Nothing secret depends on them.
unsigned scatter(Time now, uint64_t salt) {
    uint64_t x = static_cast<uint64_t>(now.time_since_epoch().count()) ^ salt;
    x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15;
    return static_cast<unsigned>(x >> 40);
}

}  // namespace

Bbr::Bbr(uint64_t max_datagram) : max_datagram_(max_datagram) { on_path_change({}); }

void Bbr::on_path_change(Time now) {
    model_ = {};
    model_.phase_start = model_.round_start = model_.min_rtt_seen = model_.aggregation_start = now;
    model_.round_end = delivered_;
    window_ = packets(initial_packets);
    pacing_rate_ = startup_gain * window_ / 0.001;  // as over a round trip of 1 ms, until there is a sample
}

void Bbr::on_persistent_congestion(Time now) {
    // The path has most likely not changed. The first acknowledged round trip restores the window, and the
    // bandwidth remains valid for a few rounds.
    model_.bandwidth.expire_in(rounds_after_outage);
    model_.bandwidth_bound = model_.inflight_bound = unbounded;
    window_ = std::min(window_, packets(initial_packets));
    model_.restarting = true;
    if (model_.pipe_filled)
        enter_cruise(now);
    else
        enter(Phase::startup, now);
}

void Bbr::on_sent(Time, uint64_t bytes, uint64_t in_flight) {
    if (in_flight != bytes) return;
    // After a pause there is no queue to drain, and probing for more would only cause a burst.
    model_.idle_restart = true;
}

void Bbr::on_ack(const AckSample& sample, const RttEstimator&) {
    delivered_ = sample.delivered_total;
    in_flight_ = static_cast<double>(sample.in_flight);
    update_round(sample);
    update_bandwidth(sample);
    update_aggregation(sample);
    update_min_rtt(sample);
    update_loss(sample);
    advance(sample);
    update_pacing();
    update_window(sample);
    if (sample.acked_bytes > 0) model_.idle_restart = false;
}

void Bbr::update_round(const AckSample& sample) {
    model_.round_started = false;
    if (sample.acked_bytes == 0 || sample.prior_delivered < model_.round_end ||
        sample.now - model_.round_start < quantum)
        return;
    model_.round_started = true;
    model_.round_start = sample.now;
    model_.round_end = sample.delivered_total;
    model_.phase_rounds++;
    if (model_.rtts.highest > Duration::zero()) {
        const Duration range = model_.rtts.highest - model_.rtts.lowest;
        if (sample.rate_app_limited)
            model_.jitter += (range - model_.jitter) / (model_.jitter > Duration::zero() ? jitter_rounds : 1);
        model_.lowest_before = model_.rtts.lowest;
    }
    model_.rtts = {};
    model_.extra_acked.next_round();
}

void Bbr::update_bandwidth(const AckSample& sample) {
    // Rounds without a sample do not age the estimate, so that an idle session keeps it.
    if (model_.round_started && model_.round_sampled) {
        model_.bandwidth.next_round();
        model_.round_sampled = false;
    }
    if (sample.delivery_rate <= 0) return;
    const bool limited = (sample.rate_app_limited && !(model_.overloaded_lately && !model_.calm_now)) ||
                         model_.phase == Phase::probe_rtt;
    if (limited && sample.delivery_rate < model_.bandwidth.value()) return;
    model_.bandwidth.add(sample.delivery_rate);
    model_.round_sampled = true;
}

void Bbr::update_aggregation(const AckSample& sample) {
    // Before the bandwidth is known, growth would look like aggregation.
    if (!model_.pipe_filled) return;
    double expected = bandwidth() * seconds(sample.now - model_.aggregation_start);
    if (model_.aggregation_acked <= expected) {
        model_.aggregation_start = sample.now;
        model_.aggregation_acked = expected = 0;
    }
    model_.aggregation_acked += static_cast<double>(sample.acked_bytes);
    const double extra = model_.aggregation_acked - expected;
    model_.extra_acked.add(std::min({extra, window_, bandwidth() * seconds(aggregation_max)}));
}

void Bbr::update_min_rtt(const AckSample& sample) {
    if (sample.rtt <= Duration::zero()) return;
    if (std::exchange(model_.reordered, sample.reordered) != sample.reordered) {
        // The samples are now taken in a different way, so the old minimum is not comparable.
        model_.min_rtt = sample.rtt;
        model_.min_rtt_seen = sample.now;
        return;
    }
    const bool expired = sample.now - model_.min_rtt_seen > min_rtt_lifetime;
    if (sample.rtt <= model_.min_rtt || (expired && model_.idle_restart)) {
        model_.min_rtt = sample.rtt;
        model_.min_rtt_seen = sample.now;
    } else if (sample.rtt <= model_.min_rtt + model_.min_rtt / 32) {
        // The sample almost equals the minimum, so the path need not be drained to measure it.
        model_.min_rtt_seen = sample.now;
    } else if (expired && model_.phase != Phase::probe_rtt && model_.phase != Phase::startup) {
        model_.probed_rtt = sample.rtt;
        model_.probe_rtt_done = time_never;
        enter(Phase::probe_rtt, sample.now);
    }
}

double Bbr::startup_loss() const {
    if (!model_.calm_now || model_.min_rtt < calm_rtt_min) return 0;
    if (model_.starting.total() < packets(calm_packets_min)) return 0;
    return std::min(model_.starting.ratio(), calm_baseline_max);
}

bool Bbr::baseline_known() const {
    return !model_.lossy || !model_.calm_now || model_.calm.total() >= 2 * packets(calm_packets_min);
}

double Bbr::baseline_loss() const {
    const double total = model_.calm.total(), ratio = std::min(model_.calm.ratio(), model_.recent.ratio());
    const double chance = 2 * std::sqrt(baseline_max * packets(1) / std::max(total, 1.0));
    if (ratio > baseline_max + chance && ratio <= calm_baseline_max && total >= packets(calm_packets_min) &&
        model_.min_rtt >= calm_rtt_min && model_.probing.total() >= packets(calm_packets_min) &&
        model_.probing.ratio() <= ratio + rate_independent)
        return ratio;
    if (model_.quiet.total() < packets(baseline_packets_min)) return 0;
    return std::min(model_.quiet.ratio(), baseline_max);
}

void Bbr::update_calm(Duration rtt) {
    model_.rtts.add(rtt);
    const Duration lowest = std::min(model_.rtts.lowest, model_.lowest_before);
    model_.calm_now = rtt <= model_.min_rtt + std::max<Duration>(model_.min_rtt / 32, calm_delay) ||
                      lowest <= model_.min_rtt + model_.jitter;
}

void Bbr::update_loss(const AckSample& sample) {
    const auto acked = static_cast<double>(sample.acked_bytes),
               lost_now = static_cast<double>(sample.lost_bytes);
    if (sample.rtt > Duration::zero()) update_calm(sample.rtt - sample.ack_delay);
    const auto add = [&](LossShare& share, const LossShare& stretch) {
        share.add(acked > 0 && stretch.covers(sample.prior_delivered) ? acked : 0,
                  lost_now > 0 && stretch.covers(sample.lost_delivered) ? lost_now : 0);
    };
    add(model_.quiet, model_.quiet);
    add(model_.recent, model_.quiet);
    add(model_.probing, model_.probing);
    if (model_.calm_now) add(model_.calm, model_.quiet);
    if (model_.phase == Phase::startup) {
        model_.starting.add(acked, lost_now);
        model_.starting.fade(packets(calm_packets_kept));
    }
    model_.quiet.fade(packets(baseline_packets_max));
    if (lost_now > 0) model_.lost_in_flight = static_cast<double>(sample.lost_sent_in_flight);
    if (sample.acked_bytes == 0) return;
    // Losses since the newest acknowledged packet left, which is about one round trip.
    const auto lost = static_cast<double>(sample.lost_total - sample.newest_lost_total);
    const auto sent = static_cast<double>(sample.newest_sent_in_flight);
    const double expected = baseline_loss() * sent;
    const double chance = overload_deviations * std::sqrt(packets(1) * expected * (1 - baseline_loss()));
    if (lost > expected + overload_ratio * sent + std::max(packets(overload_packets), chance))
        on_overload(sample);
}

void Bbr::on_overload(const AckSample& sample) {
    model_.round_overloaded = model_.lossy = true;
    const double bound = std::max(model_.lost_in_flight, drained());
    switch (model_.phase) {
        case Phase::up:
            model_.inflight_bound = bound;
            enter(Phase::down, sample.now);
            model_.quiet_until = sample.now + round_trip();
            break;
        case Phase::down:  // losses of the probe
            model_.inflight_bound = std::min(model_.inflight_bound, bound);
            break;
        case Phase::cruise: {
            if (model_.cycle_bounded || model_.phase_rounds == 0 || sample.delivery_rate <= 0) break;
            model_.cycle_bounded = true;
            const double present = bandwidth();
            model_.bandwidth_bound = std::clamp(sample.delivery_rate, bound_step * present, present);
            model_.inflight_bound = std::min(model_.inflight_bound, bound);
            break;
        }
        default:
            break;
    }
}

const char* Bbr::phase_name() const {
    switch (phase()) {
        case Phase::startup:
            return "startup";
        case Phase::drain:
            return "drain";
        case Phase::up:
            return "up";
        case Phase::down:
            return "down";
        case Phase::cruise:
            return "cruise";
        case Phase::probe_rtt:
            return "probe-rtt";
    }
    return "";
}

void Bbr::enter(Phase phase, Time now) {
    const auto quiet = [](Phase p) { return p == Phase::drain || p == Phase::down; };
    model_.quiet.end(delivered_);
    if (quiet(phase)) {
        model_.quiet.begin(delivered_);
        for (LossShare* share : {&model_.calm, &model_.recent, &model_.probing})
            share->fade(packets(calm_packets_kept));
    }
    model_.probing.end(delivered_);
    if (phase == Phase::up) {
        model_.probing.begin(delivered_);
        if (model_.recent.total() >= packets(calm_packets_min) && model_.recent.ratio() <= overload_ratio)
            model_.lossy = false;
        // The ratio exceeds all that is ever accepted. The cause was a rate that the line no longer carries.
        if (model_.calm.ratio() > calm_baseline_max) model_.calm = model_.recent = {};
    }
    model_.phase = phase;
    model_.phase_start = now;
    model_.phase_rounds = 0;
    model_.round_start = now;
    model_.round_end = delivered_;
    if (phase == Phase::up) {
        model_.bandwidth_bound = unbounded;
        model_.cycle_bounded = false;
        model_.plateau = model_.bandwidth.value();
    }
}

void Bbr::enter_cruise(Time now) {
    model_.cruise_rounds = cruise_rounds_min + scatter(now, delivered_) % cruise_rounds_spread;
    enter(Phase::cruise, now);
}

void Bbr::advance(const AckSample& sample) {
    const Duration elapsed = sample.now - model_.phase_start;
    switch (model_.phase) {
        case Phase::startup:
            check_plateau(sample);
            if (model_.pipe_filled) enter(Phase::drain, sample.now);
            break;
        case Phase::drain:
            // A probe follows at once, because startup may have ended too early. Losses that ended it are
            // investigated.
            if ((in_flight_ <= drained() && baseline_known()) ||
                model_.phase_rounds >= (baseline_known() ? 3 : 8))
                enter(Phase::up, sample.now);
            break;
        case Phase::up:
            if (model_.idle_restart)
                enter_cruise(sample.now);
            else
                advance_up();
            break;
        case Phase::down:
            if ((in_flight_ <= drained() && sample.now >= model_.quiet_until) ||
                elapsed > (baseline_known() ? 2 : 4) * round_trip() || model_.idle_restart)
                enter_cruise(sample.now);
            break;
        case Phase::cruise:
            if (model_.phase_rounds >= model_.cruise_rounds && !model_.restarting)
                enter(Phase::up, sample.now);
            break;
        case Phase::probe_rtt:
            advance_probe_rtt(sample);
            break;
    }
    if (model_.round_started) model_.overloaded_lately = std::exchange(model_.round_overloaded, false);
}

void Bbr::check_plateau(const AckSample& sample) {
    if (!model_.round_started || model_.restarting) return;
    if (sample.rate_app_limited) {
        // One round of losses is chance, or a line that is filled for a moment.
        const bool overloaded = model_.round_overloaded && !model_.calm_now;
        model_.overloaded_rounds = overloaded ? model_.overloaded_rounds + 1 : 0;
        model_.pipe_filled = model_.overloaded_rounds >= startup_rounds_without_growth;
        return;
    }
    model_.overloaded_rounds = 0;
    if (model_.bandwidth.value() >= startup_growth * model_.plateau) {
        model_.plateau = model_.bandwidth.value();
        model_.plateau_rounds = 0;
    } else if (++model_.plateau_rounds >= startup_rounds_without_growth ||
               (model_.round_overloaded && !model_.calm_now)) {
        model_.pipe_filled = true;
    }
}

void Bbr::advance_up() {
    // The acknowledgements of the first round trip are of packets from before the probe. Those of the second
    // show its result.
    if (!model_.round_started || model_.phase_rounds < 2) return;
    const double found = model_.bandwidth.value();
    if (model_.inflight_bound < unbounded) {
        // The window was larger by this gain without losses.
        model_.inflight_bound *= up_gain;
        if (model_.inflight_bound > inflight(window_gain)) model_.inflight_bound = unbounded;
    }
    if (found >= up_growth * model_.plateau) {
        model_.plateau = found;
        model_.phase_rounds = 1;
    } else {
        enter(Phase::down, model_.round_start);
    }
}

void Bbr::advance_probe_rtt(const AckSample& sample) {
    if (sample.rtt > Duration::zero()) model_.probed_rtt = std::min(model_.probed_rtt, sample.rtt);
    if (model_.probe_rtt_done == time_never) {
        if (sample.in_flight > window()) return;
        model_.probe_rtt_done = sample.now + probe_rtt_duration;
        model_.phase_rounds = 0;
        model_.round_end = delivered_;
    }
    const bool confirmed = model_.probed_rtt <= model_.min_rtt + model_.min_rtt / 32;
    if (!confirmed && (model_.phase_rounds == 0 || sample.now < model_.probe_rtt_done)) return;
    if (!confirmed) model_.min_rtt = model_.probed_rtt;
    model_.min_rtt_seen = sample.now;
    enter_cruise(sample.now);
}

double Bbr::inflight(double gain) const {
    if (model_.min_rtt == Duration::max()) return packets(initial_packets);
    return std::max(gain * bandwidth() * seconds(round_trip()) + packets(2), window_min());
}

double Bbr::drained() const {
    if (model_.min_rtt == Duration::max()) return packets(initial_packets);
    return bandwidth() * seconds(std::max(model_.min_rtt, quantum / 4)) + packets(2);
}

void Bbr::update_pacing() {
    if (bandwidth() <= 0) return;
    double gain = pacing_margin / (1 - baseline_loss());
    switch (model_.phase) {
        case Phase::startup:
            // A first small sample must not slow down a rate that doubles every round trip.
            if (!model_.restarting) {
                pacing_rate_ = std::max(pacing_rate_, startup_gain * bandwidth());
                return;
            }
            break;
        case Phase::drain:
            gain = drain_gain;
            break;
        case Phase::up:
            // Once the extra queue exists, it is held for the round trip that it takes to see the outcome.
            if (in_flight_ < drained() + (up_gain - 1) * bandwidth() * seconds(round_trip())) gain *= up_gain;
            break;
        case Phase::down:
            // Losses that are compensated for would become the next baseline.
            gain = pacing_margin * down_gain;
            break;
        default:
            break;
    }
    pacing_rate_ = gain * bandwidth();
}

void Bbr::update_window(const AckSample& sample) {
    // The bandwidth is what arrives. A window of twice that would hardly grow where nearly half is lost, and
    // startup would end far below what the path carries.
    const double gain = model_.pipe_filled ? window_gain : window_gain / (1 - startup_loss());
    const double target = inflight(gain) + model_.extra_acked.value();
    if (model_.pipe_filled || window_ < target) window_ += static_cast<double>(sample.acked_bytes);
    if (model_.restarting && model_.round_started) {
        model_.restarting = false;
        window_ = std::max(window_, target);
    }
    if (model_.pipe_filled) window_ = std::min(window_, target);
    window_ = std::max(window_, window_min());
}

uint64_t Bbr::window() const {
    double window = window_;
    if (model_.phase == Phase::probe_rtt) window = std::min(window, inflight(probe_rtt_gain));
    const double bound_gain = model_.phase == Phase::up ? up_gain : 1;
    window = std::min(window, bound_gain * model_.inflight_bound);
    return static_cast<uint64_t>(std::max(window, window_min()));
}

}  // namespace stt
