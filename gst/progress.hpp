// SPDX-License-Identifier: LGPL-2.1-or-later
/// The PROGRESS messages of an element that opens: of a listener's bind or a caller's first connect.
/// Applications that follow them, such as gst-launch-1.0, start to play when the progress has ended.
#pragma once

#include <gst/gst.h>

#include <mutex>
#include <string>

#include "gst/announcer.hpp"

namespace stt {

/// Thread-safe. The texts are for users.
class Progress {
  public:
    /// `element` posts the messages. `element` and `announcer` must outlive this object.
    Progress(GstElement* element, Announcer& announcer) : element_(element), announcer_(announcer) {}

    /// Posts START within the state change, so that when set_state() returns the application knows that an
    /// operation is in progress. Returns false if a handler of the message has stopped the element.
    bool start(const std::string& text);
    /// Posts CONTINUE, unless the progress has ended.
    void proceed(const std::string& text);
    /// Ends the progress with COMPLETE, CANCELED or ERROR, unless it has ended already.
    void end(GstProgressType type, const std::string& text);
    bool under_way() const {
        const std::lock_guard lock(mutex_);
        return under_way_;
    }

  private:
    GstElement* const element_;
    Announcer& announcer_;
    mutable std::mutex mutex_;  // held while a message is queued, so that none follows the last
    bool under_way_ = false;    // has started and has not ended; under mutex_
};

}  // namespace stt
