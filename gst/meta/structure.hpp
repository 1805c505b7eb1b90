// SPDX-License-Identifier: LGPL-2.1-or-later
/// Structures inside of metas: what is not a buffer as GStreamer's text, and buffers (the keys and vectors of
/// protection) as they are.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "gst/meta/type.hpp"

namespace stt {

struct StructureDeleter {
    void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};
using StructurePtr = std::unique_ptr<GstStructure, StructureDeleter>;

/// Bounds of one structure, which has a buffer at most for each of a sample's parts.
inline constexpr size_t structure_text_max = 64 * 1024;
inline constexpr size_t structure_buffers_max = 16;

/// False: it is too large, or has a field that cannot be read back or has names within it (structures, caps,
/// tags, samples), which no reader could count; `out` is then of no use.
bool write_structure(FieldWriter& out, const GstStructure* structure);

struct StructureRead {
    MetaRead outcome = MetaRead::malformed;
    StructurePtr structure;  ///< if the outcome is yes
};
StructureRead read_structure(FieldReader& in);

}  // namespace stt
