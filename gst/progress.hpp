// SPDX-License-Identifier: LGPL-2.1-or-later
/// The PROGRESS of an element that opens: of listening, or of a caller's first connect. Applications that
/// follow it, as gst-launch-1.0 does, play once it has ended.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <mutex>
#include <string>

#include "gst/announcer.hpp"

namespace stt {

/// Any thread, except where noted. Texts are as people read them.
class Progress {
  public:
    /// `element` posts the messages. Both outlive this.
    Progress(GstElement* element, Announcer& announcer) : element_(element), announcer_(announcer) {}

    /// Posts START in the state change, so that an application knows when set_state() returns that something
    /// is under way. False: a handler of the message has stopped the element.
    bool start(const std::string& text);
    /// Posts CONTINUE, unless it has ended.
    void proceed(const std::string& text);
    /// Ends it by COMPLETE, CANCELED or ERROR, unless it has ended.
    void end(GstProgressType type, const std::string& text);
    bool under_way() const { return under_way_; }

  private:
    GstElement* const element_;
    Announcer& announcer_;
    std::mutex mutex_;                    // held while a message is queued, so that none follows the last
    std::atomic<bool> under_way_{false};  // has started and has not ended; ends under mutex_
};

}  // namespace stt
