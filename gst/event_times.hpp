// SPDX-License-Identifier: LGPL-2.1-or-later
/// Times that events carry within them, mapped from the sender's to those here.
#pragma once

#include "gst/owned.hpp"
#include "gst/timeline.hpp"

namespace stt {

/// `event` with its times as they are in `timeline` at this place: GAP, SEGMENT_DONE, force-key-unit. All
/// others pass as they are. `arrival`: the running time that stands for all of them, where times are those of
/// the arrival; none: they are not.
EventPtr map_times(EventPtr event, Timeline& timeline, std::optional<GstClockTime> arrival);

}  // namespace stt
