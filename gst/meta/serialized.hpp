// SPDX-License-Identifier: LGPL-2.1-or-later
/// Metas of foreign types on the wire, as bytes that the type's own functions write and read. GStreamer has
/// these functions since 1.24. They are sent only to a receiver that has reported that it reads them.
#pragma once

#include <gst/gst.h>

#include "gst/meta/type.hpp"

namespace stt {

/// The largest size of one meta in bytes, which is also that of a structure's text.
inline constexpr size_t serialized_size_max = 64 * 1024;
/// The largest number in one buffer. Foreign code reads them, and may allocate more than their size.
inline constexpr size_t serialized_count_max = 64;

/// Whether GStreamer supports such functions, both in the version built for and in the one at run time.
bool has_serialization();
/// Whether metas of this type have such functions and are foreign.
bool is_serializable(const GstMetaInfo* info);
/// Whether `buffer` has such a meta.
bool has_serializable_meta(GstBuffer* buffer);
/// The wire form of these metas.
const MetaType& serialized_meta_type();

}  // namespace stt
