// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/delayed_call.hpp"

namespace stt {
namespace {

struct Delayed {
    Delayed(GstElement* element, std::function<void()> delayed) : call(std::move(delayed)) {
        g_weak_ref_init(&element_ref, element);
    }
    ~Delayed() { g_weak_ref_clear(&element_ref); }
    Delayed(const Delayed&) = delete;
    Delayed& operator=(const Delayed&) = delete;
    GWeakRef element_ref;
    std::function<void()> call;
};

}  // namespace

void call_later(GstElement* element, Duration delay, std::function<void()> call) {
    GstClock* clock = gst_system_clock_obtain();
    const GstClockID id = gst_clock_new_single_shot_id(
        clock, gst_clock_get_time(clock) + static_cast<GstClockTime>(delay.count()));
    gst_object_unref(clock);
    const auto call_it = [](GstClock*, GstClockTime, GstClockID, gpointer data) -> gboolean {
        auto* delayed = static_cast<Delayed*>(data);
        gpointer strong = g_weak_ref_get(&delayed->element_ref);
        if (!strong) return TRUE;
        delayed->call();
        gst_object_unref(strong);
        return TRUE;
    };
    const auto drop_it = [](gpointer data) { delete static_cast<Delayed*>(data); };
    gst_clock_id_wait_async(id, call_it, new Delayed(element, std::move(call)), drop_it);
    gst_clock_id_unref(id);
}

}  // namespace stt
