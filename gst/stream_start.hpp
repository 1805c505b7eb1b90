// SPDX-License-Identifier: LGPL-2.1-or-later
/// The beginning of a stream on sttsrc's pad: with the sender's STREAM_START, and without remnants of the
/// sender's previous run.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// GstBaseSrc pushes a STREAM_START of its own before anything has arrived from the sender. Downstream would
/// then take the sender's STREAM_START for that of another stream. Therefore a pad probe drops the first one.
class StartHold {
  public:
    /// Drops every STREAM_START from now on. Called while no streaming thread runs.
    void hold(GstPad* pad);
    /// Lets further events pass. Called on the streaming thread.
    void release(GstPad* pad);

  private:
    gulong probe_ = 0;  // id of the pad probe; 0: none
};

/// Returns the events to be pushed after the STREAM_START of another run. On STREAM_START pads drop tags, but
/// not tables of contents and sticky custom events. The list replaces those of the previous run by empty
/// ones.
std::vector<EventPtr> ended_by_another_run(GstPad* pad);
/// Removes from `ended` the entry that `event` replaces anyway.
void spare_replaced(std::vector<EventPtr>& ended, GstEvent* event);

/// A pad keeps a sticky event of each type for every name. Returns false if `event`, which comes from a peer,
/// has a new name that exceeds the limit.
bool has_room_for(GstPad* pad, GstEvent* event);
inline constexpr size_t sticky_names_max = 64;

}  // namespace stt
