// SPDX-License-Identifier: LGPL-2.1-or-later
/// Lets the streaming thread of a paused sink go on. An EOS that the application sends makes GstBaseSrc wait
/// for the streaming thread, on the application's thread: with one that waits for PLAYING in the sink that is
/// for good, as it is the application that would have set PLAYING.
#pragma once

#include <gst/base/gstbasesink.h>

#include <atomic>

namespace stt {

class Connection;

class PrerollExit {
  public:
    explicit PrerollExit(GstBaseSink* sink) : sink_(sink) {}

    /// As new. Within a state change, before data come.
    void start();
    /// The streaming thread, where it waits in the preroll of a paused sink or as soon as it does, continues
    /// as in PLAYING. Any thread that does not hold the preroll lock.
    void open();
    /// The streaming thread is about to preroll. It holds the preroll lock.
    void on_preroll();
    /// Before PLAYING: brings the streaming thread back to where the base class expects it, out of what it
    /// may wait for meanwhile. Within a state change.
    void close(Connection& connection);

  private:
    void let_go();

    GstBaseSink* const sink_;
    std::atomic<bool> wanted_{false};  // from open() until close() or start(); any thread
    std::atomic<bool> open_{false};    // the streaming thread was let go; written under the preroll lock
};

}  // namespace stt
