// SPDX-License-Identifier: LGPL-2.1-or-later
/// Keeps a live stream current while the receiving pipeline is paused.
#pragma once

#include <glib.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "core/io/link.hpp"
#include "gst/paused_backlog.hpp"

namespace stt {

/// From start() to the end a thread reads in place of the streaming thread, which may still be in a push with
/// what it had taken, and takes nothing more. State changes only.
class PausedReader {
  public:
    ~PausedReader() { abandon(); }

    /// `live`: whether the stream that is being read is; none: not known yet.
    void start(std::shared_ptr<Link> link, std::optional<bool> live);
    /// The streaming thread goes on, with what was kept. The sender is told of what was not.
    void resume();
    /// The stream is over for this element. Returns what was discarded of it; the sender is not told.
    Gap abandon();

  private:
    void work();
    void stop();

    std::shared_ptr<Link> link_;
    GThread* thread_ = nullptr;             // null: nothing is read on
    std::optional<PausedBacklog> backlog_;  // the thread's while it runs
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;  // under mutex_
};

}  // namespace stt
