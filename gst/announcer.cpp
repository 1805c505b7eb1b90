// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/announcer.hpp"

#include <memory>
#include <utility>

namespace stt {

Announcer::~Announcer() { clear(); }

void Announcer::post(GstMessage* message) {
    const std::shared_ptr<GstMessage> owned(message, [](GstMessage* last) { gst_message_unref(last); });
    run([element = element_, owned] { gst_element_post_message(element, gst_message_ref(owned.get())); });
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
        const std::function<void()> job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
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
