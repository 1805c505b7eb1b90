// SPDX-License-Identifier: LGPL-2.1-or-later
/// The event loop of an I/O thread: a private GMainContext that watches descriptors and one deadline.
#pragma once

#include <glib.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

/// The current time of CLOCK_MONOTONIC and of the wall clock.
Now clock_now();

class Loop : public std::enable_shared_from_this<Loop> {
  public:
    struct Ready {
        bool readable = false, writable = false, error = false;
    };
    /// What to wait for before the next turn. wake() and post() always cause one.
    struct Wait {
        Time deadline = time_never;
        bool again = false;  ///< whether to take the next turn without waiting
    };
    /// Receives the turns. All calls are made on the loop's thread.
    class Client {
      public:
        virtual ~Client() = default;
        virtual Wait turn() = 0;
        /// Called when the thread is about to end; no further call follows.
        virtual void ended() = 0;
    };

    /// Creates a loop without a thread. Fails with resource_exhausted when the process has no descriptor
    /// left.
    static Result<std::shared_ptr<Loop>> create();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Starts the thread, which gives `client` its first turn at once. Must be called only once. The loop
    /// holds the client until the thread ends.
    void start(std::shared_ptr<Client> client);

    // Any thread may call the following.

    /// Makes the client take a turn soon. Costs little when a turn is already due.
    void wake();
    /// Runs `function` on the loop's thread before a turn, in the order of the calls. Returns false, and
    /// never runs it, after stop().
    bool post(std::function<void()> function);
    /// Ends the thread after the current turn and waits until it has ended. Functions posted before still
    /// run. On the loop's own thread it does not wait; it only prevents further turns, and posted functions
    /// that are still pending do not run. Idempotent.
    void stop();
    bool on_thread() const;

    // Only the loop's thread may call the following, and any one thread before start().

    /// Names a watched descriptor.
    using Watch = size_t;
    /// Watches `fd` for input and errors until unwatch(), which must be called before it is closed, unless
    /// the thread has ended.
    Watch watch(int fd);
    /// Sets whether a turn also follows when the descriptor is writable.
    void wait_for_writable(Watch watch, bool wanted);
    /// What was found about the descriptor when the present turn began.
    Ready ready(Watch watch) const { return watched_[watch].ready; }
    void unwatch(Watch watch);
    /// The thread-default context of the loop's thread, which lives as long as the loop.
    GMainContext* context() const { return context_; }

  private:
    struct Source;
    struct Watched {
        void* tag;  // of the source; null: not watched any more
        Ready ready;
    };
    Loop() = default;
    void run();
    void take_turn();
    void run_posted();
    void arm(Time deadline);

    // Constant after create() or start().
    GMainContext* context_ = nullptr;
    int timer_ = -1;
    std::thread thread_;  // joined under join_mutex_

    std::atomic<bool> woken_{false};  // whether a turn is due
    std::atomic<std::thread::id> id_{};
    std::mutex join_mutex_;  // never locked on the loop's thread
    std::mutex mutex_;       // guards posted_ and stopping_
    std::vector<std::function<void()>> posted_;
    bool stopping_ = false;

    // Used only on the loop's thread.
    std::shared_ptr<Client> client_;
    Source* source_ = nullptr;
    std::vector<Watched> watched_;
    void* timer_tag_ = nullptr;
    Wait wait_;
    Time armed_ = time_never;
    bool turning_ = false;  // a callback may run the context, but must not start a nested turn that way
    bool quit_ = false;
};

}  // namespace stt
