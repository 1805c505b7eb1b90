// SPDX-License-Identifier: LGPL-2.1-or-later
/// Maps the times within events from the sender's to local ones.
#pragma once

#include "gst/owned.hpp"
#include "gst/timeline.hpp"

namespace stt {

/// Returns `event` with its times mapped by the current state of `timeline`, for GAP, SEGMENT_DONE and
/// force-key-unit. All other events are returned unchanged. If timestamps are arrival times, `arrival` is the
/// running time that replaces all of them; otherwise it is null.
EventPtr map_times(EventPtr event, Timeline& timeline, std::optional<GstClockTime> arrival);

}  // namespace stt
