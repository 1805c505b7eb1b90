// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/pipeline_clock.hpp"

#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "core/base/random.hpp"
#include "gst/sender_clock.hpp"

namespace stt {
namespace {

GQuark epoch_quark() {
    static const GQuark quark = g_quark_from_static_string("stt-clock-epoch");
    return quark;
}

}  // namespace

uint64_t epoch_of(GstClock* clock) {
    // Ensures that only one thread creates the number.
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (const auto* epoch = static_cast<uint64_t*>(g_object_get_qdata(G_OBJECT(clock), epoch_quark())))
        return *epoch;
    auto* fresh = new uint64_t(std::max<uint64_t>(system_random().u64(), 1));
    g_object_set_qdata_full(G_OBJECT(clock), epoch_quark(), fresh,
                            [](gpointer epoch) { delete static_cast<uint64_t*>(epoch); });
    return *fresh;
}

int64_t monotonic_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

bool PipelineClock::observe(GstClock* clock) {
    if (!clock) return false;
    const uint64_t epoch = epoch_of(clock);
    const int64_t before = monotonic_now();
    if (epoch == epoch_ && before - looked_ < jump_interval) return false;
    if (const std::optional<Affine> line = sender_clock_line(clock))
        return observe_line(epoch, before, *line);
    // A thread that is preempted between reading the two clocks gets a wrong pair. The reading that took the
    // least time of up to three is used.
    constexpr int64_t close = 100'000;
    int64_t shortest = INT64_MAX;
    Reading best{};
    for (int i = 0; i < 3 && shortest > close; i++) {
        const int64_t from = monotonic_now();
        const auto time = static_cast<int64_t>(gst_clock_get_time(clock));
        const int64_t took = monotonic_now() - from;
        if (took >= shortest) continue;
        shortest = took;
        best = {from + took / 2, time};
    }
    return observe(epoch, best);
}

bool PipelineClock::observe(uint64_t epoch, Reading reading) {
    looked_ = reading.monotonic;
    if (epoch != epoch_ || magnitude(wrapping_sub(reading.clock, line_(reading.monotonic))) > jump) {
        begin(epoch, reading);
        return true;
    }
    if (!due(reading.monotonic)) return false;
    samples_.push_back(reading);
    if (samples_.size() > samples_max) samples_.pop_front();
    if (magnitude(wrapping_sub(reading.clock, line_(reading.monotonic))) <= tolerance) return false;
    line_ = fitted();
    return true;
}

/// Until a line has reached sample_interval in age, samples are spaced so that each doubles its age.
/// Therefore its rate is known to a hundred parts per million after a tenth of a second.
bool PipelineClock::due(int64_t now) const {
    const int64_t age = samples_.back().monotonic - samples_.front().monotonic;
    return now - samples_.back().monotonic >= std::clamp(age, jump_interval, sample_interval);
}

/// A clock whose line is known exactly needs no samples. A fit to samples would lag when the clock changes
/// its rate.
bool PipelineClock::observe_line(uint64_t epoch, int64_t now, const Affine& line) {
    looked_ = now;
    const int64_t then = now + sample_interval;
    if (epoch == epoch_ && magnitude(wrapping_sub(line(then), line_(then))) <= tolerance) return false;
    epoch_ = epoch;
    line_ = line;
    samples_.clear();
    return true;
}

void PipelineClock::begin(uint64_t epoch, Reading reading) {
    // A clock that jumps keeps its rate.
    const double skew = epoch == epoch_ ? line_.skew : 0;
    epoch_ = epoch;
    line_ = {reading.monotonic, reading.clock, skew};
    samples_.assign(1, reading);
}

/// Returns the least-squares line through the samples.
Affine PipelineClock::fitted() const {
    const Reading& last = samples_.back();
    const auto count = static_cast<double>(samples_.size());
    double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
    for (const Reading& sample : samples_) {
        // `y` is how much more than `x` the clock has advanced. It is small, so that a double holds it
        // exactly enough.
        const auto x = static_cast<double>(sample.monotonic - last.monotonic);
        const auto y = static_cast<double>(sample.clock - last.clock) - x;
        sum_x += x, sum_y += y, sum_xx += x * x, sum_xy += x * y;
    }
    const double spread = count * sum_xx - sum_x * sum_x;
    const double skew = spread > 0 ? (count * sum_xy - sum_x * sum_y) / spread : 0;
    const double bounded = std::clamp(skew, -skew_max, skew_max);
    const double offset = (sum_y - bounded * sum_x) / count;
    return {last.monotonic, last.clock + std::llround(offset), bounded};
}

}  // namespace stt
