// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/sender_clock.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace stt {
namespace {

/// The denominator of a rate. Its precision is one part per billion, which is a microsecond in a quarter of
/// an hour.
constexpr GstClockTime rate_unit = 1'000'000'000;
/// The shortest time between two changes of the rate, ns.
constexpr GstClockTime change_interval = 100 * GST_MSECOND;
/// The time in which about two thirds of a new rate are reached, s. It keeps an estimate that is still
/// settling from disturbing the clock.
constexpr double time_constant = 1;
/// The largest skew: clocks that play media are not further off.
constexpr double skew_max = 0.05;

struct GstSttSenderClock {
    GstSystemClock parent;
    // Guarded by follow_mutex.
    double skew;           ///< current rate minus 1
    GstClockTime changed;  ///< internal time of the last change in sender_clock_follow(), ns
};
struct GstSttSenderClockClass {
    GstSystemClockClass parent;
};

GType stt_sender_clock_get_type();
G_DEFINE_TYPE(GstSttSenderClock, stt_sender_clock, GST_TYPE_SYSTEM_CLOCK)

/// Guards all clocks, as several streams may steer one clock. It is held briefly, and no clock needs it
/// often.
std::mutex& follow_mutex() {
    static std::mutex mutex;
    return mutex;
}

GstSttSenderClock* self_of(gpointer clock) { return static_cast<GstSttSenderClock*>(clock); }

void stt_sender_clock_init(GstSttSenderClock* self) {
    self->skew = 0;
    self->changed = gst_clock_get_internal_time(GST_CLOCK(self));
}

void stt_sender_clock_class_init(GstSttSenderClockClass*) {}

}  // namespace

GstClock* sender_clock_new() {
    auto* clock = GST_CLOCK(g_object_new(stt_sender_clock_get_type(), "name", "GstSttSenderClock",
                                         "clock-type", GST_CLOCK_TYPE_MONOTONIC, nullptr));
    return GST_CLOCK(gst_object_ref_sink(clock));
}

void sender_clock_follow(GstClock* clock, double rate) {
    if (!std::isfinite(rate)) return;
    GstSttSenderClock* self = self_of(clock);
    const double target = std::clamp(rate - 1, -skew_max, skew_max);
    const std::lock_guard lock(follow_mutex());
    const GstClockTime now = gst_clock_get_internal_time(clock);
    if (now < self->changed + change_interval) return;
    const double seconds = static_cast<double>(now - self->changed) / GST_SECOND;
    const double skew = self->skew + (target - self->skew) * (1 - std::exp(-seconds / time_constant));
    self->changed = now;
    if (std::abs(skew - self->skew) * rate_unit < 1) return;
    self->skew = skew;
    GstClockTime internal = 0, external = 0, numerator = 1, denominator = 1;
    gst_clock_get_calibration(clock, &internal, &external, &numerator, &denominator);
    const GstClockTime shown =
        gst_clock_adjust_with_calibration(clock, now, internal, external, numerator, denominator);
    const auto scaled = static_cast<GstClockTime>(std::llround((1 + skew) * rate_unit));
    gst_clock_set_calibration(clock, now, shown, scaled, rate_unit);
}

std::optional<Affine> sender_clock_line(GstClock* clock) {
    if (!G_TYPE_CHECK_INSTANCE_TYPE(clock, stt_sender_clock_get_type())) return std::nullopt;
    GstClockTime internal = 0, external = 0, numerator = 1, denominator = 1;
    gst_clock_get_calibration(clock, &internal, &external, &numerator, &denominator);
    const double skew = static_cast<double>(numerator) / static_cast<double>(denominator) - 1;
    return Affine{static_cast<int64_t>(internal), static_cast<int64_t>(external), skew};
}

SenderClocks& SenderClocks::process() {
    static SenderClocks clocks;
    return clocks;
}

SenderClocks::~SenderClocks() {
    for (auto& [epoch, weak] : clocks_) g_weak_ref_clear(&weak);
}

GstClock* SenderClocks::find(uint64_t epoch) {
    const std::lock_guard lock(mutex_);
    const auto found = clocks_.find(epoch);
    return found == clocks_.end() ? nullptr : static_cast<GstClock*>(g_weak_ref_get(&found->second));
}

void SenderClocks::add(uint64_t epoch, GstClock* clock) {
    std::vector<gpointer> held;  // released without the lock, as the last reference may be among them
    {
        const std::lock_guard lock(mutex_);
        bool taken = false;
        for (auto it = clocks_.begin(); it != clocks_.end();) {
            gpointer strong = g_weak_ref_get(&it->second);
            if (strong) held.push_back(strong);
            taken = taken || (it->first == epoch && strong);
            // A clock follows only one sender's clock at a time, so that peers cannot make the map grow.
            if (!strong || (strong == clock && it->first != epoch)) {
                g_weak_ref_clear(&it->second);
                it = clocks_.erase(it);
            } else {
                ++it;
            }
        }
        if (!taken) g_weak_ref_init(&clocks_[epoch], clock);
    }
    for (gpointer object : held) gst_object_unref(object);
}

size_t SenderClocks::size() const {
    const std::lock_guard lock(mutex_);
    return clocks_.size();
}

}  // namespace stt
