// SPDX-License-Identifier: LGPL-2.1-or-later
/// Structures within metas. Buffers (the keys and vectors of protection) are sent as they are, and all other
/// fields as GStreamer's text.
#pragma once

#include <gst/gst.h>

#include "gst/meta/type.hpp"
#include "gst/owned.hpp"

namespace stt {

/// Limits of one structure. The largest has a buffer for each part of a sample.
inline constexpr size_t structure_text_max = 64 * 1024;
inline constexpr size_t structure_buffers_max = 16;

/// Returns false if the structure is too large or has a field that cannot be read back. It also returns false
/// for a field that contains names (structures, caps, tags, samples), as the reader could not count them. In
/// these cases `out` is unusable.
bool write_structure(FieldWriter& out, const GstStructure* structure);

struct StructureRead {
    MetaRead outcome = MetaRead::malformed;
    StructurePtr structure;  ///< set if the outcome is yes
};
StructureRead read_structure(FieldReader& in);

}  // namespace stt
