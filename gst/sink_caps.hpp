// SPDX-License-Identifier: LGPL-2.1-or-later
/// The caps that sttsink accepts: all except those for memory of the local devices.
#pragma once

#include <gst/gst.h>

namespace stt {

/// Returns the first feature of `caps` that names memory which the peer cannot map, such as
/// `memory:GLMemory`, or null if there is none.
const char* foreign_memory(const GstCaps* caps);

/// Whether a pad upstream of the sink pad `pad` has pushed these caps already. Then they will arrive,
/// whatever the answer to an ACCEPT_CAPS query is. Queues and bins forward such a query before they have the
/// caps themselves.
bool are_under_way(GstPad* pad, const GstCaps* caps);

/// Returns the answer to a CAPS query: the structures of `filter` that can be sent, in their order, or ANY if
/// `filter` is null. The caller owns the result. Features `meta:…` are kept. Elements that draw overlays try
/// them first, and draw by themselves if the ALLOCATION query does not offer the meta.
GstCaps* sendable_caps(GstCaps* filter);

}  // namespace stt
