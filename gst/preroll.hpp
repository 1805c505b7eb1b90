// SPDX-License-Identifier: LGPL-2.1-or-later
/// Lets the streaming thread of a paused sink continue. When the application sends EOS, GstBaseSrc waits for
/// the streaming thread on the application's thread. If the streaming thread waits in the sink for PLAYING,
/// that is a deadlock, as it is the application that would have set PLAYING.
#pragma once

#include <gst/base/gstbasesink.h>

#include <atomic>

namespace stt {

class Connection;

class PrerollExit {
  public:
    explicit PrerollExit(GstBaseSink* sink) : sink_(sink) {}

    /// Resets the state. Called in a state change, before data arrives.
    void start();
    /// Lets the streaming thread continue as in PLAYING if it waits in the preroll of a paused sink, or as
    /// soon as it does. Callable from any thread that does not hold the preroll lock.
    void open();
    /// Called before the streaming thread prerolls, with the preroll lock held.
    void on_preroll();
    /// Called in the state change to PLAYING: returns the streaming thread from any wait for the peer to
    /// where the base class expects it.
    void close(Connection& connection);

  private:
    void let_go();

    GstBaseSink* const sink_;
    std::atomic<bool> wanted_{false};  // from open() until close() or start(); any thread
    std::atomic<bool> open_{false};    // the streaming thread was let go; set under the preroll lock
};

}  // namespace stt
