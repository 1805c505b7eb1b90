// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which caps sttsink takes: any, but for memory of this host's devices.
#pragma once

#include <gst/gst.h>

namespace stt {

/// The first feature of `caps` that names memory which the peer cannot map, such as `memory:GLMemory`; null:
/// there is none.
const char* foreign_memory(const GstCaps* caps);

/// Whether a pad upstream of `pad`, a sink pad, has pushed these caps already: they come, whatever is
/// answered to an ACCEPT_CAPS query. Queues and bins pass such a query on before they have the caps
/// themselves.
bool are_under_way(GstPad* pad, const GstCaps* caps);

/// The answer to a CAPS query with this filter, which may be null: the structures of it that can be sent, in
/// their order; without a filter ANY. To be unreferenced. Features `meta:…` are left in: elements that draw
/// overlays try them first, and draw by themselves when the ALLOCATION query does not offer the meta.
GstCaps* sendable_caps(GstCaps* filter);

}  // namespace stt
