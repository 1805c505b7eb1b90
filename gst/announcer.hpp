// SPDX-License-Identifier: LGPL-2.1-or-later
/// Hands messages and upstream events to the application and the pipeline, in order, on a thread that holds
/// no lock of ours and that nothing of ours waits for: whatever a handler does there, set_state(NULL)
/// included, cannot deadlock with a session or a streaming thread.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "gst/event_log.hpp"
#include "gst/owned.hpp"

namespace stt {

class Announcer {
  public:
    /// `element` owns the announcer; jobs under way keep it alive.
    explicit Announcer(GstElement* element) : element_(element) {}
    ~Announcer();

    /// Messages posted from now on are written to `log` as well; null: to none. Any thread.
    void set_log(std::shared_ptr<EventLog> log);
    /// Queues `message` for gst_element_post_message. Takes ownership; any thread, does not block.
    void post(GstMessage* message) { post(std::vector<GstMessage*>{message}); }
    /// The same for messages that belong together: clear() drops all of them, or none.
    void post(const std::vector<GstMessage*>& messages);
    /// Posts it at once, before what is queued: on a thread of the application's, or in a job.
    void post_now(GstMessage* message);
    /// Queues any other call; any thread, does not block.
    void run(std::function<void()> job);
    /// Blocks until everything queued before was handed over, or interrupt(true) is in force.
    void wait_posted();
    /// While set, wait_posted returns at once.
    void interrupt(bool on);
    /// Drops what is queued, but for what the log is to have of it: the element stops.
    void clear();

  private:
    struct Job {
        std::function<void()> call;  // or
        std::vector<MessagePtr> messages;
        std::shared_ptr<EventLog> log;  // theirs; may be null
        uint64_t number = 0;
        bool only_logged = false;
    };
    void queue(Job job);
    void work();
    void write(EventLog* log, GstMessage* message);
    std::shared_ptr<EventLog> log();

    GstElement* element_;
    std::mutex mutex_;
    std::condition_variable progress_;
    std::deque<Job> jobs_;           // under mutex_
    uint64_t queued_ = 0;            // number of the last job; under mutex_
    uint64_t handed_over_ = 0;       // … of the last one done with; under mutex_
    bool working_ = false;           // a thread of GStreamer's pool is in work(); under mutex_
    bool interrupted_ = false;       // under mutex_
    std::shared_ptr<EventLog> log_;  // under mutex_
};

}  // namespace stt
