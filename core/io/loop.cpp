// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/loop.hpp"

#include <glib-unix.h>
#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/base/text.hpp"
#include "core/io/system_error.hpp"

namespace stt {

Now clock_now() {
    const auto monotonic = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {Time(monotonic), std::chrono::duration_cast<WallTime>(wall)};
}

/// The GSource of the loop, with its descriptors and a timer. GLib's own timeouts are too coarse: poll()
/// counts milliseconds, and packets are paced in microseconds.
struct Loop::Source {
    GSource base;
    Loop* loop;

    static gboolean prepare(GSource* source, int* timeout) {
        *timeout = -1;
        const Loop* loop = reinterpret_cast<Source*>(source)->loop;
        return !loop->turning_ && (loop->wait_.again || loop->woken_.load(std::memory_order_relaxed));
    }
    static gboolean check(GSource* source) {
        const Loop* loop = reinterpret_cast<Source*>(source)->loop;
        if (loop->turning_) return FALSE;
        return loop->woken_.load(std::memory_order_relaxed) ||
               g_source_query_unix_fd(source, loop->timer_tag_) != 0 ||
               std::any_of(loop->watched_.begin(), loop->watched_.end(), [source](const Watched& watched) {
                   return watched.tag && g_source_query_unix_fd(source, watched.tag) != 0;
               });
    }
    static gboolean dispatch(GSource* source, GSourceFunc, void*) {
        Loop* loop = reinterpret_cast<Source*>(source)->loop;
        loop->turning_ = true;
        loop->take_turn();
        loop->turning_ = false;
        return G_SOURCE_CONTINUE;
    }
};

Result<std::shared_ptr<Loop>> Loop::create() {
    std::shared_ptr<Loop> loop(new Loop);
    loop->timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->timer_ < 0) {
        return make_error(ErrorCode::resource_exhausted, reason_of_system_error(errno), ErrorOrigin::local,
                          tr("cannot create a timer: %s", std::generic_category().message(errno).c_str()))
            .ending();
    }
    loop->context_ = g_main_context_new();
    static GSourceFuncs functions = {Source::prepare, Source::check, Source::dispatch,
                                     nullptr,         nullptr,       nullptr};
    GSource* const source = g_source_new(&functions, sizeof(Source));
    loop->source_ = reinterpret_cast<Source*>(source);
    loop->source_->loop = loop.get();
    g_source_set_name(source, "stt-io");
    // Otherwise GLib removes the descriptors and adds them again for every dispatch, each time with a
    // wake-up. turning_ prevents nested turns instead.
    g_source_set_can_recurse(source, TRUE);
    loop->timer_tag_ = g_source_add_unix_fd(source, loop->timer_, G_IO_IN);
    return loop;
}

Loop::~Loop() {
    // The last reference may be released on the loop's own thread, at its very end.
    if (thread_.joinable()) {
        if (on_thread())
            thread_.detach();
        else
            thread_.join();
    }
    if (source_) g_source_unref(reinterpret_cast<GSource*>(source_));
    if (context_) g_main_context_unref(context_);
    if (timer_ >= 0) ::close(timer_);
}

void Loop::start(std::shared_ptr<Client> client) {
    client_ = std::move(client);
    wait_.again = true;
    g_source_attach(reinterpret_cast<GSource*>(source_), context_);
    const std::lock_guard lock(join_mutex_);
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void Loop::run() {
    id_ = std::this_thread::get_id();
    pthread_setname_np(pthread_self(), "stt-io");
    g_main_context_push_thread_default(context_);
    while (!quit_) g_main_context_iteration(context_, TRUE);
    g_source_destroy(reinterpret_cast<GSource*>(source_));
    // GIO operations that the client has cancelled complete here and release the context.
    while (g_main_context_iteration(context_, FALSE)) {
    }
    g_main_context_pop_thread_default(context_);
    client_->ended();
    client_.reset();
}

void Loop::take_turn() {
    GSource* const source = reinterpret_cast<GSource*>(source_);
    for (Watched& watched : watched_) {
        const auto found = watched.tag ? g_source_query_unix_fd(source, watched.tag) : GIOCondition{};
        watched.ready = {(found & G_IO_IN) != 0, (found & G_IO_OUT) != 0, (found & G_IO_ERR) != 0};
    }
    // An expired timer stays readable until it is set again.
    if (g_source_query_unix_fd(source, timer_tag_) != 0) armed_ = Time::min();
    // Cleared before anything else: a wake-up from here on may be about something that this turn misses.
    woken_.store(false, std::memory_order_seq_cst);

    run_posted();
    if (quit_) return;
    wait_ = client_->turn();
    if (!wait_.again) arm(wait_.deadline);
}

void Loop::run_posted() {
    std::vector<std::function<void()>> functions;
    bool stopping;
    {
        const std::lock_guard lock(mutex_);
        functions.swap(posted_);
        stopping = stopping_;
    }
    for (const auto& function : functions) function();
    if (stopping) quit_ = true;
}

void Loop::arm(Time deadline) {
    if (deadline == armed_) return;
    armed_ = deadline;
    itimerspec spec{};
    if (deadline != time_never) {
        // A time of zero would disarm the timer.
        const Duration at = std::max(deadline.time_since_epoch(), Duration{1});
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
        spec.it_value.tv_sec = seconds.count();
        spec.it_value.tv_nsec = (at - seconds).count();
    }
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

void Loop::wake() {
    if (!woken_.exchange(true, std::memory_order_seq_cst)) g_main_context_wakeup(context_);
}

bool Loop::post(std::function<void()> function) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        posted_.push_back(std::move(function));
    }
    wake();
    return true;
}

void Loop::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    if (on_thread()) {
        quit_ = true;
        return;
    }
    wake();
    const std::lock_guard lock(join_mutex_);
    if (thread_.joinable()) thread_.join();
}

bool Loop::on_thread() const { return id_.load() == std::this_thread::get_id(); }

namespace {

GIOCondition conditions(bool writable) {
    return static_cast<GIOCondition>(G_IO_IN | G_IO_ERR | (writable ? G_IO_OUT : 0));
}

}  // namespace

Loop::Watch Loop::watch(int fd) {
    GSource* const source = reinterpret_cast<GSource*>(source_);
    watched_.push_back({g_source_add_unix_fd(source, fd, conditions(false)), {}});
    return watched_.size() - 1;
}

void Loop::wait_for_writable(Watch watch, bool wanted) {
    GSource* const source = reinterpret_cast<GSource*>(source_);
    g_source_modify_unix_fd(source, watched_[watch].tag, conditions(wanted));
}

void Loop::unwatch(Watch watch) {
    GSource* const source = reinterpret_cast<GSource*>(source_);
    g_source_remove_unix_fd(source, std::exchange(watched_[watch].tag, nullptr));
    watched_[watch].ready = {};
}

}  // namespace stt
