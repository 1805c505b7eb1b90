// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/units.hpp"

namespace stt {

/// Parsers also mark key units as headers if they hold parameter sets. Pure headers have no time.
Unit unit_of(GstBuffer* buffer) {
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !GST_BUFFER_PTS_IS_VALID(buffer))
        return Unit::header;
    return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) ? Unit::delta : Unit::key;
}

uint64_t known_duration(GstBuffer* buffer) {
    const GstClockTime duration = GST_BUFFER_DURATION(buffer);
    return GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0;
}

bool KeyUnitWait::holds_back(Unit unit, int64_t now) {
    if (!waiting() || unit == Unit::header) return false;
    if (unit == Unit::delta && now < until_) return true;
    clear();
    return false;
}

}  // namespace stt
