// SPDX-License-Identifier: LGPL-2.1-or-later
/// Lets the streaming thread of a paused sink go on. An EOS that the application sends makes GstBaseSrc wait
/// for the streaming thread, on the application's thread: with one that waits for PLAYING in the sink that is
/// for good, as it is the application that would have set PLAYING.
#pragma once

#include <gst/base/gstbasesink.h>

#include <atomic>

namespace stt {

class Connection;

/// All functions take the preroll lock.
class PrerollExit {
  public:
    explicit PrerollExit(GstBaseSink* sink) : sink_(sink) {}

    /// The streaming thread, where it waits in the preroll of a paused sink, goes on as in PLAYING. Any
    /// thread but that one.
    void open();
    /// Before PLAYING: brings the streaming thread back to where the base class expects it, out of what it
    /// may wait for meanwhile. Within a state change.
    void close(Connection& connection);

  private:
    GstBaseSink* const sink_;
    std::atomic<bool> open_{false};
};

}  // namespace stt
