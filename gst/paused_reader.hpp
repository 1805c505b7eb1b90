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

/// From start() until resume() or abandon() a thread reads in place of the streaming thread. The latter may
/// still be in a push of what it had taken, and takes no more messages. Called in state changes only.
class PausedReader {
  public:
    ~PausedReader() { abandon(); }

    /// Starts reading. `live` says whether the current stream is live; null if that is not known yet.
    void start(std::shared_ptr<Link> link, std::optional<bool> live);
    /// Lets the streaming thread resume with what was kept. Reports to the sender what was discarded.
    void resume();
    /// Stops reading because the element stops using the stream. Returns what was discarded, which is not
    /// reported to the sender.
    Gap abandon();

  private:
    void work();
    void stop();

    std::shared_ptr<Link> link_;
    GThread* thread_ = nullptr;             // null: not started
    std::optional<PausedBacklog> backlog_;  // used by the thread while it runs
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;  // under mutex_
};

}  // namespace stt
