// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/announcer.hpp"

#include <memory>
#include <utility>

namespace stt {
namespace {

void log_and_post(GstElement* element, EventLog* log, GstMessage* message) {
    if (log) {
        if (const Status written = log->write(element, message); !written) {
            GError* error = g_error_new_literal(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
                                                written.error().text.c_str());
            gst_element_post_message(element, gst_message_new_warning(GST_OBJECT(element), error, nullptr));
            g_error_free(error);
        }
    }
    gst_element_post_message(element, message);
}

}  // namespace

Announcer::~Announcer() { clear(); }

void Announcer::post(const std::vector<GstMessage*>& messages) {
    std::vector<std::shared_ptr<GstMessage>> owned;
    for (GstMessage* message : messages)
        owned.emplace_back(message, [](GstMessage* last) { gst_message_unref(last); });
    run([element = element_, log = log(), owned] {
        for (const auto& message : owned) log_and_post(element, log.get(), gst_message_ref(message.get()));
    });
}

void Announcer::post_now(GstMessage* message) { log_and_post(element_, log().get(), message); }

void Announcer::set_log(std::shared_ptr<EventLog> log) {
    const std::lock_guard lock(mutex_);
    log_.swap(log);
}

std::shared_ptr<EventLog> Announcer::log() {
    const std::lock_guard lock(mutex_);
    return log_;
}

void Announcer::run(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
        if (std::exchange(working_, true)) return;
    }
    gst_element_call_async(
        element_, [](GstElement*, gpointer self) { static_cast<Announcer*>(self)->work(); }, this, nullptr);
}

void Announcer::work() {
    std::unique_lock lock(mutex_);
    while (!jobs_.empty()) {
        std::function<void()> job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;  // what it holds may run anybody's code as it goes
        lock.lock();
    }
    working_ = false;
    progress_.notify_all();
}

void Announcer::wait_posted() {
    std::unique_lock lock(mutex_);
    progress_.wait(lock, [this] { return !working_ || interrupted_; });
}

void Announcer::interrupt(bool on) {
    const std::lock_guard lock(mutex_);
    interrupted_ = on;
    progress_.notify_all();
}

void Announcer::clear() {
    std::deque<std::function<void()>> dropped;
    const std::lock_guard lock(mutex_);
    jobs_.swap(dropped);
}

}  // namespace stt
