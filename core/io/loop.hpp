// SPDX-License-Identifier: LGPL-2.1-or-later
/// The I/O thread: a private GMainContext that watches one descriptor and one deadline.
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

/// CLOCK_MONOTONIC and the wall clock, at this instant.
Now clock_now();

class Loop : public std::enable_shared_from_this<Loop> {
  public:
    struct Ready {
        bool readable = false, writable = false, error = false;
    };
    /// What to wait for before the next turn; wake() and post() always bring one about.
    struct Wait {
        Time deadline = time_never;
        bool writable = false;
        bool again = false;  ///< do not wait at all
    };
    /// Called on the loop's thread only.
    class Client {
      public:
        virtual ~Client() = default;
        virtual Wait turn(Ready ready) = 0;
        /// The thread is about to end; nothing follows.
        virtual void ended() = 0;
    };

    /// Fails when the process is out of descriptors.
    static Result<std::shared_ptr<Loop>> create();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Starts the thread, which watches `fd` and has the client's first turn at once. Once. The loop holds
    /// the client until the thread ends.
    void start(int fd, std::shared_ptr<Client> client);

    // Any thread.

    /// Has the client take a turn soon. Cheap when one is due anyway.
    void wake();
    /// Runs `function` on the loop's thread, before a turn; in the order of the calls. False, and it never
    /// runs, once the loop was stopped.
    bool post(std::function<void()> function);
    /// Ends the thread after the turn under way and waits until it has ended; on the loop's own thread it
    /// only sees to it that no other turn begins. What was posted before still runs. Idempotent.
    void stop();
    bool on_thread() const;

    // The loop's thread.

    /// Thread-default there; lives as long as the loop.
    GMainContext* context() const { return context_; }
    /// Stops watching the descriptor, which may be closed then.
    void unwatch();

  private:
    struct Source;
    Loop() = default;
    void run();
    void take_turn();
    void run_posted();
    void arm(Time deadline);

    // Constant from create() or start() on.
    GMainContext* context_ = nullptr;
    int timer_ = -1;
    std::thread thread_;  // joined under join_mutex_

    std::atomic<bool> woken_{false};  // a turn is due
    std::atomic<std::thread::id> id_{};
    std::mutex join_mutex_;  // never taken on the loop's thread
    std::mutex mutex_;       // guards posted_ and stopping_
    std::vector<std::function<void()>> posted_;
    bool stopping_ = false;

    // The loop's thread only.
    std::shared_ptr<Client> client_;
    Source* source_ = nullptr;
    void* socket_tag_ = nullptr;
    void* timer_tag_ = nullptr;
    Wait wait_;
    Time armed_ = time_never;
    bool turning_ = false;  // a callback may run the context, but not get another turn that way
    bool quit_ = false;
};

}  // namespace stt
