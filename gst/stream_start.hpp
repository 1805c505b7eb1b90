// SPDX-License-Identifier: LGPL-2.1-or-later
/// How a stream begins on sttsrc's pad: with the sender's STREAM_START, and with nothing left of a run of the
/// sender that is over.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// GstBaseSrc pushes a STREAM_START of its own before anything has come from the sender. Downstream would
/// take the sender's for another stream, so that the first one is kept back on its way out of the pad.
class StartHold {
  public:
    /// From now on none goes out. While no streaming thread runs.
    void hold(GstPad* pad);
    /// What is pushed next goes out. Streaming thread.
    void release(GstPad* pad);

  private:
    gulong probe_ = 0;  // 0: none
};

/// What is to be pushed after the STREAM_START of another run. Pads drop but the tags with it; for tables of
/// contents and sticky custom events of the run before the list holds such as say nothing.
std::vector<EventPtr> ended_by_another_run(GstPad* pad);
/// Takes out of `ended` what `event` replaces anyway.
void spare_replaced(std::vector<EventPtr>& ended, GstEvent* event);

/// Pads keep sticky events of each type under as many names as there are. False: `event`, of a peer, has a
/// name that is one too many.
bool has_room_for(GstPad* pad, GstEvent* event);
inline constexpr size_t sticky_names_max = 64;

}  // namespace stt
