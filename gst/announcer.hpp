// SPDX-License-Identifier: LGPL-2.1-or-later
/// The announcer hands messages and upstream events to the application and the pipeline, in order. It does so
/// on a thread that holds none of the plugin's locks and that no other thread of the plugin waits for.
/// Therefore no handler can deadlock with a session or a streaming thread, not even by set_state(NULL).
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "gst/event_log.hpp"
#include "gst/gap.hpp"
#include "gst/owned.hpp"

namespace stt {

class Announcer {
  public:
    /// `element` owns the announcer. Jobs in progress hold a reference to the element.
    explicit Announcer(GstElement* element) : element_(element) {}
    ~Announcer();

    /// Writes the messages posted from now on to `log` as well; null disables this. Callable from any thread.
    void set_log(std::shared_ptr<EventLog> log);
    /// Queues `message` for gst_element_post_message() and takes ownership of it. Callable from any thread;
    /// does not block.
    void post(GstMessage* message) { post(std::vector<GstMessage*>{message}); }
    /// Queues messages that belong together: clear() drops either all of them or none.
    void post(const std::vector<GstMessage*>& messages);
    /// Queues the report of a gap. While one waits, further gaps are added to it: peers report them as often
    /// as they like, and none may be lost. Callable from any thread; does not block.
    void post_gap(const Gap& gap);
    /// Queues LATENCY unless one waits, as peers can cause it as often as they like. Callable from any
    /// thread; does not block.
    void post_latency();
    /// Posts `message` immediately, ahead of the queued ones, and takes ownership of it. Callable from a
    /// thread of the application or from a job.
    void post_now(GstMessage* message);
    /// Queues any other call. Callable from any thread; does not block.
    void run(std::function<void()> job);
    /// Blocks until everything queued before the call has been handed over, or until interrupt(true) is
    /// called.
    void wait_posted();
    /// While `on` is set, wait_posted() returns at once.
    void interrupt(bool on);
    /// Drops the queued jobs when the element stops. Their messages are still written to the log.
    void clear();

  private:
    struct Job {
        std::function<void()> call;  // null: the job posts `messages`, and `gap` if there is one
        std::optional<Gap> gap;
        bool latency = false;  // `messages` is a LATENCY
        std::vector<MessagePtr> messages;
        std::shared_ptr<EventLog> log;  // the log for `messages`; may be null
        uint64_t number = 0;
        bool only_logged = false;
    };
    void queue(Job job);
    void queue(Job job, std::unique_lock<std::mutex>& lock);
    template <class Merges>
    void queue_unless(Job job, const Merges& merges);
    void work();
    void write(EventLog* log, GstMessage* message);
    std::shared_ptr<EventLog> log();

    GstElement* element_;
    std::mutex mutex_;
    std::condition_variable progress_;
    std::deque<Job> jobs_;           // under mutex_
    uint64_t queued_ = 0;            // number of the last job queued; under mutex_
    uint64_t handed_over_ = 0;       // number of the last job completed; under mutex_
    bool working_ = false;           // a thread of GStreamer's pool is in work(); under mutex_
    bool interrupted_ = false;       // under mutex_
    std::shared_ptr<EventLog> log_;  // under mutex_
};

}  // namespace stt
