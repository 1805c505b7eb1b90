// SPDX-License-Identifier: LGPL-2.1-or-later
/// The units of a stream: how sttsink classifies a buffer, and which ones a new receiver can begin with.
#pragma once

#include <gst/gst.h>

#include "core/io/send_backlog.hpp"

namespace stt {

/// Classifies a buffer as header, key unit or delta unit by its flags and its time.
Unit unit_of(GstBuffer* buffer);

/// Returns the duration of a buffer, ns, or 0 if it has none.
uint64_t known_duration(GstBuffer* buffer);

/// Holds back what is of no use to a receiver that has just joined: everything before a key unit. Used on the
/// streaming thread. Times are in µs and of any clock that does not go back.
class KeyUnitWait {
  public:
    /// Ends the wait.
    void clear() { until_ = 0; }
    /// Begins to wait for a key unit. Called repeatedly while there is no receiver.
    void begin(int64_t now) { until_ = now + patience; }
    /// Whether a wait is in progress.
    bool waiting() const { return until_ != 0; }
    /// Whether the next unit must not be sent. Ends the wait if the unit is a key unit, or any other one
    /// after the wait has taken too long. Headers always pass.
    bool holds_back(Unit unit, int64_t now);

    /// How long a new receiver waits for the key unit that was requested, µs. Streams that cannot produce one
    /// on demand have one every ten seconds at the latest, or none at all.
    static constexpr int64_t patience = 10 * G_USEC_PER_SEC;

  private:
    int64_t until_ = 0;  // 0: there is no wait
};

}  // namespace stt
