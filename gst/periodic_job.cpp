// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/periodic_job.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace stt {
namespace {

enum class State : uint8_t {
    waiting,  ///< for the next tick
    queued,   ///< with the announcer, or running
    over,     ///< the job need not be run again
};

/// What the ticks of one start() need. They come on the thread of the system clock and may outlast the
/// element.
struct Ticker {
    Ticker(GstElement* element, Announcer& queue, std::function<bool()> to_run)
        : announcer(queue), job(std::move(to_run)) {
        g_weak_ref_init(&owner, element);
    }
    ~Ticker() { g_weak_ref_clear(&owner); }
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;

    GWeakRef owner;
    Announcer& announcer;  // exists as long as the owner
    const std::function<bool()> job;
    std::atomic<State> state{State::waiting};
};

/// Returns whether further ticks are of use.
bool tick(const std::shared_ptr<Ticker>& ticker) {
    gpointer element = g_weak_ref_get(&ticker->owner);
    if (!element) return false;
    State state = State::waiting;
    if (ticker->state.compare_exchange_strong(state, State::queued))
        ticker->announcer.run([ticker] { ticker->state = ticker->job() ? State::waiting : State::over; });
    gst_object_unref(element);
    return state != State::over;
}

}  // namespace

void PeriodicJob::start(uint32_t interval_ms, std::function<bool()> job) {
    stop();
    GstClock* clock = gst_system_clock_obtain();
    const GstClockTime interval = interval_ms * GST_MSECOND;
    timer_ = gst_clock_new_periodic_id(clock, gst_clock_get_time(clock) + interval, interval);
    gst_object_unref(clock);
    using Shared = std::shared_ptr<Ticker>;
    const auto on_tick = [](GstClock*, GstClockTime, GstClockID id, gpointer ticker) -> gboolean {
        if (!tick(*static_cast<Shared*>(ticker))) gst_clock_id_unschedule(id);
        return TRUE;
    };
    const auto forget = [](gpointer ticker) { delete static_cast<Shared*>(ticker); };
    gst_clock_id_wait_async(
        timer_, on_tick, new Shared(std::make_shared<Ticker>(element_, announcer_, std::move(job))), forget);
}

void PeriodicJob::stop() {
    if (!timer_) return;
    gst_clock_id_unschedule(timer_);
    gst_clock_id_unref(timer_);
    timer_ = nullptr;
}

}  // namespace stt
