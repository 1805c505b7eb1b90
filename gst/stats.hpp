// SPDX-License-Identifier: LGPL-2.1-or-later
/// Statistics in the form for users.
#pragma once

#include <gst/gst.h>

#include "core/io/link.hpp"
#include "gst/lateness.hpp"

namespace stt {

/// Sets the fields of `application/x-stt-stats` on `structure`. Counters are in packets and bytes, times in
/// microseconds and rates in bits per second.
void set_stats(GstStructure* structure, const LinkStats& stats);

/// Adds what a receiver knows of the sender's clock, ns. Microseconds would be coarser than what can be
/// measured on a local network.
void set_clock(GstStructure* structure, const ClockStats& clock);

/// Adds how punctual the latest buffers of a receiver were, ns.
void set_lateness(GstStructure* structure, const Lateness::Summary& lateness);

}  // namespace stt
