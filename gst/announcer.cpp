// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/announcer.hpp"

#include <algorithm>
#include <utility>

#include "gst/bus.hpp"
#include "gst/debug.hpp"

namespace stt {
namespace {

GstDebugLevel level_of(GstMessage* message) {
    if (GST_MESSAGE_TYPE(message) & (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) return GST_LEVEL_WARNING;
    return gst_message_has_name(message, "stt-stats") ? GST_LEVEL_DEBUG : GST_LEVEL_INFO;
}

}  // namespace

Announcer::~Announcer() { clear(); }

void Announcer::post(const std::vector<GstMessage*>& messages) {
    Job job;
    for (GstMessage* message : messages) job.messages.emplace_back(message);
    job.log = log();
    queue(std::move(job));
}

void Announcer::post_gap(const Gap& gap) {
    Job job;
    job.gap = gap;
    job.log = log();
    queue_unless(std::move(job), [&](Job& waiting) {
        if (!waiting.gap || waiting.only_logged || waiting.gap->uncertain != gap.uncertain) return false;
        *waiting.gap += gap;
        return true;
    });
}

void Announcer::post_latency() {
    Job job;
    job.messages.emplace_back(gst_message_new_latency(GST_OBJECT(element_)));
    job.latency = true;
    queue_unless(std::move(job), [](const Job& waiting) { return waiting.latency && !waiting.only_logged; });
}

void Announcer::post_now(GstMessage* message) {
    write(log().get(), message);
    gst_element_post_message(element_, message);
}

void Announcer::write(EventLog* log, GstMessage* message) {
    GST_CAT_LEVEL_LOG(stt_debug, level_of(message), element_, "%" GST_PTR_FORMAT,
                      static_cast<void*>(message));
    if (!log) return;
    const Status written = log->write(element_, message);
    if (written) return;
    ErrorReport report;
    report.error = written.error();
    report.warned_of = true;
    for (GstMessage* warning : error_messages(element_, report, false))
        gst_element_post_message(element_, warning);
}

void Announcer::set_log(std::shared_ptr<EventLog> log) {
    const std::lock_guard lock(mutex_);
    log_.swap(log);
}

std::shared_ptr<EventLog> Announcer::log() {
    const std::lock_guard lock(mutex_);
    return log_;
}

void Announcer::run(std::function<void()> call) {
    Job job;
    job.call = std::move(call);
    queue(std::move(job));
}

/// Queues `job`, unless `merges` returns true for one that waits.
template <class Merges>
void Announcer::queue_unless(Job job, const Merges& merges) {
    std::unique_lock lock(mutex_);
    if (std::any_of(jobs_.begin(), jobs_.end(), merges)) return;
    queue(std::move(job), lock);
}

void Announcer::queue(Job job) {
    std::unique_lock lock(mutex_);
    queue(std::move(job), lock);
}

/// Queues `job` and releases `lock`.
void Announcer::queue(Job job, std::unique_lock<std::mutex>& lock) {
    job.number = ++queued_;
    jobs_.push_back(std::move(job));
    if (std::exchange(working_, true)) return;
    lock.unlock();
    gst_element_call_async(
        element_, [](GstElement*, gpointer self) { static_cast<Announcer*>(self)->work(); }, this, nullptr);
}

void Announcer::work() {
    std::unique_lock lock(mutex_);
    while (!jobs_.empty()) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        if (job.call) job.call();
        if (job.gap) job.messages.emplace_back(gap_message(element_, *job.gap));
        for (const MessagePtr& message : job.messages) {
            write(job.log.get(), message.get());
            if (!job.only_logged) gst_element_post_message(element_, gst_message_ref(message.get()));
        }
        const uint64_t number = job.number;
        job = {};  // without the lock, as releasing the contents may run arbitrary code
        lock.lock();
        handed_over_ = number;
        progress_.notify_all();
    }
    working_ = false;
    progress_.notify_all();
}

void Announcer::wait_posted() {
    std::unique_lock lock(mutex_);
    progress_.wait(lock,
                   [this, last = queued_] { return handed_over_ >= last || !working_ || interrupted_; });
}

void Announcer::interrupt(bool on) {
    const std::lock_guard lock(mutex_);
    interrupted_ = on;
    progress_.notify_all();
}

void Announcer::clear() {
    std::deque<Job> dropped;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    dropped.swap(jobs_);
    for (Job& job : dropped) {
        if (!job.log) continue;
        Job& kept = jobs_.emplace_back(std::move(job));
        kept.only_logged = true;
    }
}

}  // namespace stt
